import threading

from tickflow_rx.server import Counters
from tickflow_rx.server._counters import Tally


def test_signals_are_set_when_their_predicate_holds() -> None:
    tally = Tally()
    one, two = (tally.when(lambda c, n=n: c.open >= n) for n in (1, 2))
    tally.counters.open = 1
    tally.changed()
    assert one.is_set()
    assert not two.is_set()
    tally.counters.open = 2
    tally.changed()
    assert two.is_set()


def test_a_predicate_that_holds_already() -> None:
    assert Tally().when(lambda counters: counters == Counters()).is_set()


def test_copies_do_not_change() -> None:
    tally = Tally()
    before = tally.copy()
    tally.counters.rows += 5
    assert (before.rows, tally.copy().rows) == (0, 5)


def test_no_change_is_missed_between_threads() -> None:
    tally = Tally()

    def count() -> None:
        for _ in range(2000):
            tally.counters.rows += 1
            tally.changed()

    thread = threading.Thread(target=count)
    thread.start()
    signals = [tally.when(lambda c, n=n: c.rows >= n) for n in range(1, 2001, 10)]
    thread.join()
    assert all(signal.is_set() for signal in signals)
