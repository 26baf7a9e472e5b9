"""The scan's columns as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tickflow_rx.decoding import _scan
from tickflow_rx.decoding._columns import COLUMNS
from tickflow_rx.decoding._schema import LEVELS, QUOTES

if TYPE_CHECKING:
    import polars as pl

    from tickflow_rx.decoding._scan import Tables
    from tickflow_rx.decoding._texts import Texts
    from tickops._arrays import Array

__all__ = ["depth_frame", "quotes_frame"]

_TIMESTAMP: Final = QUOTES["timestamp"]
_RECEIVED: Final = QUOTES["received"]
_FLOATS: Final = len(_scan.FLOATS)
_NEEDED: Final = _scan.FLOATS[: _scan.OPTIONAL_FLOATS]
_OPTIONAL: Final = _scan.FLOATS[_scan.OPTIONAL_FLOATS :]
_INTS: Final = len(_scan.INTS)
_TEXTS: Final = len(_scan.TEXTS)
_SYMBOL, _REGION, _SESSION, _TYPE, _NAME = range(_TEXTS)


def quotes_frame(
    tables: Tables, capacity: int, texts: Texts, connection: pl.Series
) -> pl.DataFrame:
    """Quotes of the last scan; `connection` is a column of one row."""
    make = COLUMNS
    rows = int(tables.state[_scan.QUOTE_ROWS])
    floats = tables.floats[: _FLOATS * capacity].reshape(_FLOATS, capacity)[:, :rows].copy()
    ints = tables.ints[: _INTS * capacity].reshape(_INTS, capacity)[:, :rows].copy()
    codes = tables.codes[: _TEXTS * capacity].reshape(_TEXTS, capacity)[:, :rows].copy()
    mixed = tables.state[_scan.MIXED :].tolist()
    return make.frame(
        [
            make.take(texts.of(_SYMBOL), codes[_SYMBOL]),
            make.times("timestamp", ints[0], _TIMESTAMP),
            make.times("received", ints[1], _RECEIVED),
            make.repeat(connection, 0, rows),
            _texts(texts.of(_REGION), codes[_REGION], mixed[0]),
            *map(make.floats, _NEEDED, floats),
            make.ints("volume", ints[2]),
            _texts(texts.of(_SESSION), codes[_SESSION], mixed[1]),
            _texts(texts.of(_TYPE), codes[_TYPE], mixed[2]),
            make.take(texts.of(_NAME), codes[_NAME]),
            *map(make.optional_floats, _OPTIONAL, floats[_scan.OPTIONAL_FLOATS :]),
        ]
    )


def depth_frame(tables: Tables, capacity: int, texts: Texts, connection: pl.Series) -> pl.DataFrame:
    """Books of the last scan; `connection` is a column of one row."""
    make = COLUMNS
    rows = int(tables.state[_scan.DEPTH_ROWS])
    times = tables.ints[_INTS * capacity : (_INTS + 2) * capacity]
    times = times.reshape(2, capacity)[:, :rows].copy()
    codes = tables.codes[_TEXTS * capacity :].reshape(2, capacity)[:, :rows].copy()
    sides = (2, capacity * LEVELS)
    prices = tables.floats[_FLOATS * capacity : -1].reshape(sides)[:, : rows * LEVELS].copy()
    volumes = tables.ints[(_INTS + 2) * capacity : -1].reshape(sides)[:, : rows * LEVELS].copy()
    return make.frame(
        [
            make.take(texts.of(_SYMBOL), codes[_SYMBOL]),
            make.times("timestamp", times[0], _TIMESTAMP),
            make.times("received", times[1], _RECEIVED),
            make.repeat(connection, 0, rows),
            _texts(texts.of(_REGION), codes[_REGION], tables.state[_scan.MIXED + 3]),
            make.levels("bid_prices", prices[0]),
            make.levels("ask_prices", prices[1]),
            make.levels("bid_volumes", volumes[0]),
            make.levels("ask_volumes", volumes[1]),
        ]
    )


def _texts(known: pl.Series, codes: Array, mixed: bool) -> Any:
    """Column of texts; most often all rows have the same one."""
    if mixed:
        return COLUMNS.take(known, codes)
    return COLUMNS.repeat(known, int(codes[0]), len(codes))
