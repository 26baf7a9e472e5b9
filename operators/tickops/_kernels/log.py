"""Moving the rows of windows to a new log."""

from tickops._arrays import I64, Bool, Records
from tickops._kernels._jit import kernel

__all__ = ["move"]


@kernel
def move(state: Records, entries: Records, span: I64, larger: Records, moved: Bool) -> None:
    """Copy the entries that are in a window to a new log, in order of arrival.

    Parameters
    ----------
    state
        (symbols,) with `head` and `tail`, updated in place.
    entries
        (capacity,) the old log, with `next` and `code`.
    span
        (2,) first and end of what is in use of it, counted on for ever; updated in place.
    larger
        (more,) the new log, written.
    moved
        (symbols,) of false; written true for the symbols that have entries. O(capacity).
    """
    mask = len(entries) - 1
    to = 0
    for at in range(span[0], span[1]):
        entry = entries[at & mask]
        c = entry["code"]
        if c < 0:
            continue
        larger[to] = entry
        s = state[c]
        if moved[c]:
            larger[s["tail"]]["next"] = to
        else:
            s["head"] = to
            moved[c] = True
        s["tail"] = to
        to += 1
    span[0] = 0
    span[1] = to
