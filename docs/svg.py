"""Small line pictures as SVG, for pages in light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Candle", "Mark", "Panel", "Series", "picture"]

Mark = Literal["line", "dots", "impulses"]

_WIDTH: Final = 700
_LEFT: Final = 64
_RIGHT: Final = 8
_GAP: Final = 22
_BELOW: Final = 18
_UP: Final = "#d62728"
_DOWN: Final = "#2ca02c"
"""Of candles, as in China: red is up."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values over time; None leaves a gap."""

    times: Sequence[float]
    values: Sequence[float | None]
    colour: str
    mark: Mark = "line"


@dataclass(frozen=True, slots=True)
class Candle:
    """A bar from `start` to `end`."""

    start: float
    end: float
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class Panel:
    """What shares an axis of values."""

    height: int
    series: Sequence[Series] = ()
    candles: Sequence[Candle] = ()

    def values(self) -> list[float]:
        """All values that it shows."""
        shown = [value for one in self.series for value in one.values if value is not None]
        return shown + [value for one in self.candles for value in (one.low, one.high)]

    def starts_at_zero(self) -> bool:
        """Whether something in it stands on 0."""
        return any(one.mark == "impulses" for one in self.series)


def picture(panels: Sequence[Panel], times: tuple[float, float], labels: tuple[str, str]) -> str:
    """Draw panels one below the other, over the same time.

    Parameters
    ----------
    panels
        From the top.
    times
        Left and right end, in the unit of the series' times.
    labels
        What stands there.
    """
    parts, top = list[str](), 6
    for panel in panels:
        parts += _panel(panel, times, top)
        top += panel.height + _GAP
    height = top - _GAP + _BELOW
    for text, x, anchor in zip(labels, (_LEFT, _WIDTH - _RIGHT), ("start", "end"), strict=True):
        parts.append(_text(text, x, height - 3, anchor))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" width="100%" role="img" font-size="11"'
        f' fill="none" stroke-width="1.2">{"".join(parts)}</svg>'
    )


def _panel(panel: Panel, times: tuple[float, float], top: float) -> Iterable[str]:
    low, high = _range(panel)

    def x(time: float) -> float:
        share = (time - times[0]) / (times[1] - times[0])
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(top + panel.height * (high - value) / (high - low), 1)

    yield (
        f'<rect x="{_LEFT}" y="{top}" width="{_WIDTH - _LEFT - _RIGHT}" height="{panel.height}"'
        ' stroke="currentColor" stroke-opacity=".25"/>'
    )
    for value, line in ((high, top + 9), (low, top + panel.height)):
        yield _text(f"{value:.4g}", _LEFT - 6, line, "end")
    for one in panel.candles:
        colour = _UP if one.close >= one.open else _DOWN
        left, right, middle = x(one.start), x(one.end), (x(one.start) + x(one.end)) / 2
        box = y(max(one.open, one.close)), y(min(one.open, one.close))
        yield (
            f'<path d="M{middle:.1f} {y(one.high)}V{y(one.low)}" stroke="{colour}"/>'
            f'<rect x="{left + 0.5:.1f}" y="{box[0]}" width="{max(right - left - 1, 1):.1f}"'
            f' height="{max(box[1] - box[0], 1):.1f}" fill="{colour}"/>'
        )
    for one in panel.series:
        points = [
            None if value is None else (x(time), y(value))
            for time, value in zip(one.times, one.values, strict=True)
        ]
        yield _marks(points, one, y(0) if one.mark == "impulses" else 0)


def _range(panel: Panel) -> tuple[float, float]:
    values = panel.values() or [0.0]
    if panel.starts_at_zero():
        values.append(0.0)
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _marks(points: Sequence[tuple[float, float] | None], series: Series, zero: float) -> str:
    if series.mark == "dots":
        dots = [f'<circle cx="{p[0]}" cy="{p[1]}" r="2.5"/>' for p in points if p is not None]
        return f'<g fill="{series.colour}">{"".join(dots)}</g>'
    if series.mark == "impulses":
        steps = [f"M{p[0]} {zero}V{p[1]}" for p in points if p is not None]
    else:
        pen = ["M" if before is None else "L" for before in (None, *points)]
        steps = [
            f"{move}{p[0]} {p[1]}" for move, p in zip(pen, points, strict=False) if p is not None
        ]
    return f'<path d="{"".join(steps)}" stroke="{series.colour}"/>'


def _text(text: str, x: float, y: float, anchor: str) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="currentColor"'
        f' fill-opacity=".75">{escape(text)}</text>'
    )
