"""What is sent to the front end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Message"]


def _no_content() -> dict[str, Any]:
    return {}


def _no_buffers() -> list[bytes]:
    return []


@dataclass(frozen=True, slots=True)
class Message:
    """One message: what JSON can say, and bytes besides.

    Parameters
    ----------
    content
        JSON; the front end knows what it means.
    buffers
        Columns, or an Arrow stream.
    """

    content: dict[str, Any] = field(default_factory=_no_content)
    buffers: list[bytes] = field(default_factory=_no_buffers)
