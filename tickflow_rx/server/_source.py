"""Where a server's rows come from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Protocol, runtime_checkable

from tickflow_rx.server._messages import Channel, data_messages


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one channel that become known at one moment.

    Parameters
    ----------
    time_ms
        Epoch milliseconds at which the rows go out: the time of arrival at the feed, which lags
        the ``timestamp`` inside the rows.
    channel
        ``"quotes"`` or ``"depth"``.
    symbols
        Symbol of each row. A symbol may come more than once: rows keep their order.
    rows
        Each row as the bytes of a JSON object, passed on as they are.
    """

    time_ms: int
    channel: Channel
    symbols: Sequence[str]
    rows: Sequence[bytes]

    def messages(self, rows_per_message: int | None = None) -> Iterator[bytes]:
        """Wire messages with all rows, at most `rows_per_message` in each."""
        return data_messages(self.channel, self.rows, rows_per_message)


@runtime_checkable
class Source(Protocol):
    """Timed batches of row changes; the server keeps the pace.

    A source yields only what changed: the server passes every row on to whoever subscribed its
    symbol, also one that equals the row before (real feeds send such rows).
    """

    @property
    def speed(self) -> float | None:
        """Seconds of `time_ms` a second of the wall clock; None or infinity: as fast as taken."""
        ...

    @property
    def wait_for_subscriber(self) -> bool:
        """Whether time stands still until the first client has subscribed."""
        ...

    def batches(self) -> Iterator[Batch]:
        """All batches from the beginning, by ascending `time_ms`; a new iterator each time."""
        ...


@dataclass(frozen=True)
class Prepared:
    """A source made of batches that are there already: for tests and benchmarks.

    Parameters
    ----------
    prepared
        The batches, by ascending time.
    speed, wait_for_subscriber
        As in `Source`.
    """

    prepared: Iterable[Batch]
    speed: float | None = None
    wait_for_subscriber: bool = True

    def __post_init__(self) -> None:
        check_speed(self.speed)

    def batches(self) -> Iterator[Batch]:
        """Yield the batches from the beginning."""
        return iter(self.prepared)


def check_speed(speed: float | None) -> None:
    """Refuse a factor that is no pace."""
    if speed is not None and (isnan(speed) or speed <= 0):
        raise ValueError(f"speed must be above 0, or None for as fast as taken; got {speed!r}")
