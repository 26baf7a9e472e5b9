"""From a feed's observables to a board."""

import polars as pl
import pytest
from reactivex.subject import Subject

import tickops as ops
from tests.tickflow_rx.cli.quotes import bars, quotes, same
from tickflow_rx.cli import _pipelines
from tickflow_rx.cli._board import Board
from tickflow_rx.cli._pipelines import BAR_SCHEMA, follow, warm_up


class Source:
    """What a feed is to a pipeline."""

    def __init__(self) -> None:
        self.pushed: Subject[pl.DataFrame] = Subject()
        self.quotes = ops.Frames(lambda observer, _=None: self.pushed.subscribe(observer))
        self.depth = ops.Frames()


def test_quotes_and_bars_reach_the_board() -> None:
    source, board, made = Source(), Board([]), list[pl.DataFrame]()
    failures: list[Exception] = []
    follow(source, board, failures.append, bars=made.append)
    for frame in quotes().iter_slices(500):
        source.pushed.on_next(frame)
    source.pushed.on_completed()
    assert failures == []
    assert board.counts.quotes == quotes().height
    assert board.counts.bars == bars().height
    assert same(pl.concat(made), bars())
    assert pl.concat(made).schema == BAR_SCHEMA
    newest = board.lines()[0]
    assert newest.bar is not None
    assert newest.last == quotes().filter(symbol="600000.SH")["last_price"][-1]


def test_failures_are_told() -> None:
    source, failures = Source(), list[Exception]()
    follow(source, Board([]), failures.append)
    source.pushed.on_next(quotes().drop("volume"))
    assert len(failures) == 2
    assert all("'volume'" in str(failure) for failure in failures)


def test_what_a_subscriber_raises_is_told_also_at_the_end() -> None:
    source, failures = Source(), list[Exception]()

    def full(frame: pl.DataFrame) -> None:
        raise OSError("full")

    follow(source, Board([]), failures.append, bars=full)
    source.pushed.on_next(quotes()[:10])
    assert failures == []
    source.pushed.on_completed()
    assert [str(failure) for failure in failures] == ["full"]


def test_warming_up_says_so_only_where_it_takes_a_while(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    warm_up()
    said = _pipelines.__dict__["_say_that_it_compiles"]
    capsys.readouterr()
    said()
    assert capsys.readouterr().err == ("tickflow-rx: compiling the operators, this first time\n")

    def broken() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_pipelines, "_warm_up", broken)
    with pytest.raises(KeyboardInterrupt):
        warm_up()
