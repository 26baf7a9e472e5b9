"""A recording, as if it were the live feed."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

from reactivex import Observable

from tickflow_rx import events
from tickflow_rx._log import feed_logger
from tickflow_rx._replaying._live import Live
from tickflow_rx._replaying._pace import Pace, Timer, WallTimer
from tickflow_rx._replaying._player import Player
from tickflow_rx._replaying._progress import NoProgress, progress_bar
from tickflow_rx._replaying._runner import Loop, Threads
from tickflow_rx._replaying._selection import Selection, as_day, as_time_us
from tickflow_rx._replaying._source import Kind, open_source
from tickflow_rx._replaying._subscribers import Subscribers
from tickflow_rx._waiting import INTERRUPTED, Latch, leave_ctrl_c_to_python
from tickflow_rx.exceptions import TickFlowError
from tickflow_rx.feed import SymbolFeed
from tickflow_rx.protocol import check_symbol
from tickops import Frames

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from types import TracebackType

    import polars as pl

    from tickflow_rx._queue import RawFrame
    from tickflow_rx.feed import Feed
    from tickops._observers import Observers

__all__ = ["Replay", "ReplayStats"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReplayStats:
    """What a replay has done so far.

    Attributes
    ----------
    frames, bytes
        Raw frames delivered, and their size; 0 where the recording has none.
    quotes, depth
        Rows delivered.
    ticks
        Ticks of the clock delivered.
    set_aside
        Frames that could not be understood.
    problems
        Places of the recording that could not be read; each is logged.
    """

    frames: int
    bytes: int
    quotes: int
    depth: int
    ticks: int
    set_aside: int
    problems: int


class Replay:
    """A recording with the interface of `tickflow_rx.Feed`: one line swaps the two.

    Operators on a replayed journal give what they gave live, bit for bit; those that close by
    time too, since the ticks of the feed's clock are in the journal, each at its place between
    the rows.

    Parameters
    ----------
    recording
        Folder with a journal, as `tickflow_rx.Recorder` makes it, or with what
        ``tickflow_rx.compact`` made of one; or a file of wire frames, JSON lines with
        ``{"received": epoch_ms, "frame": {…}}`` (also gzipped).
    day
        Only rows of this trading day, a date or "YYYY-MM-DD": the local date of a row's
        timestamp in its market. Ticks and events of that day from the first row on.
    symbols
        Only rows of these.
    speed
        Recorded seconds a second: 1 as it was, 10 ten times as fast. None: as fast as possible.
    after
        Only what was received after this, epoch microseconds or an aware datetime: ticks and
        events too.
    source
        "journal" or "parquet", where the folder has both; by default the journal.
    clock
        "recorded": the clock ticks as it did. None: time passes with the rows alone. Wire
        files have no ticks.
    progress
        Show how far it is: a bar in a terminal, or in a notebook where tqdm is installed.
    then
        A feed that does not run yet. At the recording's end the replay goes on with it:
        nothing completes in between, connection numbers go on, and the feed's clock, status
        and errors are the replay's. `close` closes it.
    timer
        What the time is and how to wait, for `speed`; by default the wall's.

    Attributes
    ----------
    quotes, depth, interleaved : Frames
        As those of `Feed`. Rows that came in one socket frame stay in one frame.
    raw : Observable[list[RawFrame]]
        The raw frames, where the recording has them; with `day` or `symbols` those with a row
        that is wanted.
    status : Observable[Event]
        What happened to the feed, as it was recorded (exceptions as their text), but for the
        end of each recorder's feed; at last one ``Closed``.

    Raises
    ------
    ValueError
        An argument cannot be right.
    TickFlowError
        On entering: there is no such recording. `then` runs already, or was closed.

    Notes
    -----
    It runs as a feed does: ``with replay:`` in a thread of its own, ``async with replay:``
    with subscribers called on the event loop. What is in the recording when it is entered is
    replayed, and nothing that a recorder adds later. Memory does not grow with the recording.

    Examples
    --------
    >>> import json, tempfile
    >>> import tickops as ops
    >>> from tickflow_rx import Replay
    >>> row = {
    ...     "symbol": "600000.SH",
    ...     "region": "CN",
    ...     "last_price": 9.72,
    ...     "prev_close": 9.78,
    ...     "open": 9.78,
    ...     "high": 9.78,
    ...     "low": 9.68,
    ...     "volume": 426585,
    ...     "amount": 422430500.0,
    ...     "timestamp": 1776754802000,
    ... }
    >>> with tempfile.NamedTemporaryFile("w", suffix=".wire.jsonl") as file:
    ...     frame = {"op": "quotes", "data": [row]}
    ...     print(json.dumps({"received": 1776754802100, "frame": frame}), file=file, flush=True)
    ...     replay = Replay(file.name)
    ...     _ = replay.quotes.subscribe(lambda frame: print(frame["last_price"].to_list()))
    ...     with replay:
    ...         replay.wait(30)
    [9.72]
    True
    """

    def __init__(
        self,
        recording: str | Path,
        *,
        day: date | str | None = None,
        symbols: Iterable[str] | None = None,
        speed: float | None = None,
        after: int | datetime | None = None,
        source: Kind | None = None,
        clock: Literal["recorded"] | None = "recorded",
        progress: bool = False,
        then: Feed | None = None,
        timer: Timer | None = None,
    ) -> None:
        if clock not in ("recorded", None):
            raise ValueError(f'clock must be "recorded" or None, not {clock!r}')
        if source not in (*get_args(Kind), None):
            raise ValueError(f'source must be "journal" or "parquet", not {source!r}')
        if speed is not None and not speed > 0:
            raise ValueError(f"speed must be above 0, or None for no waiting, not {speed}")
        self._path = Path(recording)
        self._kind: Kind | None = source
        self._speed = None if speed == inf else speed
        self._after_us = None if after is None else as_time_us("after", after)
        self._selection = Selection(as_day(day), symbols)
        self._recorded_clock = clock is not None
        self._progress = progress
        self._then = then
        self._pace = Pace(self._speed, WallTimer() if timer is None else timer)
        self._to = Subscribers()
        self._live = None if then is None else Live(then, self._to, self._finish)
        self._lock = threading.Lock()
        self._player: Player | None = None
        self._runner: Threads | None = None
        self._ended = Latch()
        self._error: Exception | None = None
        self._clock = self._observable(self._to.clock)
        self.quotes = self._frames(self._to.quotes.all)
        self.depth = self._frames(self._to.depth.all)
        self.interleaved = self._frames(self._to.interleaved)
        self.raw: Observable[list[RawFrame]] = self._observable(self._to.raw)
        self.status: Observable[events.Event] = self._observable(self._to.status)

    @property
    def position(self) -> datetime | None:
        """When the last rows delivered of the recording were received; None before any."""
        last_us = self._to.counts.last_us
        return None if last_us is None else _EPOCH + timedelta(microseconds=last_us)

    @property
    def fraction(self) -> float | None:
        """How much of the recording has been read, from 0 to 1; None where that is not known."""
        return 0.0 if self._player is None else self._player.source.fraction()

    def symbol(self, symbol: str) -> SymbolFeed:
        """The rows of one symbol.

        Raises
        ------
        ValueError
            It can be no symbol.
        """
        check_symbol(symbol)
        with self._lock:
            quotes, depth = self._to.quotes.symbol(symbol), self._to.depth.symbol(symbol)
        return SymbolFeed(symbol, self._frames(quotes), self._frames(depth))

    def pause(self) -> None:
        """Stand still in the recording, from any thread; what is being delivered is delivered."""
        self._pace.pause()

    def resume(self) -> None:
        """Go on from where it stands."""
        self._pace.resume()

    def seek(self, when: int | datetime) -> None:
        """Go on with what was received at a time or after it, from any thread.

        Forward it leaves out what is between; backward it sends again what was sent, though
        not what `after` excludes. Operators keep what they know: after a seek their output is
        not that of a day without it.

        Raises
        ------
        ValueError
            A datetime without a time zone.
        TickFlowError
            The recording is over.
        """
        self._pace.seek(as_time_us("when", when))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the replay has ended, the feed of `then` included, or for so many seconds.

        Returns
        -------
        bool
            Whether it has ended.

        Raises
        ------
        TickFlowError, OSError, polars.exceptions.PolarsError
            What ended it.
        """
        if self._runner is None and not self._pace.closed:
            raise TickFlowError("the replay is not running: wait inside `with replay:`")
        if self._is_caller() and not self._ended.is_set():
            raise TickFlowError("a subscriber cannot wait for the replay that calls it")
        ended = self._ended.wait(timeout)
        if self._error is not None:
            raise self._error
        return ended

    async def wait_async(self, timeout: float | None = None) -> bool:
        """`wait` for a coroutine."""
        return await asyncio.to_thread(self.wait, timeout)

    def close(self) -> None:
        """End the replay, from any thread: observers complete.

        Waits for that, unless a subscriber or a coroutine calls. A second call is harmless; a
        replay closed before it ran never runs.
        """
        self._pace.close()
        if self._runner is None:
            self._end("the replay was closed before it ran", None)
        elif not self._is_caller():
            self._runner.join()
        if self._then is not None:
            self._then.close()

    def stats(self) -> ReplayStats:
        """What the replay has done so far."""
        counts, player = self._to.counts, self._player
        return ReplayStats(
            frames=counts.frames,
            bytes=counts.bytes,
            quotes=counts.quotes,
            depth=counts.depth,
            ticks=counts.ticks,
            set_aside=0 if player is None else player.source.set_aside,
            problems=0 if player is None else len(player.source.problems()),
        )

    def __enter__(self) -> Self:
        self._begin()
        leave_ctrl_c_to_python()
        self._runner = Threads(self._run)
        self._runner.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._begin()
        self._runner = Loop(self._run)
        self._runner.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        if self._runner is not None:
            await asyncio.to_thread(self._runner.join)
        if self._then is not None:
            await self._then.__aexit__(None, None, None)

    def __repr__(self) -> str:
        if not hasattr(self, "status"):
            return "<Replay of arguments that cannot be right>"
        state = "ended" if self._ended.is_set() else "running" if self._runner else "not running"
        day = "" if self._selection.day is None else f" {self._selection.day}"
        pace = "" if self._speed is None else f", {self._speed:g} x"
        return f"<Replay {self._path}{day}{pace}, {state}>"

    def _begin(self) -> None:
        if self._pace.closed:
            raise TickFlowError("this replay was closed: make another")
        if self._runner is not None:
            raise TickFlowError("this replay is running already")
        then = self._then
        if then is not None and not then._is_new():  # pyright: ignore[reportPrivateUsage]
            raise TickFlowError(f"then={then!r} must be a feed that has not run: make another")
        source = open_source(self._path, self._kind, self._selection)
        self._player = Player(
            source,
            self._selection,
            self._pace,
            self._after_us,
            lambda: self._recorded_clock and len(self._to.clock) > 0,
        )

    def _run(self, runner: Threads) -> None:
        """Replay, then go on with the feed if there is one; in the thread of the replay."""
        error: Exception | None = None
        whole = False
        try:
            whole = self._play(runner)
            if whole and self._go_on(runner):
                return
        except KeyboardInterrupt:
            error = TickFlowError(INTERRUPTED.format("replay"))
        except Exception as raised:
            error = raised
        except BaseException as raised:  # sys.exit() would end this thread alone
            error = TickFlowError(f"a subscriber raised {raised!r}")
        reason = str(error) if error else "the recording is over" if whole else "it was closed"
        try:
            runner.call(self._end, reason, error)
        except TickFlowError:  # the event loop is no more
            self._end(reason, error)

    def _play(self, runner: Threads) -> bool:
        player: Any = self._player
        progress = progress_bar() if self._progress else NoProgress()
        try:
            return player.play(partial(runner.call, self._to.deliver), progress)
        finally:
            progress.close()
            for problem in player.source.problems():
                feed_logger.warning("not read: %s", problem)

    def _go_on(self, runner: Threads) -> bool:
        """Let the feed run; return whether there is one."""
        feed, live, player = self._then, self._live, self._player
        if feed is None or live is None or player is None:
            return False
        feed._follow(player.source.connection, player.last_us)  # pyright: ignore[reportPrivateUsage]
        live.begin()
        try:
            runner.enter(feed)
        except Exception as error:
            # What ended the feed before it ran, closing it too, has reached its observers.
            if not self._ended.is_set():
                self._finish(error)
        return True

    def _end(self, reason: str, error: Exception | None) -> None:
        with self._lock:
            if self._ended.is_set():
                return
        with self._to.calling():
            self._to.status.next(events.Closed(reason))
        self._finish(error)

    def _finish(self, error: Exception | None) -> None:
        self._to.end(error)
        self._error = error
        self._ended.set()

    def _is_caller(self) -> bool:
        return self._to.is_caller() or (self._runner is not None and self._runner.is_caller())

    def _observable(self, observers: Observers[Any]) -> Observable[Any]:
        return Observable(partial(self._add, observers))

    def _frames(self, observers: Observers[pl.DataFrame]) -> Frames:
        return Frames(partial(self._add, observers), self._clock)

    def _add(self, observers: Observers[Any], observer: Any, _: Any = None) -> Any:
        subscription = observers.add(observer)
        if self._live is not None:
            self._live.pass_what_is_wanted()
        return subscription
