"""Dividing rows by symbol, and putting them together again."""

from tickops._arrays import I32, I64, Array, Scalar
from tickops._kernels._jit import kernel

__all__ = ["put", "select", "take"]


@kernel
def select(codes: I32, lane_of: I32, lane: int, start: int, rows: I64, own: I32) -> int:
    """Find the rows of a lane.

    Parameters
    ----------
    codes
        (n,) symbol number, or -1.
    lane_of
        Lane by symbol number; the last is that of -1.
    lane
        Which.
    start
        Number of the first row.
    rows, own
        (n + 1,) written: numbers of its rows, in order, and their symbols.

    Returns
    -------
    int
        How many they are. Without a branch, that nobody could predict: O(1) a row.
    """
    count = 0
    for i in range(len(codes)):
        rows[count] = start + i
        own[count] = codes[i]
        count += lane_of[codes[i]] == lane
    return count


@kernel
def put(values: Array, rows: I64, into: Array) -> None:
    """Write (n,) values into these rows, (n,), of a longer array. O(1) a row."""
    for i in range(len(rows)):
        into[rows[i]] = values[i]


@kernel
def take(values: Array, rows: I64, factor: Scalar, out: Array) -> None:
    """Take these rows, (n,), of a longer array, times a factor, to `out`, (n,). O(1) a row."""
    for i in range(len(rows)):
        out[i] = values[rows[i]] * factor
