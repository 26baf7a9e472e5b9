"""Real data through a real socket: server, feed, operators, against the oracle."""

import threading
from datetime import date

import polars as pl
import pytest

import tickops as ops
from tests import data
from tests.oracles import bars, deltas
from tests.oracles.compare import assert_same
from tests.oracles.market import rows_of, seconds
from tests.oracles.sessions import Calendar
from tickflow_rx import Feed, events
from tickflow_rx.server import Server, WireRecording

pytestmark = pytest.mark.real_data
LOCAL = pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai")


def replayed(name: str) -> tuple[dict[str, pl.DataFrame], list[events.Event]]:
    """Quotes, books and the bars made on the way, of a recording that a server replays."""
    file = data.path(name, "wire.jsonl.gz")
    symbols = data.quotes(name)["symbol"].unique(maintain_order=True).to_list()
    got: dict[str, list[pl.DataFrame]] = {"quotes": [], "depth": [], "bars": [], "one": []}
    happened: list[events.Event] = []
    over = threading.Event()
    with Server(
        WireRecording(file, speed=None), start_when=lambda c: c.subscriptions == 2 * len(symbols)
    ) as server:
        feed = Feed(quotes=symbols, depth=symbols, api_key="demo", base_url=server.url)
        feed.quotes.subscribe(got["quotes"].append)
        feed.depth.pipe(ops.spread(), ops.imbalance()).subscribe(got["depth"].append)
        feed.quotes.pipe(ops.deltas(), ops.bars("1m")).subscribe(got["bars"].append)
        feed.symbol(symbols[0]).quotes.subscribe(got["one"].append)
        feed.status.subscribe(happened.append, on_completed=over.set)
        with feed:
            assert server.finished.wait(100)
        assert over.wait(10)
    return {name: pl.concat(frames) for name, frames in got.items()}, happened


@pytest.fixture(scope="module", params=data.SETS)
def run(request: pytest.FixtureRequest) -> tuple[str, dict[str, pl.DataFrame], list[events.Event]]:
    return request.param, *replayed(request.param)


Run = tuple[str, dict[str, pl.DataFrame], list[events.Event]]


def test_every_row_arrives_once(run: Run) -> None:
    name, got, happened = run
    by = ["symbol", "timestamp", "volume"]
    expected = data.quotes(name).with_columns(pl.col("volume") // 100)
    columns = ["symbol", "timestamp", "last_price", "high", "low", "volume", "amount"]
    came = got["quotes"].with_columns(pl.col("symbol").cast(pl.String))
    assert came.select(columns).sort(by).equals(expected.select(columns).sort(by))
    assert got["depth"].height == data.depth(name).height
    assert not [event for event in happened if isinstance(event, events.FrameSetAside)]


def test_one_symbol_has_its_rows_in_order(run: Run) -> None:
    _, got, _ = run
    symbol = got["one"]["symbol"][0]
    assert got["one"].equals(got["quotes"].filter(pl.col("symbol") == symbol))


def test_bars_made_live_are_those_of_the_batch_and_of_the_oracle(run: Run) -> None:
    _, got, _ = run
    batch = ops.chain(ops.deltas(), ops.bars("1m")).apply(got["quotes"])
    assert got["bars"].equals(batch)
    rows = rows_of(got["quotes"].with_columns(pl.col("symbol", "region").cast(pl.String)))
    options = bars.Options(Calendar(seconds("1m"), "tdx"))
    expected = bars.bars(deltas.deltas(rows).rows, options)
    assert_same(got["bars"].with_columns(pl.col("symbol").cast(pl.String)), expected, absolute=0.01)


def test_what_must_hold_of_a_day(run: Run) -> None:
    _, got, _ = run
    day = LOCAL.dt.date().alias("trading_day")
    last = (
        got["quotes"]
        .filter(LOCAL.dt.time() <= pl.time(15, 1))
        .group_by("symbol", day)
        .agg(pl.col("volume", "high", "low", "last_price").last())
    )
    sums = (
        got["bars"]
        .group_by("symbol", "trading_day")
        .agg(
            pl.col("volume").sum(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last().alias("last_price"),
        )
    )
    by = ["symbol", "trading_day"]
    assert sums.sort(by).equals(last.sort(by))
    assert all(isinstance(value, date) for value in sums["trading_day"])
