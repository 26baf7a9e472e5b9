"""Replays of a journal: what was live again, bit for bit."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import tickops as ops
from tests.tickflow_rx.feeds import (
    SECONDS,
    A,
    B,
    Collected,
    Events,
    Rows,
    book,
    feed_of,
    feed_threads,
    quote,
)
from tickflow_rx import Feed, Recorder, TickFlowError, _connector, events
from tickflow_rx._queue import RawFrame, Tick
from tickflow_rx.journal import JournalWriter
from tickflow_rx.replay import Replay
from tickflow_rx.server import Server
from tickops.testing import assert_identical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tickops import Operator

START_MS = 1_776_735_060_000  # 2026-04-21 09:31 in Shanghai
Outputs: TypeAlias = dict[str, Collected[Any]]
BARS = ops.chain(ops.deltas(), ops.bars("1m", grace="1s"))
JOINED = ops.chain(ops.asof("depth"), ops.deltas(), ops.spread())


def frames_of(feed: Feed | Replay) -> Outputs:
    """Outputs of a pipeline of each kind."""
    return {
        "bars": Rows(feed.quotes.pipe(BARS)),
        "one": Rows(feed.symbol(A).quotes.pipe(BARS)),
        "depth": Rows(feed.depth.pipe(ops.spread(), ops.imbalance())),
        "joined": Rows(feed.interleaved.pipe(JOINED)),
    }


def ticks_of(feed: Feed | Replay) -> Collected[int]:
    return Collected(feed.quotes.clock or pytest.fail("no clock"))


def whole(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames) if frames else pl.DataFrame()


def assert_same_outputs(
    got: dict[str, Collected[Any]], expected: dict[str, Collected[Any]]
) -> None:
    for name, collected in expected.items():
        assert got[name].completed, (name, got[name].error)
        assert_identical(whole(got[name].items), whole(collected.items))


def replayed(folder: Path, **options: Any) -> Outputs:
    replay = Replay(folder, **options)
    outputs = frames_of(replay)
    with replay:
        assert replay.wait(SECONDS)
    return outputs


class MarketTime:
    """Stands for the module time in the connector: what the time is, a test says."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def time_ns(self) -> int:
        return self.now_ms * 1_000_000

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def market_time(monkeypatch: pytest.MonkeyPatch) -> MarketTime:
    """The time of the market; the clock ticks as fast as the loop turns."""
    sleep = asyncio.sleep

    async def tick(self: _connector.Connector) -> None:
        while True:
            await sleep(0.002)
            self._queue.put(Tick(self._stamp()))  # pyright: ignore[reportPrivateUsage]

    time = MarketTime()
    monkeypatch.setattr(_connector, "time", time)
    monkeypatch.setattr(_connector.Connector, "_tick", tick)
    return time


def test_what_was_live_comes_again(tmp_path: Path, market_time: MarketTime) -> None:
    """Bars of an idle symbol are closed by the clock; what comes for them later is late."""
    with Server() as server:
        feed = feed_of(server, quotes=[A, B], depth=[A])
        live, status = frames_of(feed), Events(feed.status)
        rows = Rows(feed.quotes)
        with Recorder(feed, tmp_path), feed:
            assert server.when(lambda now: now.subscriptions == 3).wait(SECONDS)

            def publish(after_s: int, symbol: str, volume: int) -> None:
                market_time.now_ms = START_MS + 1_000 * after_s
                row = quote(symbol, timestamp=market_time.now_ms, volume=volume)
                server.publish("quotes", [row])
                server.publish("depth", [book(A, timestamp=market_time.now_ms)])
                rows.until(lambda frames: frames[-1]["volume"][-1] == volume if frames else False)

            publish(10, A, 100)
            publish(12, B, 200)
            publish(20, A, 110)
            publish(21, B, 220)
            market_time.now_ms = START_MS + 90_000
            live["bars"].until(lambda frames: {s for f in frames for s in f["symbol"]} == {A, B})
            publish(40, B, 230)  # too late for the bar that was closed
            publish(100, A, 150)
    assert "SubscriberFailed" not in status.kinds()
    assert_same_outputs(replayed(tmp_path), live)
    without_clock = replayed(tmp_path, clock=None)
    assert not whole(without_clock["bars"].items).equals(whole(live["bars"].items))


