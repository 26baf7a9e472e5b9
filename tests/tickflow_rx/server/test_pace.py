import asyncio
import threading
from collections.abc import Iterator
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickflow_rx.server import Batch, Prepared
from tickflow_rx.server._pace import Feeder, Pace


def batches(*times_ms: int) -> list[Batch]:
    return [Batch(time_ms, "quotes", ["A"], [b"{}"]) for time_ms in times_ms]


@pytest.mark.parametrize("speed", [None, inf])
def test_no_pace(speed: float | None) -> None:
    pace = Pace(speed)
    assert pace.free
    assert pace.delay(0, 0.0) == pace.delay(10**9, 0.0) == 0.0


def test_delays_follow_the_source_s_time() -> None:
    pace = Pace(2.0)
    assert not pace.free
    assert pace.delay(5_000, now=100.0) == 0.0
    assert pace.delay(7_000, now=100.0) == pytest.approx(1.0)
    assert pace.delay(7_000, now=100.75) == pytest.approx(0.25)
    assert pace.delay(9_000, now=103.0) == 0.0
    # What came late does not shift what follows.
    assert pace.delay(13_000, now=103.0) == pytest.approx(1.0)


def test_long_pauses_are_cut() -> None:
    pace = Pace(1.0, max_wait=3.0)
    assert pace.delay(0, now=0.0) == 0.0
    assert pace.delay(3_600_000, now=0.0) == pytest.approx(3.0)
    assert pace.delay(3_601_000, now=3.0) == pytest.approx(1.0)


@given(st.lists(st.integers(0, 10**6), min_size=1).map(sorted), st.floats(0.1, 1000.0))
def test_a_punctual_loop_sends_every_batch_on_time(times_ms: list[int], speed: float) -> None:
    pace, now = Pace(speed), 50.0
    for time_ms in times_ms:
        now += pace.delay(time_ms, now)
        assert now - 50.0 == pytest.approx((time_ms - times_ms[0]) / 1000 / speed, abs=1e-6)


async def drain(feeder: Feeder, most: int = 10**9) -> list[int]:
    times: list[int] = []
    while len(times) < most and (batch := await feeder.peek()) is not None:
        feeder.take()
        times.append(batch.time_ms)
    return times


def test_feeder_goes_on_where_it_stopped_in_another_loop() -> None:
    feeder = Feeder(Prepared(batches(*range(1000))))
    taken: list[int] = []
    while len(taken) < 1000:
        feeder.start()
        taken += asyncio.run(drain(feeder, 300))
        feeder.stop()
    assert taken == list(range(1000))
    assert not [thread for thread in threading.enumerate() if "source" in thread.name]


def test_feeder_raises_what_the_source_raised_after_its_last_batch() -> None:
    class Broken(Prepared):
        def batches(self) -> Iterator[Batch]:
            yield from super().batches()
            raise OSError("disk gone")

    feeder = Feeder(Broken(batches(1, 2)))
    feeder.start()

    async def main() -> None:
        assert await drain(feeder, 2) == [1, 2]
        with pytest.raises(OSError, match="disk gone"):
            await feeder.peek()

    asyncio.run(main())
    feeder.stop()


@pytest.mark.parametrize("speed", [0, -1.0, float("nan")])
def test_a_speed_that_is_no_pace(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be above 0"):
        Prepared([], speed=speed)
