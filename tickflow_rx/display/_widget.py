"""The widget that all displays are."""

from __future__ import annotations

import math
import threading
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar, Self

import anywidget
import traitlets
from reactivex.scheduler import EventLoopScheduler

from tickflow_rx.display._live import Content, Input, Live, Pace, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reactivex import abc

    from tickflow_rx.display._message import Message

__all__ = ["LiveWidget", "check_pace", "static"]


def static(name: str) -> str:
    """Text of a file of the front end."""
    return (files("tickflow_rx.display") / "static" / name).read_text(encoding="utf-8")


@cache
def display_thread() -> EventLoopScheduler:
    """What runs all widgets of a process: one thread, there while something is to be done.

    Messages may be sent from it: ipykernel hands them to its own thread for its sockets, and
    marimo has bound the widget to the session that made it.
    """
    return EventLoopScheduler(
        lambda target: threading.Thread(target=target, name="tickflow-display", daemon=True),
        exit_if_empty=True,
    )


def check_pace(rate: float, linger: float, scheduler: abc.SchedulerBase | None = None) -> Pace:
    """Check what users say about time.

    Raises
    ------
    ValueError
        `rate` is no finite number above 0, or `linger` is negative.
    """
    if not (rate > 0 and math.isfinite(rate)):
        raise ValueError(f"rate must be a number of updates a second above 0, not {rate!r}")
    if not linger >= 0:
        raise ValueError(f"linger must be a number of seconds, at least 0, not {linger!r}")
    return Pace(1 / rate, linger, scheduler or display_thread())


class LiveWidget(anywidget.AnyWidget):
    """A live display in a notebook; `show`, `candles`, `book` and `status` make it.

    Attributes
    ----------
    phase
        "waiting" for data, "live", "paused" while nobody has seen it for a while, "stopped" when
        the stream has ended, "failed" by an error, or "closed".
    """

    _esm: ClassVar[str]
    _css: ClassVar[str] = static("style.css")

    _title = traitlets.Unicode().tag(sync=True)
    _state = traitlets.Dict().tag(sync=True)
    _options = traitlets.Dict().tag(sync=True)
    _library = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        title: str,
        inputs: Sequence[Input],
        content: Content,
        pace: Pace,
        *,
        options: dict[str, Any] | None = None,
        library: str = "",
    ) -> None:
        super().__init__(_title=title, _options=options or {}, _library=library)
        self._live = Live(inputs, content, self._give, self._tell, pace)
        untyped: Any = self
        untyped.on_msg(self._hear)
        self._live.start()

    @property
    def phase(self) -> Phase:
        """How it stands: see the class."""
        return self._live.phase

    def close(self) -> None:
        """Unsubscribe and take the display away."""
        if hasattr(self, "_live"):
            self._live.close()
        untyped: Any = self
        layout = untyped.layout
        super().close()
        if layout is not None:  # a widget of its own, which would stay
            layout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _give(self, message: Message) -> None:
        untyped: Any = self
        untyped.send(message.content, message.buffers)

    def _tell(self, phase: Phase, text: str) -> None:
        self._state = {"phase": phase, "text": text}

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        self._live.hear(content)