class Played:
    """A feed that is given its items by hand, and recorded."""

    def __init__(self, folder: Path) -> None:
        self.feed = Feed(api_key="key", base_url="http://127.0.0.1:1")
        self.outputs = frames_of(self.feed)
        self.rows = Rows(self.feed.quotes)
        self.raw = Collected(self.feed.raw)
        self.ticks = ticks_of(self.feed)
        self._recorder = Recorder(self.feed, folder)

    def give(self, *items: Any) -> None:
        self.feed._delivery.deliver(items)  # pyright: ignore[reportPrivateUsage]

    def end(self) -> None:
        self.feed.close()
        self._recorder.close()


def frame(at_s: float, *symbols: str, connection: int = 1, **fields: Any) -> RawFrame:
    at_ms = START_MS + round(1_000 * at_s)
    rows = [quote(s, **({"timestamp": at_ms} | fields)) for s in symbols]
    return RawFrame(json.dumps({"op": "quotes", "data": rows}).encode(), 1_000 * at_ms, connection)


def books(at_s: float, *symbols: str, connection: int = 1) -> RawFrame:
    at_ms = START_MS + round(1_000 * at_s)
    rows = [book(symbol, timestamp=at_ms) for symbol in symbols]
    return RawFrame(json.dumps({"op": "depth", "data": rows}).encode(), 1_000 * at_ms, connection)


def tick(at_s: float) -> Tick:
    return Tick(1_000 * (START_MS + round(1_000 * at_s)))


def items_of(seed: int, count: int) -> Iterator[Any]:
    """A day of frames, ticks and connections."""
    chance = random.Random(seed)
    at, connection, volume = 0.0, 1, 0
    for _ in range(count):
        at += chance.choice([0.001, 0.5, 3, 40])
        volume += chance.randint(0, 3)
        symbols = chance.sample([A, B, "300750.SZ"], chance.randint(1, 3))
        match chance.randint(0, 9):
            case 0:
                connection += 1
                yield events.Connected(connection)
            case 1 | 2 | 3:
                yield tick(at)
            case 4 | 5:
                yield books(at, *symbols, connection=connection)
            case _:
                late = START_MS + round(1_000 * (at - chance.choice([0, 0, 5, 70])))
                yield frame(at, *symbols, connection=connection, volume=volume, timestamp=late)


