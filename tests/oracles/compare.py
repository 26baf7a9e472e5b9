"""Where an operator and its oracle differ, in words."""

import math
from datetime import datetime
from typing import Any

import polars as pl

import tickops as ops
from tests.oracles.market import Row, in_utc

RELATIVE = 1e-9
ABSOLUTE = 1e-12


def left_out(run: ops.Run) -> dict[str, int]:
    """Which rows a run left out, and how many."""
    return {reason: count for reason, count in run.counts.items() if count}


def assert_same(actual: pl.DataFrame, expected: list[Row], *, absolute: float = ABSOLUTE) -> None:
    """Fail with the first differences, if there are any."""
    found = differences(actual, expected, absolute=absolute)
    assert not found, "\n".join(found[:10])


def differences(
    actual: pl.DataFrame, expected: list[Row], *, absolute: float = ABSOLUTE
) -> list[str]:
    """Floats within 1e-9 of each other, all else (nulls too) exactly."""
    got = actual.to_dicts()
    found: list[str] = []
    if len(got) != len(expected):
        found.append(f"{len(got)} rows, but the oracle has {len(expected)}")
    for number, (left, right) in enumerate(zip(got, expected, strict=False)):
        if list(left) != list(right):
            return [f"columns {list(left)}, but the oracle has {list(right)}"]
        found += [
            f"row {number}, {column}: {left[column]!r}, but the oracle says {right[column]!r}; "
            f"row: {left}"
            for column in left
            if not _same(left[column], right[column], absolute)
        ]
    return found


def _same(left: Any, right: Any, absolute: float) -> bool:
    if isinstance(left, datetime) and isinstance(right, datetime):
        return in_utc(left) == in_utc(right)
    if isinstance(left, float) and isinstance(right, float):
        return (math.isnan(left) and math.isnan(right)) or math.isclose(
            left, right, rel_tol=RELATIVE, abs_tol=absolute
        )
    return type(left) is type(right) and left == right
