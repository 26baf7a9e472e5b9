"""Durations in Polars' spelling."""

import re
from datetime import timedelta
from typing import Final, TypeAlias

__all__ = ["Duration", "microseconds"]

Duration: TypeAlias = str | timedelta
"""A length of time: Polars' spelling ("500ms", "5m", "1h30m") or a timedelta."""

_UNITS: Final = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_PART: Final = re.compile(r"(\d+)(us|ms|s|m|h|d|w)")


def microseconds(name: str, value: Duration, *, zero: bool = False) -> int:
    """Read the duration given for argument `name`.

    Raises
    ------
    TypeError
        It is neither a string nor a timedelta.
    ValueError
        It is no duration, or not positive (with `zero`, below 0).
    """
    if isinstance(value, timedelta):
        total = value // timedelta(microseconds=1)
    elif isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        parts = _PART.findall(value)
        if not parts or "".join(number + unit for number, unit in parts) != value:
            raise ValueError(
                f'{name} must be a duration such as "500ms", "5m" or "1h30m", not {value!r}'
            )
        total = sum(int(number) * _UNITS[unit] for number, unit in parts)
    else:
        raise TypeError(
            f'{name} must be a duration such as "5m" or a timedelta, not {value!r}'
            f" of type {type(value).__name__}"
        )
    if total < 0 or (total == 0 and not zero):
        raise ValueError(f"{name} must be longer than nothing, not {value!r}")
    return total