@settings(max_examples=6, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 10_000), data=st.data())
def test_any_day_comes_again_however_it_was_cut(
    tmp_path_factory: pytest.TempPathFactory, seed: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("day")
    played = Played(folder)
    items = list(items_of(seed, 40))
    while items:
        count = data.draw(st.integers(1, 30))
        played.give(*items[:count])
        items = items[count:]
    played.end()
    replay = Replay(folder)
    outputs, rows, raw = frames_of(replay), Rows(replay.quotes), Collected(replay.raw)
    ticks = ticks_of(replay)
    with replay:
        assert replay.wait(SECONDS)
    assert_same_outputs(outputs, played.outputs)
    assert_identical(whole(rows.items), whole(played.rows.items))
    assert ticks.items == played.ticks.items
    assert [f for group in raw.items for f in group] == [f for g in played.raw.items for f in g]


def recorded(folder: Path, *items: Any) -> None:
    """A journal of these items."""
    played = Played(folder)
    played.give(*items)
    played.end()


def volumes(folder: Path, **options: Any) -> list[int]:
    replay = Replay(folder, **options)
    rows = Rows(replay.quotes)
    with replay:
        assert replay.wait(SECONDS)
    return rows.column("volume")


def at(seconds: float) -> int:
    return 1_000 * (START_MS + round(1_000 * seconds))


@dataclass(frozen=True)
class FromLater(events.Event):
    """An event that this library does not know."""


def test_events_come_as_they_were_told(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path)
    told = [
        events.Connecting("ws://there", 1),
        events.Connected(1),
        events.Subscribed("quotes", (A, B), 2),
        events.Overflow("block", 0, 0, 9),
        events.Gap(1),
    ]
    for event in told:
        writer.event(at(0), event)
    writer.frames([RawFrame(b'{"op":"subscribed","symbols":[],"total":0}', at(1), 1)])
    writer.frames([RawFrame(b"bad", at(2), 1)])
    writer.event(at(3), events.SubscriberFailed("quotes", ValueError("mine")))
    writer.event(at(4), events.Closed("the feed was closed"))
    writer.event(at(5), FromLater())
    writer.close()
    replay = Replay(tmp_path)
    status = Events(replay.status)
    with replay:
        replay.wait(SECONDS)
    *same, failed, closed = status.items
    assert same == told
    assert isinstance(failed, events.SubscriberFailed)
    assert (failed.source, str(failed.error)) == ("quotes", "ValueError('mine')")
    assert closed == events.Closed("the recording is over")
    assert status.completed
    assert (replay.stats().set_aside, replay.stats().frames) == (1, 2)


def test_symbols(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A, volume=1), frame(1, A, B, volume=2), books(2, A), frame(3, B))
    replay = Replay(tmp_path, symbols=[A])
    quotes, depth, both, raw = (
        Rows(replay.quotes),
        Rows(replay.depth),
        Rows(replay.interleaved),
        Collected(replay.raw),
    )
    with replay:
        replay.wait(SECONDS)
    assert quotes.column("symbol") == [A, A]
    assert both.column("channel") == ["quotes", "quotes", "depth"]
    assert depth.column("symbol") == [A]
    assert [f.received_us for group in raw.items for f in group] == [at(0), at(1), at(2)]
    with pytest.raises(ValueError, match=r"not the text '600000.SH'"):
        Replay(tmp_path, symbols=A)


def test_a_day_is_the_local_date_of_the_market(tmp_path: Path) -> None:
    day_s = 86_400
    items = [
        frame(-day_s, A, volume=1),
        tick(-day_s + 1),
        frame(0, A, volume=2),
        tick(1),
        # 21:30 of the day before in New York
        frame(2, "AAPL.US", region="US", volume=3),
        frame(3, A, volume=4),
        # a last row of the day pushed again
        frame(5 * day_s, A, timestamp=START_MS, volume=5),
    ]
    recorded(tmp_path, *items)
    assert volumes(tmp_path, day="2026-04-21") == [2, 4]
    assert volumes(tmp_path, day=date(2026, 4, 20)) == [1, 3]
    replay = Replay(tmp_path, day="2026-04-21")
    ticks = ticks_of(replay)
    with replay:
        replay.wait(SECONDS)
    assert ticks.items == [at(1)]
    with pytest.raises(ValueError, match="day must be a date"):
        Replay(tmp_path, day="yesterday")


def test_segments_of_other_days_are_not_read(tmp_path: Path) -> None:
    for day in range(10):
        recorded(tmp_path, frame(86_400 * day, A, volume=day))
    for segment in (tmp_path / "journal").glob("*/*.zst"):
        if not "2026-04-24" <= segment.parent.name <= "2026-04-26":
            segment.write_bytes(b"not read")
    assert volumes(tmp_path, day="2026-04-25") == [4]
    assert volumes(tmp_path, after=at(86_400 * 3.5), day="2026-04-25") == [4]


def test_after(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A, volume=0), tick(1), frame(2, A, volume=2), tick(3))
    recorded(tmp_path, frame(4, A, volume=4), tick(5))
    assert volumes(tmp_path, after=at(0)) == [2, 4]
    moment = datetime.fromtimestamp(at(2) / 1e6, UTC)
    assert volumes(tmp_path, after=moment) == [4]
    assert volumes(tmp_path, after=at(9)) == []
    replay = Replay(tmp_path, after=at(1))
    ticks = ticks_of(replay)
    connections = Rows(replay.quotes)
    with replay:
        replay.wait(SECONDS)
    assert ticks.items == [at(3), at(5)]
    assert connections.column("connection") == [1, 2]
    with pytest.raises(ValueError, match="after must have a time zone"):
        Replay(tmp_path, after=datetime(2026, 4, 21))


