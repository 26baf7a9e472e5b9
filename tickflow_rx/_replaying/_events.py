"""Recorded events, as they were told."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from tickflow_rx import events
from tickflow_rx.exceptions import TickFlowError

if TYPE_CHECKING:
    from tickflow_rx.journal import Noted

__all__ = ["event_of"]


def event_of(noted: Noted) -> events.Event | None:
    """The event that was recorded; None if this library knows none of that name and fields."""
    kind: Any = getattr(events, noted.event, None) if noted.event in events.__all__ else None
    if kind is None or set(noted.fields) != {field.name for field in fields(kind)}:
        return None
    values: dict[str, Any] = {
        name: tuple(cast("list[Any]", value)) if isinstance(value, list) else value
        for name, value in noted.fields.items()
    }
    if kind is events.SubscriberFailed:
        values["error"] = TickFlowError(str(values["error"]))
    return kind(**values)
