"""Wire bytes to frames: everything but the socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from tickflow_rx.decoding._strict import BINARY_MARK, Answer, SetAside

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from tickflow_rx.decoding._scanner import Places, Scanner

__all__ = ["LARGEST_FRAME", "Batch", "Decoded", "Decoder", "warmup"]

LARGEST_FRAME: Final = 16 << 20
"""Bytes that a frame may have: what the vendor's own client takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows of some frames, by channel, in order of arrival.

    Parameters
    ----------
    quotes, depth
        Frames of the schemas QUOTES and DEPTH; None where there is no row.
    """

    quotes: pl.DataFrame | None
    depth: pl.DataFrame | None


Decoded: TypeAlias = Batch | Answer | SetAside


class Decoder:
    """Frames of one feed or recording.

    Keeps what makes the next batch quick: the texts seen so far and room for the columns. No
    state goes from one batch to the result of another. Not for use by two threads at once.

    Examples
    --------
    >>> decoder = Decoder()
    >>> decoder.decode([b"hello"], [0], connection=1)[0].reason
    'JSON is malformed: invalid character (byte 0)'
    """

    def __init__(self) -> None:
        self._scanner: Scanner | None = None

    def decode(
        self, frames: Sequence[bytes], received_us: Sequence[int], connection: int
    ) -> list[Decoded]:
        """Decode frames of one connection.

        Parameters
        ----------
        frames
            Text frames as they came; binary ones after BINARY_MARK.
        received_us
            When each came in, in epoch microseconds.
        connection
            Number of the connection.

        Returns
        -------
        list
            In the order in which it arrived: one Batch for all rows between two frames that
            are no rows, an answer to a command, or a frame that was set aside.
        """
        texts = list(frames)
        others: dict[int, Answer | SetAside] = {}
        if sum(map(len, texts)) > LARGEST_FRAME:
            _leave_out_large(texts, others)
        scanner = self._scanner or self._new_scanner()
        places = scanner.scan(texts, received_us, others)
        batch = Batch(*scanner.columns(connection))
        if others:
            return _cut(batch, places, others)
        return [batch] if batch.quotes is not None or batch.depth is not None else []

    def _new_scanner(self) -> Scanner:
        # numba takes a second to import: only who decodes has to wait for it.
        from tickflow_rx.decoding._scanner import Scanner

        self._scanner = Scanner()
        return self._scanner


def warmup() -> None:
    """Load the compiled scan, or compile it if it never was: up to seconds, once."""
    Decoder().decode([b'{"op":"quotes","data":[]}'], [0], 0)


def _leave_out_large(texts: list[bytes], others: dict[int, Answer | SetAside]) -> None:
    """Set frames aside before they take room: more of it than they are large."""
    for k, text in enumerate(texts):
        if len(text) > LARGEST_FRAME:
            reason = f"{len(text)} bytes: at most {LARGEST_FRAME} are read"
            others[k] = SetAside.of(text.removeprefix(BINARY_MARK), reason)
            texts[k] = b""


def _cut(batch: Batch, places: Places, others: dict[int, Answer | SetAside]) -> list[Decoded]:
    """Cut a batch where something else came between its rows."""
    decoded: list[Decoded] = []
    quotes = depth = 0
    for k in sorted(others):
        quotes_until, depth_until = places.rows_until(k)
        decoded += _rows(batch, slice(quotes, quotes_until), slice(depth, depth_until))
        decoded.append(others[k])
        quotes, depth = quotes_until, depth_until
    return [*decoded, *_rows(batch, slice(quotes, None), slice(depth, None))]


def _rows(batch: Batch, quotes: slice, depth: slice) -> list[Batch]:
    """Some rows of a batch; nothing if there are none."""
    some_quotes, some_depth = _part(batch.quotes, quotes), _part(batch.depth, depth)
    return [] if some_quotes is None and some_depth is None else [Batch(some_quotes, some_depth)]


def _part(frame: pl.DataFrame | None, rows: slice) -> pl.DataFrame | None:
    part = None if frame is None else frame[rows]
    return part if part is not None and part.height else None