def test_what_is_added_while_it_runs_is_not_replayed(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A, volume=1))
    replay = Replay(tmp_path)
    rows = Rows(replay.quotes)
    replay.quotes.subscribe(lambda _: recorded(tmp_path, frame(1, A, volume=2)))
    with replay:
        replay.wait(SECONDS)
    assert rows.column("volume") == [1]


# Its life.


def test_what_it_did(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A, B), books(1, A), tick(2))
    replay = Replay(tmp_path, day="2026-04-21", speed=10)
    assert repr(replay) == f"<Replay {tmp_path} 2026-04-21, 10 x, not running>"
    assert (replay.position, replay.fraction) == (None, 0.0)
    replay = Replay(tmp_path)
    Rows(replay.quotes.pipe(BARS))
    with replay:
        replay.wait(SECONDS)
        assert replay.position == datetime.fromtimestamp(at(1) / 1e6, UTC)
        assert replay.fraction == 1.0
    stats = replay.stats()
    assert (stats.frames, stats.quotes, stats.depth, stats.ticks) == (2, 2, 1, 1)
    assert stats.bytes > 300
    assert stats.problems == 0
    assert repr(replay) == f"<Replay {tmp_path}, ended>"
    assert feed_threads() == []


def test_damage_is_counted_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    recorded(tmp_path, frame(0, A))
    segment = sorted((tmp_path / "journal").glob("*/*.zst"))[0]
    data = bytearray(segment.read_bytes())
    data[40] ^= 255
    segment.write_bytes(bytes(data) * 2)
    replay = Replay(tmp_path)
    with replay:
        replay.wait(SECONDS)
    assert replay.stats().problems > 0
    assert str(segment) in caplog.text


def test_no_recording(tmp_path: Path) -> None:
    for path, says in [(tmp_path / "none", "no folder or file"), (tmp_path, "neither a journal")]:
        with pytest.raises(TickFlowError, match=says), Replay(path):
            pass
    with pytest.raises(TickFlowError, match="no journal"), Replay(tmp_path, source="journal"):
        pass


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"speed": 0}, "speed must be above 0"),
        ({"speed": float("nan")}, "speed must be above 0"),
        ({"clock": "wall"}, 'clock must be "recorded" or None'),
        ({"source": "csv"}, 'source must be "journal" or "parquet"'),
        ({"day": 20260421}, "day must be a date"),
        ({"symbols": ["x"]}, "not of the form"),
    ],
)
def test_arguments_that_cannot_be_right(tmp_path: Path, options: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Replay(tmp_path, **options)


def test_it_is_closed_in_the_middle(tmp_path: Path) -> None:
    recorded(tmp_path, *(frame(k, A, volume=k) for k in range(3)), tick(3), frame(4, A, volume=4))
    replay = Replay(tmp_path)
    outputs, rows = frames_of(replay), Rows(replay.quotes)
    replay.quotes.subscribe(lambda _: replay.close())
    with replay:
        assert replay.wait(SECONDS)
    assert rows.column("volume") == [0, 1, 2]
    assert rows.completed
    assert len(whole(outputs["bars"].items)) == 1, "completion flushes"
    with pytest.raises(TickFlowError, match="was closed"), replay:
        pass
    replay.close()


def test_it_runs_once(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A))
    with Replay(tmp_path) as replay:
        with pytest.raises(TickFlowError, match="running already"), replay:
            pass
        assert replay.wait(SECONDS)


def test_it_is_closed_before_it_runs(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A))
    replay = Replay(tmp_path)
    rows = Rows(replay.quotes)
    with pytest.raises(TickFlowError, match="not running"):
        replay.wait()
    replay.close()
    assert rows.completed
    assert replay.wait(0)


def test_a_subscriber_that_raises_loses_its_own_subscription(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A, volume=0), tick(1), frame(2, A, volume=2))
    replay = Replay(tmp_path)
    errors: list[Exception] = []

    def fail(_: Any) -> None:
        raise ValueError("mine")

    replay.quotes.subscribe(fail, errors.append)
    rows, status = Rows(replay.quotes), Events(replay.status)
    with replay:
        replay.wait(SECONDS)
    assert rows.column("volume") == [0, 2]
    assert [str(error) for error in errors] == ["mine"]
    assert status.kinds() == ["SubscriberFailed", "Closed"]


