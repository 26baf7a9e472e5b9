"""Median, quantiles and rank over windows, from a tree of each symbol's values.

The tree is a treap: ordered by value, and a heap by a number that is drawn from the slot, which
keeps it about as deep as the logarithm of its size. Its shape never shows in a result.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Records, Scalar
from tickops._kernels._jit import kernel

__all__ = ["NODE", "ranks"]

NODE = np.dtype([("left", "i4"), ("right", "i4"), ("up", "i4"), ("size", "i4")])
"""A value in a tree: slots of its children and its parent, -1 for none, and of how many values
the tree below it is, itself included."""

_NONE = -1


@kernel
def _priority(slot: Scalar) -> Scalar:
    """A number that looks drawn, the same for a slot every time (Knuth's multiplicative hash)."""
    x = (np.int64(slot) + 1) * 2654435761 & 0xFFFFFFFF
    x ^= x >> 15
    x = (x & 0x7FFFFFFF) * 2246822519 & 0xFFFFFFFF
    return x ^ (x >> 13)


@kernel
def _size(nodes: Records, slot: Scalar) -> int:
    return 0 if slot == _NONE else nodes[slot]["size"]


@kernel
def _rise(nodes: Records, slot: Scalar) -> None:
    """Turn a node and its parent about, so that the node is the parent."""
    up = nodes[slot]["up"]
    above = nodes[up]["up"]
    if nodes[up]["left"] == slot:
        moved = nodes[slot]["right"]
        nodes[up]["left"] = moved
        nodes[slot]["right"] = up
    else:
        moved = nodes[slot]["left"]
        nodes[up]["right"] = moved
        nodes[slot]["left"] = up
    if moved != _NONE:
        nodes[moved]["up"] = up
    nodes[up]["up"] = slot
    nodes[slot]["up"] = above
    if above != _NONE:
        if nodes[above]["left"] == up:
            nodes[above]["left"] = slot
        else:
            nodes[above]["right"] = slot
    nodes[slot]["size"] = nodes[up]["size"]
    nodes[up]["size"] = 1 + _size(nodes, nodes[up]["left"]) + _size(nodes, nodes[up]["right"])


@kernel
def _insert(nodes: Records, values: F64, root: Scalar, slot: Scalar) -> int:
    """Put a value into a tree; return its root."""
    node = nodes[slot]
    node["left"] = _NONE
    node["right"] = _NONE
    node["up"] = _NONE
    node["size"] = 1
    if root == _NONE:
        return slot
    v = values[slot]
    at = root
    while True:
        nodes[at]["size"] += 1
        side = nodes[at]["left"] if v < values[at] else nodes[at]["right"]
        if side == _NONE:
            break
        at = side
    if v < values[at]:
        nodes[at]["left"] = slot
    else:
        nodes[at]["right"] = slot
    node["up"] = at
    mine = _priority(slot)
    while node["up"] != _NONE and _priority(node["up"]) < mine:
        _rise(nodes, slot)
    return slot if node["up"] == _NONE else root


@kernel
def _remove(nodes: Records, root: Scalar, slot: Scalar) -> int:
    """Take a value out of a tree; return its root, -1 when it is empty."""
    node = nodes[slot]
    while node["left"] != _NONE and node["right"] != _NONE:
        left = node["left"]
        right = node["right"]
        higher = left if _priority(left) > _priority(right) else right
        _rise(nodes, higher)
        if slot == root:
            root = higher
    child = node["right"] if node["left"] == _NONE else node["left"]
    up = node["up"]
    if child != _NONE:
        nodes[child]["up"] = up
    if up == _NONE:
        return child
    if nodes[up]["left"] == slot:
        nodes[up]["left"] = child
    else:
        nodes[up]["right"] = child
    while up != _NONE:
        nodes[up]["size"] -= 1
        up = nodes[up]["up"]
    return root


@kernel
def _pick(nodes: Records, values: F64, root: Scalar, k: Scalar) -> Scalar:
    """The value that k others are before, in order."""
    at = root
    while True:
        below = _size(nodes, nodes[at]["left"])
        if k < below:
            at = nodes[at]["left"]
        elif k == below:
            return values[at]
        else:
            k -= below + 1
            at = nodes[at]["right"]


@kernel
def _below(nodes: Records, values: F64, root: Scalar, v: Scalar, equal: bool) -> int:
    """How many values are smaller than v, or (`equal`) not larger."""
    count = 0
    at = root
    while at != _NONE:
        if values[at] < v or (equal and values[at] == v):
            count += 1 + _size(nodes, nodes[at]["left"])
            at = nodes[at]["right"]
        else:
            at = nodes[at]["left"]
    return count


@kernel
def ranks(
    codes: I32,
    x: F64,
    place: I32,
    first_out: I32,
    outs: I32,
    following: I32,
    values: F64,
    min_rows: int,
    quantiles: F64,
    nodes: Records,
    roots: I64,
    result: F64,
    rank: F64,
) -> None:
    """Quantiles of windows, and the rank of the newest value in them.

    Parameters
    ----------
    codes, x
        (n,) symbol number (-1: leave the row alone), value, NaN for null.
    place, first_out, outs, following
        As ``windows.slide`` has them.
    values
        (capacity,) value by slot.
    min_rows
        With fewer values in the window the result is null.
    quantiles
        (k,) from 0 to 1.
    nodes
        (capacity,) of NODE by slot, written in place.
    roots
        (symbols,) slot of the root of each tree and 1 more, 0 for none; updated in place.
    result
        (k, n) written: quantiles, interpolated linearly; NaN for null.
    rank
        (n,) written: rank of the row's value, from 1, the mean of those that are equal; NaN for
        null. Or empty, where nobody asks. O(log window) a row. In pandas:
        ``rolling(window).quantile(q)``, ``.rank()``.
    """
    ranked = len(rank) > 0
    for i in range(len(codes)):
        result[:, i] = np.nan
        if ranked:
            rank[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        root = roots[c] - 1
        slot = first_out[i]
        for _ in range(outs[i]):
            if not np.isnan(values[slot]):
                root = _remove(nodes, root, slot)
            slot = following[slot]
        v = x[i]
        if not np.isnan(v):
            root = _insert(nodes, values, root, place[i])
        roots[c] = root + 1
        n = _size(nodes, root)
        if n == 0 or n < min_rows:
            continue
        for k in range(len(quantiles)):
            at = quantiles[k] * (n - 1)
            low = int(at)
            low_value = _pick(nodes, values, root, low)
            result[k, i] = low_value
            if at > low:
                step = _pick(nodes, values, root, low + 1) - low_value
                result[k, i] = low_value + step * (at - low)
        if ranked and not np.isnan(v):
            smaller = _below(nodes, values, root, v, False)
            rank[i] = (smaller + 1 + _below(nodes, values, root, v, True)) / 2
