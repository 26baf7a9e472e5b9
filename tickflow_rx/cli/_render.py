"""A board as a table, or as lines: text alone, no terminal."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from tickflow_rx.cli._board import Bar, Line

_NONE: Final = "-"
_ALL_PRICES: Final = 112
"""Columns of a terminal from which a bar is shown with all of its prices."""
_VOLUME: Final = 90
"""Columns of a terminal from which a bar is shown with its volume."""
_BESIDES: Final = 7
"""Rows of a terminal that a table needs besides its lines, with a caption of three rows."""


def table(lines: Sequence[Line], title: str, caption: str, *, width: int, height: int) -> Table:
    """Make a table of what a terminal of this size has room for."""
    room = max(height - _BESIDES, 1)
    if len(lines) > room:
        caption = f"{caption} · {len(lines) - room} more symbols do not fit"
    # Text, since what comes from a server may look like Rich's markup.
    shown = Table(
        title=Text(title),
        caption=Text(caption),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    for name in ("symbol", "time"):
        shown.add_column(name, no_wrap=True, min_width=8)
    for name in ("last", "change %", "spread bps", "imbalance", "vwap"):
        shown.add_column(name, justify="right", no_wrap=True, min_width=7)
    shown.add_column("bar", justify="right", no_wrap=True, min_width=5)
    prices = ("open", "high", "low", "close") if width >= _ALL_PRICES else ("close",)
    of_bars = (*prices, "volume") if width >= _VOLUME else prices
    for name in of_bars:
        shown.add_column(name, justify="right", no_wrap=True, min_width=7)
    for line in lines[:room]:
        shown.add_row(*_cells(line), *_bar_cells(line.bar, of_bars))
    return shown


def plain(line: Line) -> str:
    """Say a line in words, for a log."""
    parts = [
        f"{line.symbol:<9}",
        _clock(line.time),
        f"last {_price(line.last)}",
        f"change {_number(line.change_pct, '+z.2f', '%')}",
        f"spread {_number(line.spread_bps, 'z.1f', ' bps')}",
        f"imbalance {_number(line.imbalance, '+z.2f')}",
        f"vwap {_number(line.vwap, '.3f')}",
    ]
    if (bar := line.bar) is not None:
        prices = " ".join(map(_price, (bar.open, bar.high, bar.low, bar.close)))
        parts.append(f"bar {bar.end:%H:%M} {prices} volume {bar.volume}")
    return "  ".join(parts)


def _cells(line: Line) -> list[str | Text]:
    return [
        Text(line.symbol),
        _clock(line.time),
        _price(line.last),
        Text(_number(line.change_pct, "+z.2f"), style=_colour(line.change_pct)),
        _number(line.spread_bps, "z.1f"),
        _number(line.imbalance, "+z.2f"),
        _number(line.vwap, ".3f"),
    ]


def _bar_cells(bar: Bar | None, names: Sequence[str]) -> list[str]:
    if bar is None:
        return [_NONE] * (1 + len(names))
    known = {
        "open": _price(bar.open),
        "high": _price(bar.high),
        "low": _price(bar.low),
        "close": _price(bar.close),
        "volume": f"{bar.volume:,}",
    }
    return [f"{bar.end:%H:%M}", *(known[name] for name in names)]


def _clock(time: datetime | None) -> str:
    return _NONE if time is None else f"{time:%H:%M:%S}"


def _price(value: float | None) -> str:
    """With two decimals, or three where funds and bonds have them."""
    return _number(value, ".3f").removesuffix("0")


def _number(value: float | None, form: str, unit: str = "") -> str:
    return _NONE if value is None else format(value, form) + unit


def _colour(change: float | None) -> str:
    # As terminals in China show it: red is up.
    return "" if not change else "red" if change > 0 else "green"
