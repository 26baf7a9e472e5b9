"""PNG files packed harder have the same pixels."""

import struct
import zlib

import pytest

from tests.notebooks.png import SIGNATURE, recompressed


def png(pixels: bytes, *, parts: int) -> bytes:
    """A grey picture of 64 by 64, its data in so many chunks, packed badly."""
    packed = zlib.compress(pixels, 0)
    size = -(-len(packed) // parts)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)), (b"pHYs", bytes(9))]
    chunks += [(b"IDAT", packed[at : at + size]) for at in range(0, len(packed), size)]
    chunks.append((b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@pytest.mark.parametrize("parts", [1, 3])
def test_same_pixels_in_less(parts: int) -> None:
    pixels = bytes(65 * 64)
    whole = png(pixels, parts=parts)
    smaller = recompressed(whole)
    assert len(smaller) < len(whole) / 10
    head = len(SIGNATURE) + 25 + 21
    assert smaller[:head] == whole[:head]
    (size,) = struct.unpack_from(">I", smaller, head)
    assert smaller[head + 4 : head + 8] == b"IDAT"
    data = smaller[head + 8 : head + 8 + size]
    assert zlib.decompress(data) == pixels
    assert struct.unpack_from(">I", smaller, head + 8 + size) == (zlib.crc32(b"IDAT" + data),)
    assert smaller.endswith(whole[-12:])
