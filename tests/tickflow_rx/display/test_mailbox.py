"""Rows that wait to be shown."""

import threading

import polars as pl

from tickflow_rx.display._mailbox import Mailbox


def last_by_key(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.unique("key", keep="last", maintain_order=True)


def frame(*rows: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"key": pl.String, "value": pl.Int64}, orient="row")


def test_takes_what_would_be_seen_once() -> None:
    mailbox = Mailbox(last_by_key)
    mailbox.put(frame(("a", 1), ("b", 2)))
    mailbox.put(frame(("a", 3)))
    taken = mailbox.take()
    assert taken is not None
    assert dict(taken.rows()) == {"a": 3, "b": 2}
    assert mailbox.take() is None


def test_empty_frames_do_not_wait() -> None:
    mailbox = Mailbox(last_by_key)
    mailbox.put(frame())
    assert mailbox.take() is None


def test_forgets() -> None:
    mailbox = Mailbox(last_by_key)
    mailbox.put(frame(("a", 1)))
    mailbox.clear()
    assert mailbox.take() is None


def test_memory_is_bounded_by_what_would_be_seen() -> None:
    longest = 0

    def watched(rows: pl.DataFrame) -> pl.DataFrame:
        nonlocal longest
        longest = max(longest, rows.height)
        return last_by_key(rows)

    mailbox = Mailbox(watched, many=10)
    for i in range(1_000):
        mailbox.put(frame((str(i % 4), i)))
    taken = mailbox.take()
    assert taken is not None
    assert dict(taken.rows()) == {"0": 996, "1": 997, "2": 998, "3": 999}
    assert longest <= 11


def test_many_distinct_rows_are_not_thinned_again_and_again() -> None:
    calls = 0

    def counted(rows: pl.DataFrame) -> pl.DataFrame:
        nonlocal calls
        calls += 1
        return last_by_key(rows)

    mailbox = Mailbox(counted, many=10)
    for i in range(1_000):
        mailbox.put(frame((str(i), i)))
    # Doubling: 10, 20, 40, … 1,000.
    assert calls <= 8
    taken = mailbox.take()
    assert taken is not None
    assert taken.height == 1_000


def test_one_thread_puts_and_another_takes() -> None:
    mailbox = Mailbox(lambda rows: rows, many=10_000)
    over = threading.Event()

    def put() -> None:
        for i in range(2_000):
            mailbox.put(frame((str(i), i)))
        over.set()

    thread = threading.Thread(target=put)
    thread.start()
    values = list[int]()
    while True:
        was_over = over.is_set()
        if (taken := mailbox.take()) is not None:
            values += taken["value"].to_list()
        if was_over:
            break
    thread.join()
    assert values == list(range(2_000))
