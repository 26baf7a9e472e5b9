"""What tests of the display have in common: streams to push by hand, and a front end to look at."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
from reactivex.scheduler import VirtualTimeScheduler

from tickflow_rx import DEPTH, QUOTES
from tickflow_rx.display._live import Input, Live, Pace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickflow_rx.display._live import Content
    from tickflow_rx.display._message import Message

__all__ = ["Stage", "arrow", "bars", "books", "quotes"]

_OPENING = datetime(2026, 4, 21, 1, 30, tzinfo=UTC)


@dataclass
class Stage:
    """A `Live` whose front end is two lists, in virtual time."""

    linger: float = 60
    sent: list[Message] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    time: VirtualTimeScheduler = field(default_factory=VirtualTimeScheduler)

    def live(self, inputs: Sequence[Input], content: Content) -> Live:
        """Start one, with five updates a second."""
        pace = Pace(0.2, self.linger, self.time)
        live = Live(
            inputs,
            content,
            self.sent.append,
            lambda phase, text: self.told.append((phase, text)),
            pace,
        )
        live.start()
        return live

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.time.advance_by(seconds)

    @property
    def phases(self) -> list[str]:
        """All phases it was told of."""
        return [phase for phase, _ in self.told]


def arrow(message: Message) -> pl.DataFrame:
    """The frame that a message of a table holds."""
    return pl.read_ipc_stream(io.BytesIO(message.buffers[0]))


def quotes(*rows: tuple[str, float], at: int = 0) -> pl.DataFrame:
    """Quotes of (symbol, last price), `at` seconds after the opening."""
    time = _OPENING + timedelta(seconds=at)
    known: dict[str, Any] = {"timestamp": time, "received": time + timedelta(milliseconds=40)}
    made = [{**known, "symbol": symbol, "last_price": price} for symbol, price in rows]
    return pl.DataFrame(made, schema_overrides=_of(QUOTES, made)).select(
        *(
            pl.col(name).cast(kind) if name in made[0] else pl.lit(None, kind).alias(name)
            for name, kind in QUOTES.items()
        )
    )


def books(symbol: str, bid: Sequence[tuple[float, int]], ask: Sequence[tuple[float, int]]) -> Any:
    """One book of (price, volume) levels."""

    def padded(levels: Sequence[tuple[float, int]], which: int) -> list[Any]:
        return [[level[which] for level in [*levels, *[(0.0, 0)] * 5][:5]]]

    return pl.DataFrame(
        {
            "symbol": [symbol],
            "timestamp": [_OPENING],
            "received": [_OPENING],
            "connection": [1],
            "region": ["CN"],
            "bid_prices": padded(bid, 0),
            "ask_prices": padded(ask, 0),
            "bid_volumes": padded(bid, 1),
            "ask_volumes": padded(ask, 1),
        },
        schema=DEPTH,
    )


def bars(symbol: str, *closes: float | None, first: int = 1, vwap: str = "vwap") -> pl.DataFrame:
    """Minute bars that end `first`, `first` + 1, … minutes after the opening."""
    return pl.DataFrame(
        [
            {
                "symbol": symbol,
                "end": _OPENING + timedelta(minutes=first + i),
                "open": close,
                "high": close,
                "low": close,
                "close": close,
                "volume": 100 * (first + i),
                vwap: close,
            }
            for i, close in enumerate(closes)
        ],
        schema_overrides={
            "end": pl.Datetime("ms", "UTC"),
            **dict.fromkeys(("open", "high", "low", "close", vwap), pl.Float64),
        },
    )


def _of(schema: pl.Schema, rows: list[dict[str, Any]]) -> dict[str, pl.DataType]:
    return {name: kind for name, kind in schema.items() if name in rows[0]}