def waits_for(replay: Replay) -> Callable[[object], None]:
    def wait(_: object) -> None:
        replay.wait()

    return wait


def test_a_subscriber_cannot_wait(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A))
    replay = Replay(tmp_path)
    errors: list[Exception] = []
    replay.quotes.subscribe(waits_for(replay), errors.append)
    with replay:
        replay.wait(SECONDS)
    assert "cannot wait" in str(errors[0])


def test_exit_in_a_subscriber_ends_it(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A))
    replay = Replay(tmp_path)

    def leave(_: Any) -> None:
        raise SystemExit(3)

    replay.quotes.subscribe(leave, lambda _: None)
    with replay, pytest.raises(TickFlowError, match=r"raised SystemExit\(3\)"):
        replay.wait(SECONDS)


def test_ctrl_c_in_a_query_ends_it(tmp_path: Path) -> None:
    """Polars raises it wherever a query runs, if it hears of it."""
    recorded(tmp_path, frame(0, A), tick(1), frame(2, A))
    replay = Replay(tmp_path)

    def query(_: Any) -> None:
        raise KeyboardInterrupt

    rows = Rows(replay.quotes)
    replay.quotes.subscribe(query)
    with replay, pytest.raises(TickFlowError, match="Ctrl-C broke off a query"):
        replay.wait(SECONDS)
    assert isinstance(rows.error, TickFlowError)
    assert len(rows.items) == 1


def test_in_an_event_loop(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A, volume=0), tick(1), frame(2, A, volume=2))

    async def main() -> Rows:
        replay = Replay(tmp_path)
        rows = Rows(replay.quotes)
        errors: list[Exception] = []
        replay.quotes.subscribe(waits_for(replay), errors.append)
        async with replay:
            with pytest.raises(TickFlowError, match="cannot wait"):
                replay.wait()
            assert await replay.wait_async(SECONDS)
        assert "cannot wait" in str(errors[0])
        return rows

    rows = asyncio.run(main())
    assert rows.column("volume") == [0, 2]
    assert rows.threads == {threading.current_thread()}
    assert rows.completed
    assert feed_threads() == []


def test_the_event_loop_closes_it(tmp_path: Path) -> None:
    recorded(tmp_path, *(item for k in range(50) for item in (frame(2 * k, A), tick(2 * k + 1))))

    async def main() -> Rows:
        replay = Replay(tmp_path)
        rows = Rows(replay.quotes)
        Rows(replay.quotes.pipe(BARS))
        async with replay:
            while not rows.items:
                await asyncio.sleep(0)
        return rows

    assert asyncio.run(main()).completed
    assert feed_threads() == []


def test_exit_in_a_subscriber_ends_the_event_loop(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A))

    def leave(_: Any) -> None:
        raise SystemExit(3)

    async def main() -> None:
        replay = Replay(tmp_path)
        replay.quotes.subscribe(leave, lambda _: None)
        async with replay:
            await replay.wait_async(SECONDS)

    with pytest.raises(SystemExit):
        asyncio.run(main())
    assert feed_threads() == []


def test_an_event_loop_that_ends_before(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A), tick(1), frame(2, A))
    replay = Replay(tmp_path)
    rows = Rows(replay.quotes)
    loop = asyncio.new_event_loop()
    replay.pause()
    loop.run_until_complete(replay.__aenter__())
    loop.close()
    replay.resume()
    with pytest.raises(TickFlowError, match="the event loop ended"):
        replay.wait(SECONDS)
    assert isinstance(rows.error, TickFlowError)
    replay.close()
    assert feed_threads() == []


# And then live.


def published(server: Server, volume: int) -> None:
    assert server.when(lambda now: now.subscriptions == 1).wait(SECONDS)
    server.publish("quotes", [quote(A, volume=volume)])


def operator_outputs(of: Feed | Replay, operator: Operator) -> Rows:
    return Rows(of.quotes.pipe(operator))


