"""Texts that came in frames, by the codes that the scan gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from tickflow_rx.decoding._schema import INSTRUMENT_TYPE, REGION, SESSION
from tickops import SYMBOL

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Texts", "unescaped"]

# By kind, in the order of ``_scan.TEXTS``.
_COLUMNS: Final[dict[str, pl.DataType]] = {
    "symbol": SYMBOL,
    "region": REGION,
    "session": SESSION,
    "instrument_type": INSTRUMENT_TYPE,
    "name": pl.String(),
}
_DECODER: Final = msgspec.json.Decoder(str)


def unescaped(raw: bytes) -> str | None:
    """Text of the inside of a JSON string; None if it is none."""
    try:
        return _DECODER.decode(b'"' + raw + b'"')
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


class Texts:
    """By kind of text, a Series with the text of code k at place k; code 0 is null."""

    def __init__(self) -> None:
        self._series = [pl.Series(name, [None], dtype=dtype) for name, dtype in _COLUMNS.items()]

    def add(self, kind: int, texts: Sequence[str | None]) -> None:
        """Give the texts the next codes of their kind."""
        known = self._series[kind]
        new = pl.Series(known.name, texts, dtype=known.dtype)
        # Columns may share the memory of the Series before: it is never changed.
        self._series[kind] = known.clone().extend(new)

    def of(self, kind: int) -> pl.Series:
        """Texts of a kind by code."""
        return self._series[kind]
