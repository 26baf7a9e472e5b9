"""When what comes next is due: waiting that pause, resume, seek and close end."""

from __future__ import annotations

import threading
import time
from typing import Final, Protocol

from tickflow_rx.exceptions import TickFlowError

__all__ = ["Pace", "Timer", "WallTimer"]

_FOREVER_US: Final = 1 << 62


class Timer(Protocol):
    """What the time is, and how to wait."""

    def now(self) -> float:
        """Seconds of a steady clock."""
        ...

    def wait(self, changed: threading.Condition, seconds: float | None) -> None:
        """Wait for so many seconds, or for ever; less if `changed`, which is held, is notified."""
        ...


class WallTimer:
    """The time of the wall."""

    def now(self) -> float:
        """Seconds."""
        return time.monotonic()

    def wait(self, changed: threading.Condition, seconds: float | None) -> None:
        """Wait."""
        changed.wait(seconds)


class Pace:
    """Makes one thread wait; any other may end that.

    Parameters
    ----------
    speed
        Recorded seconds a second; None: no waiting.
    timer
        The time.
    """

    def __init__(self, speed: float | None, timer: Timer) -> None:
        self.closed = False
        self._speed = speed
        self._timer = timer
        self._changed = threading.Condition()
        self._origin: tuple[int, float] | None = None
        self._paused_at: float | None = None
        self._seek_us: int | None = None
        self._over: str | None = None

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._paused_at is not None

    def wait(self, time_us: int) -> bool:
        """Wait until what was received at a time is due; False if told to do something else."""
        with self._changed:
            while True:
                if self.closed or self._seek_us is not None:
                    return False
                delay = self._delay(time_us)
                if delay is not None and delay <= 0:
                    return True
                self._timer.wait(self._changed, delay)

    def due_us(self) -> int:
        """Newest time of arrival that is due now."""
        if self._speed is None or self._origin is None:
            return _FOREVER_US
        began_us, began = self._origin
        return began_us + int((self._timer.now() - began) * self._speed * 1e6)

    def pause(self) -> None:
        """Stand still from now on."""
        with self._changed:
            if self._paused_at is None:
                self._paused_at = self._timer.now()
                self._changed.notify_all()

    def resume(self) -> None:
        """Go on from where it stands."""
        with self._changed:
            if self._paused_at is not None:
                if self._origin is not None:
                    began_us, began = self._origin
                    self._origin = began_us, began + self._timer.now() - self._paused_at
                self._paused_at = None
                self._changed.notify_all()

    def seek(self, time_us: int) -> None:
        """Go to another time.

        Raises
        ------
        TickFlowError
            It is over.
        """
        with self._changed:
            if self._over is not None:
                raise TickFlowError(self._over)
            self._seek_us = time_us
            self._changed.notify_all()

    def close(self) -> None:
        """Wait no more."""
        with self._changed:
            self.closed = True
            self._over = self._over or "the replay was closed: make another"
            self._changed.notify_all()

    def sought(self, over: str) -> int | None:
        """Where to go; None if nowhere, and then it is over for that reason."""
        with self._changed:
            seek_us, self._seek_us = self._seek_us, None
            self._origin = None
            if seek_us is None or self.closed:
                self._over = self._over or over
                return None
            return seek_us

    def _delay(self, time_us: int) -> float | None:
        """Seconds until a time is due; None while paused."""
        if self._paused_at is not None:
            return None
        if self._speed is None:
            return 0.0
        now = self._timer.now()
        if self._origin is None:
            self._origin = time_us, now
        began_us, began = self._origin
        return began + (time_us - began_us) / 1e6 / self._speed - now
