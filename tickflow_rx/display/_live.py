"""Between a stream and a widget: what is sent, and when."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from tickflow_rx.display._audience import Audience

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reactivex import Observable, abc

    from tickflow_rx.display._message import Message

__all__ = ["Content", "Input", "Live", "Pace", "Phase"]

Phase = Literal["waiting", "live", "paused", "stopped", "failed", "closed"]

_LOG: Final = logging.getLogger("tickflow_rx.display")
_TEXTS: Final[dict[Phase, str]] = {
    "waiting": "waiting for data",
    "live": "live",
    "paused": "paused while hidden",
    "stopped": "stopped: the stream has ended",
    "closed": "closed",
}


class Content(Protocol):
    """What a widget shows. All but the functions of its inputs are called on one thread."""

    @property
    def periodic(self) -> bool:
        """Whether it changes with time alone."""
        ...

    def changes(self) -> Message | None:
        """What to send of what came since the last call."""
        ...

    def everything(self) -> Message | None:
        """What a view needs that knows nothing yet."""
        ...

    def forget(self) -> None:
        """Begin anew: rows are missing between what is known and what comes."""
        ...


@dataclass(frozen=True, slots=True)
class Input:
    """A stream, and who takes what it brings. `take` is called on the stream's thread."""

    source: Observable[Any]
    take: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Pace:
    """When things happen.

    Parameters
    ----------
    period
        Seconds between what is sent.
    linger
        Seconds that a widget which nobody sees stays subscribed.
    scheduler
        Its time counts; what it runs, it runs on one thread.
    """

    period: float
    linger: float
    scheduler: abc.SchedulerBase


class Live:
    """Follows streams and sends what changed, as long as somebody looks.

    A stream's thread does no more than put its items where they wait and see to it that the
    scheduler's thread looks after them, which does the rest.

    Parameters
    ----------
    inputs
        What to follow; when the first has ended, all has.
    content
        What to show of it.
    send
        Sends a message to the front end.
    tell
        Told of each new phase, and of it in words.
    pace
        When.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        content: Content,
        send: Callable[[Message], object],
        tell: Callable[[Phase, str], object],
        pace: Pace,
    ) -> None:
        self.phase: Phase = "waiting"
        self._inputs = inputs
        self._content = content
        self._send = send
        self._tell = tell
        self._pace = pace
        self._audience = Audience()
        self._subscription = SerialDisposable()
        self._hidden = SerialDisposable()
        self._due = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Subscribe."""
        self._enter("waiting")
        self._subscribe()
        if self._content.periodic:
            self._soon()

    def hear(self, message: Mapping[str, Any]) -> None:
        """Hear from the front end that a view can be seen, or no longer, or is gone."""
        if self.phase == "closed":
            return
        view = str(message["view"])
        if message.get("gone"):
            self._audience.gone(view)
        else:
            self._audience.seen(view, bool(message["visible"]))
        if self._audience.watching:
            self._hidden.disposable = Disposable()
            self._after(0, self._show_all)
        elif self.phase in ("waiting", "live") and self._pace.linger != float("inf"):
            self._hidden.disposable = self._after(self._pace.linger, self._pause)

    def close(self) -> None:
        """Unsubscribe for good."""
        self._hidden.dispose()
        self._subscription.dispose()
        self._enter("closed")

    def _subscribe(self) -> None:
        group = CompositeDisposable()
        self._subscription.disposable = group
        for number, given in enumerate(self._inputs):
            ended = self._complete if number == 0 else None
            group.add(given.source.subscribe(partial(self._take, given.take), self._fail, ended))

    def _take(self, take: Callable[[Any], object], item: object) -> None:
        try:
            take(item)
        except Exception as error:
            self._fail(error)
            return
        self._soon()

    def _soon(self) -> None:
        if self._due:
            return
        with self._lock:
            if self._due or not self._audience.watching:
                return
            self._due = True
        self._after(self._pace.period, self._tick)

    def _after(self, seconds: float, step: Callable[[], None]) -> abc.DisposableBase:
        def action(_scheduler: abc.SchedulerBase, _state: object = None) -> None:
            try:
                step()
            except Exception:  # it would end the thread of all displays
                _LOG.exception("a display could not be updated")

        return self._pace.scheduler.schedule_relative(seconds, action)

    def _tick(self) -> None:
        self._due = False
        if self.phase not in ("waiting", "live"):
            return
        if self._audience.watching:
            self._give(self._content.changes)
        if self._content.periodic:
            self._soon()

    def _show_all(self) -> None:
        if self.phase == "paused":
            self._content.forget()
            self._enter("waiting")
            self._subscribe()
        self._give(self._content.everything)
        if self._content.periodic:
            self._soon()

    def _give(self, what: Callable[[], Message | None]) -> None:
        """Send what there is; what is wrong with it is shown, and the thread lives on."""
        try:
            message = what()
            if message is None:
                return
            self._send(message)
        except Exception as error:
            self._fail(error)
            return
        if self.phase == "waiting":
            self._enter("live")

    def _pause(self) -> None:
        if self.phase in ("waiting", "live") and not self._audience.watching:
            self._subscription.disposable = Disposable()
            self._enter("paused")

    def _complete(self) -> None:
        self._after(0, partial(self._end, "stopped", _TEXTS["stopped"]))

    def _fail(self, error: Exception) -> None:
        self._after(0, partial(self._end, "failed", f"{type(error).__name__}: {error}"))

    def _end(self, phase: Phase, text: str) -> None:
        if self.phase not in ("waiting", "live") and phase != "failed":
            return
        self._subscription.dispose()
        if phase == "stopped" and self._audience.watching:
            self._give(self._content.changes)
        self._enter(phase, text)

    def _enter(self, phase: Phase, text: str = "") -> None:
        if self.phase != "closed":
            self.phase = phase
            self._tell(phase, text or _TEXTS[phase])
