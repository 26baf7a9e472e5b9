"""The symbol's row before each row."""

from tickops._arrays import I32, I64
from tickops._kernels._jit import kernel

__all__ = ["previous"]


@kernel
def previous(codes: I32, last: I64, before: I64) -> None:
    """Row of the same symbol before each row.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    last
        (symbols,) of -1; written: last row of each symbol that has one.
    before
        (n,) written: row before, -1 where there is none here. O(1) a row.
    """
    for i in range(len(codes)):
        before[i] = -1
        c = codes[i]
        if c >= 0:
            before[i] = last[c]
            last[c] = i
