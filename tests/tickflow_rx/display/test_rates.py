"""How fast counts grow."""

from tickflow_rx.display._rates import Rates


def test_rates_are_of_the_last_three_seconds() -> None:
    now = 0.0
    rates = Rates(lambda: now)
    assert rates.of(0, 0) == [0, 0]
    shown: list[list[float]] = []
    # 100 a second for ten seconds, then nothing.
    for tick in range(1, 29):
        now = 0.5 * tick
        shown.append(rates.of(min(50 * tick, 1_000), 0))
    assert shown[0] == [100, 0]
    assert shown[19] == [100, 0]
    assert 0 < shown[22][0] < 100
    assert shown[-1] == [0, 0]


def test_it_begins_anew() -> None:
    now = 0.0
    rates = Rates(lambda: now)
    rates.of(0)
    rates.clear()
    now = 100.0
    assert rates.of(1_000_000) == [0]
