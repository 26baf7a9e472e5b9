"""The pipelines behind ``demo`` and ``watch``: from a feed's observables to a board."""

import sys
from collections.abc import Callable
from threading import Timer
from typing import Final, Protocol

import polars as pl
from reactivex import Observable

import tickops as ops
from tickflow_rx.cli._board import Board
from tickflow_rx.decoding import QUOTES, Batch, Decoder

PRICED: Final = ops.chain(ops.deltas(), ops.vwap())
BARS: Final = ops.chain(ops.deltas(), ops.bars("1m"))
BOOK: Final = ops.chain(ops.spread(), ops.imbalance())

BAR_SCHEMA: Final = BARS.output_schema(QUOTES)

_A_WHILE: Final = 2.0

_QUOTE: Final = (
    b'{"op":"quotes","data":[{"symbol":"600000.SH","region":"CN","last_price":9.72,'
    b'"prev_close":9.78,"open":9.78,"high":9.78,"low":9.68,"volume":426585,"amount":422430500.0,'
    b'"timestamp":1776754802000,"ext":{"type":"cn_equity","name":"A","change_pct":-0.006135}}]}'
)
_BOOK: Final = (
    b'{"op":"depth","data":[{"symbol":"600000.SH","region":"CN","timestamp":1776754802000,'
    b'"bid_prices":[9.72,9.71,9.7,9.69,9.68],"bid_volumes":[3192,3870,26168,5849,5480],'
    b'"ask_prices":[9.73,9.74,9.75,9.76,9.77],"ask_volumes":[74,1602,1148,1209,1109]}]}'
)


class Source(Protocol):
    """What a feed and a replay have in common."""

    @property
    def quotes(self) -> ops.Frames:
        """Quotes."""
        ...

    @property
    def depth(self) -> ops.Frames:
        """Books."""
        ...


def follow(
    source: Source,
    board: Board,
    failed: Callable[[Exception], None],
    *,
    bars: Callable[[pl.DataFrame], None] | None = None,
) -> None:
    """Let a board follow a feed.

    Parameters
    ----------
    source
        The feed.
    board
        What to fill.
    failed
        Told of whatever ends a pipeline by an error.
    bars
        Given the bars too.
    """
    tap(source.quotes.pipe(PRICED), board.take_quotes, failed)
    tap(source.depth.pipe(BOOK), board.take_depth, failed)

    def take(frame: pl.DataFrame) -> None:
        board.take_bars(frame)
        if bars is not None:
            bars(frame)

    tap(source.quotes.pipe(BARS), take, failed)


def tap(
    frames: Observable[pl.DataFrame],
    take: Callable[[pl.DataFrame], None],
    failed: Callable[[Exception], None],
) -> None:
    """Subscribe; `failed` is told of what ends the frames by an error, and of what `take` raises.

    An observer whose ``on_next`` raises is not told so by ReactiveX where the stream is ending.
    """

    def careful(frame: pl.DataFrame) -> None:
        try:
            take(frame)
        except Exception as error:
            failed(error)

    frames.subscribe(careful, failed)


def warm_up() -> None:
    """Compile whatever the pipelines need, before rows come; say so where it takes a while.

    It takes half a minute once; then numba has it on disk.
    """
    waiting = Timer(_A_WHILE, _say_that_it_compiles)
    waiting.start()
    try:
        _warm_up()
    finally:
        waiting.cancel()


def _say_that_it_compiles() -> None:
    print("tickflow-rx: compiling the operators, this first time", file=sys.stderr, flush=True)


def _warm_up() -> None:
    for decoded in Decoder().decode([_QUOTE, _BOOK], [0, 0], connection=1):
        match decoded:
            case Batch(pl.DataFrame() as quotes, pl.DataFrame() as depth):
                PRICED.apply(quotes)
                BARS.apply(quotes)
                BOOK.apply(depth)
            case _:
                raise AssertionError(f"the sample frames are no rows: {decoded}")