def test_it_goes_on_live(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A, volume=1), tick(1), frame(2, A, volume=2, connection=2))
    with Server() as server:
        feed = feed_of(server, quotes=[A])
        replay = Replay(tmp_path, then=feed)
        rows, status, both = Rows(replay.quotes), Events(replay.status), Rows(replay.interleaved)
        deltas, one = operator_outputs(replay, ops.deltas()), Rows(replay.symbol(A).quotes)
        with Recorder(feed, tmp_path), replay:
            published(server, 5)
            rows.until_rows(3)
            raw = Collected(replay.raw)
            published(server, 6)
            rows.until_rows(4)
            raw.until(len)
    assert rows.column("volume") == [1, 2, 5, 6]
    assert rows.column("connection") == [1, 2, 3, 3]
    assert both.column("volume") == rows.column("volume") == one.column("volume")
    assert status.kinds().count("Closed") == 1
    assert events.Gap(3) in status.items
    assert rows.completed
    assert status.completed
    assert feed.stats().connections == 1
    assert feed_threads() == []
    again = Replay(tmp_path)
    later = Rows(again.quotes)
    all_deltas = operator_outputs(again, ops.deltas())
    with again:
        again.wait(SECONDS)
    assert_identical(whole(later.items), whole(rows.items))
    assert_identical(whole(all_deltas.items), whole(deltas.items))


def test_the_time_goes_on_too(tmp_path: Path, market_time: MarketTime) -> None:
    recorded(tmp_path, frame(0, A, volume=1), frame(1, A, volume=2), frame(1_000, B, volume=2))
    with Server() as server:
        replay = Replay(tmp_path, then=feed_of(server, quotes=[A]))
        bars, ticks = Rows(replay.quotes.pipe(BARS)), ticks_of(replay)
        rows = Rows(replay.quotes)
        with replay:
            published(server, 5)
            rows.until_rows(4)
            assert rows.items[-1]["received"].to_physical()[0] > at(1_000), "time never goes back"
            market_time.now_ms = START_MS + 2_000_000
            ticks.until(len)
    assert bars.completed


def test_the_feeds_error_is_its_own(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A))
    with Server(keys=["other"]) as server:
        replay = Replay(tmp_path, then=feed_of(server, quotes=[A]))
        rows, both = Rows(replay.quotes), Rows(replay.interleaved)
        with replay, pytest.raises(TickFlowError, match="401"):
            replay.wait(SECONDS)
    assert rows.column("symbol") == [A]
    assert isinstance(rows.error, TickFlowError)
    assert isinstance(both.error, TickFlowError)


def test_a_feed_without_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKFLOW_API_KEY", raising=False)
    recorded(tmp_path, frame(0, A))
    replay = Replay(tmp_path, then=Feed(quotes=[A], base_url="http://127.0.0.1:1"))
    rows = Rows(replay.quotes)
    with replay, pytest.raises(TickFlowError, match="API key"):
        replay.wait(SECONDS)
    assert rows.error is not None


def test_closed_before_it_is_live_the_feed_never_runs(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A), tick(1), frame(2, A))
    feed = Feed(quotes=[A], api_key="key", base_url="http://127.0.0.1:1")
    of_feed = Rows(feed.quotes)
    replay = Replay(tmp_path, then=feed)
    rows = Rows(replay.quotes)
    replay.quotes.subscribe(lambda _: replay.close())
    with replay:
        replay.wait(SECONDS)
    assert rows.completed
    assert of_feed.completed
    assert feed.stats().connections == 0
    with (
        pytest.raises(TickFlowError, match="must be a feed that has not run"),
        Replay(tmp_path, then=feed),
    ):
        pass


def test_live_in_an_event_loop(tmp_path: Path) -> None:
    recorded(tmp_path, frame(0, A, volume=1))

    async def main(server: Server) -> Rows:
        replay = Replay(tmp_path, then=feed_of(server, quotes=[A]))
        rows = Rows(replay.quotes)
        async with replay:
            await asyncio.to_thread(published, server, 5)
            await asyncio.to_thread(rows.until_rows, 2)
        return rows

    with Server() as server:
        rows = asyncio.run(main(server))
    assert rows.column("volume") == [1, 5]
    assert rows.completed
    assert feed_threads() == []
