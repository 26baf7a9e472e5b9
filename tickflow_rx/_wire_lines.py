"""Recordings of wire frames: JSON lines ``{"received": epoch_ms, "frame": {…}}``, also gzipped."""

from __future__ import annotations

import gzip
from typing import BinaryIO, Final, cast

import msgspec

__all__ = ["WireLine", "parse_line", "unzipped"]

_GZIP: Final = b"\x1f\x8b"


class WireLine(msgspec.Struct):
    """A line: when the frame came, in milliseconds, and the frame as it was."""

    received: int | float
    frame: msgspec.Raw

    @property
    def received_us(self) -> int:
        """Epoch microseconds; `parse_line` has made sure that they are finite."""
        return round(self.received * 1000)


_decode: Final = msgspec.json.Decoder(WireLine).decode


def parse_line(line: bytes) -> WireLine:
    """Read a line.

    Raises
    ------
    ValueError
        It is not of this form.
    """
    try:
        read = _decode(line)
        _ = read.received_us
    # msgspec's errors are ValueErrors; the others: too deep nesting, infinite times.
    except (OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from None
    return read


def unzipped(file: BinaryIO) -> BinaryIO:
    """File to read lines from: `file`, which was just opened, or what is compressed in it."""
    is_gzip = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    return cast("BinaryIO", gzip.GzipFile(fileobj=file)) if is_gzip else file
