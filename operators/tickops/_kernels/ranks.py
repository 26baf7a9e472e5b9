"""Median, quantiles and rank over windows, from each symbol's values in order.

The values lie in sorted blocks, so that the processor goes through few lines of memory side by
side. The blocks of a symbol are the nodes of a treap: in the order of their values, and a heap by
a number that is drawn from the slot, which keeps it about as deep as the logarithm of its size.
How values are spread over blocks never shows in a result.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Records, Scalar
from tickops._kernels._jit import kernel

__all__ = ["BLOCK", "HALF", "NODE", "ranks"]

BLOCK = 128
"""Values that a block has room for. Measured from 64 to 256, with windows of 20 to 5,000 rows."""
HALF = BLOCK // 2

NODE = np.dtype(
    [
        ("left", np.int32),
        ("right", np.int32),
        ("up", np.int32),
        ("before", np.int32),
        ("after", np.int32),
        ("count", np.int32),
        ("size", np.int64),
    ]
)
"""A block: slots of its children and its parent, and of the blocks before and after it, -1 for
none; how many values it has, and how many it and all below it have."""

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
def _resize(nodes: Records, slot: Scalar, change: Scalar) -> None:
    """Let a block, and all above it, have so many values more."""
    while slot != _NONE:
        nodes[slot]["size"] += change
        slot = nodes[slot]["up"]


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
    nodes[up]["size"] = (
        nodes[up]["count"] + _size(nodes, nodes[up]["left"]) + _size(nodes, nodes[up]["right"])
    )


@kernel
def _new(nodes: Records, pool: I64) -> int:
    """Slot of an empty block."""
    slot = pool[0] - 1
    if slot == _NONE:
        slot = pool[1]
        pool[1] += 1
    else:
        pool[0] = nodes[slot]["after"] + 1
    node = nodes[slot]
    node["left"] = _NONE
    node["right"] = _NONE
    node["up"] = _NONE
    node["before"] = _NONE
    node["after"] = _NONE
    node["count"] = 0
    node["size"] = 0
    return slot


@kernel
def _split(nodes: Records, blocks: F64, pool: I64, root: Scalar, slot: Scalar) -> int:
    """Move the larger half of a full block to a new one after it; return the root."""
    new = _new(nodes, pool)
    for j in range(HALF):
        blocks[new, j] = blocks[slot, HALF + j]
    nodes[slot]["count"] = HALF
    nodes[new]["count"] = HALF
    nodes[new]["size"] = HALF
    after = nodes[slot]["after"]
    nodes[new]["before"] = slot
    nodes[new]["after"] = after
    nodes[slot]["after"] = new
    if after != _NONE:
        nodes[after]["before"] = new
    up = slot
    if nodes[slot]["right"] == _NONE:
        nodes[slot]["right"] = new
    else:
        up = after  # the leftmost on the right
        nodes[up]["left"] = new
    nodes[new]["up"] = up
    while up != slot:
        nodes[up]["size"] += HALF
        up = nodes[up]["up"]
    mine = _priority(new)
    while nodes[new]["up"] != _NONE and _priority(nodes[new]["up"]) < mine:
        _rise(nodes, new)
    return new if nodes[new]["up"] == _NONE else root


@kernel
def _unlink(nodes: Records, pool: I64, root: Scalar, slot: Scalar) -> int:
    """Give back a block that is empty; return the root, -1 when there is none."""
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
        root = child
    elif nodes[up]["left"] == slot:
        nodes[up]["left"] = child
    else:
        nodes[up]["right"] = child
    if node["before"] != _NONE:
        nodes[node["before"]]["after"] = node["after"]
    if node["after"] != _NONE:
        nodes[node["after"]]["before"] = node["before"]
    node["after"] = pool[0] - 1
    pool[0] = slot + 1
    return root


@kernel
def _merge(nodes: Records, blocks: F64, slot: Scalar, after: Scalar) -> None:
    """Move the values of a block to the one before it."""
    count = nodes[slot]["count"]
    more = nodes[after]["count"]
    for j in range(more):
        blocks[slot, count + j] = blocks[after, j]
    nodes[slot]["count"] += more
    nodes[after]["count"] = 0
    _resize(nodes, slot, more)
    _resize(nodes, after, -more)


@kernel
def _find(nodes: Records, blocks: F64, root: Scalar, v: Scalar) -> int:
    """Block where a value is or is to be: the last to begin with none larger, or the first."""
    at = root
    last = root
    found = _NONE
    while at != _NONE:
        last = at
        if v < blocks[at, 0]:
            at = nodes[at]["left"]
        else:
            found = at
            at = nodes[at]["right"]
    return last if found == _NONE else found


@kernel
def _belongs(nodes: Records, blocks: F64, slot: Scalar, v: Scalar) -> bool:
    """Whether `_find` gives this block for a value; never for NaN."""
    after = nodes[slot]["after"]
    first = nodes[slot]["before"] == _NONE or v >= blocks[slot, 0]
    return first and (v < blocks[after, 0] if after != _NONE else v == v)


@kernel
def _position(block: F64, v: Scalar) -> int:
    """How many values of a block are smaller: looking at all is faster than bisecting."""
    below = 0
    for j in range(len(block)):
        if block[j] < v:
            below += 1
    return below


@kernel
def _move_up(block: F64, v: Scalar) -> None:
    """Put a value first, and the others one further; the last falls out."""
    for j in range(len(block)):
        block[j], v = v, block[j]


@kernel
def _move_down(block: F64, v: Scalar) -> None:
    """Put a value last, and the others one nearer; the first falls out."""
    for j in range(len(block) - 1):
        block[j] = block[j + 1]
    block[-1] = v


@kernel
def _insert(nodes: Records, blocks: F64, pool: I64, root: Scalar, v: Scalar) -> int:
    """Put a value where it is to be; return the root."""
    if root == _NONE:
        root = _new(nodes, pool)
    slot = _find(nodes, blocks, root, v)
    if nodes[slot]["count"] == BLOCK:
        root = _split(nodes, blocks, pool, root, slot)
        if not v < blocks[nodes[slot]["after"], 0]:
            slot = nodes[slot]["after"]
    count = nodes[slot]["count"]
    block = blocks[slot]
    _move_up(block[_position(block[:count], v) : count + 1], v)
    nodes[slot]["count"] = count + 1
    _resize(nodes, slot, 1)
    return root


@kernel
def _remove(nodes: Records, blocks: F64, pool: I64, root: Scalar, slot: Scalar, v: Scalar) -> int:
    """Take a value out of the block that `_find` gave; return the root, -1 for none."""
    count = nodes[slot]["count"] - 1
    block = blocks[slot, : count + 1]
    _move_down(block[_position(block, v) :], v)
    nodes[slot]["count"] = count
    _resize(nodes, slot, -1)
    if count == 0:
        return _unlink(nodes, pool, root, slot)
    # Of two neighbours one is more than a quarter full: memory is in proportion to the values.
    before = nodes[slot]["before"]
    after = nodes[slot]["after"]
    if before != _NONE and nodes[before]["count"] + count <= HALF:
        _merge(nodes, blocks, before, slot)
        return _unlink(nodes, pool, root, slot)
    if after != _NONE and count + nodes[after]["count"] <= HALF:
        _merge(nodes, blocks, slot, after)
        return _unlink(nodes, pool, root, after)
    return root


@kernel
def _replace(block: F64, old: Scalar, new: Scalar) -> None:
    """Take a value out of a block and put another in."""
    was = _position(block, old)
    to = _position(block, new)
    if to > was:
        _move_down(block[was:to], new)
    else:
        _move_up(block[to : was + 1], new)


@kernel
def _pick(nodes: Records, blocks: F64, root: Scalar, k: Scalar) -> Scalar:
    """The value that k others are before, in order."""
    at = root
    while True:
        below = _size(nodes, nodes[at]["left"])
        if k < below:
            at = nodes[at]["left"]
        elif k < below + nodes[at]["count"]:
            return blocks[at, k - below]
        else:
            k -= below + nodes[at]["count"]
            at = nodes[at]["right"]


@kernel
def _below(nodes: Records, blocks: F64, root: Scalar, v: Scalar, equal: bool) -> int:
    """How many values are smaller than v, or (`equal`) not larger."""
    passed = 0
    count = 0
    at = root
    while at != _NONE:
        first = blocks[at, 0]
        if first < v or (equal and first == v):
            passed += _size(nodes, nodes[at]["left"])
            count = passed
            for j in range(nodes[at]["count"]):
                if blocks[at, j] < v or (equal and blocks[at, j] == v):
                    count += 1
            passed += nodes[at]["count"]
            at = nodes[at]["right"]
        else:
            at = nodes[at]["left"]
    return count


@kernel
def ranks(
    codes: I32,
    x: F64,
    first_out: I32,
    outs: I32,
    following: I32,
    values: F64,
    min_rows: int,
    quantiles: F64,
    nodes: Records,
    blocks: F64,
    pool: I64,
    roots: I64,
    result: F64,
    rank: F64,
) -> None:
    """Quantiles of windows, and the rank of the newest value in them.

    Parameters
    ----------
    codes, x
        (n,) symbol number (-1: leave the row alone), value, NaN for null.
    first_out, outs, following
        As ``windows.slide`` has them.
    values
        (capacity,) value by slot.
    min_rows
        With fewer values in the window the result is null.
    quantiles
        (k,) from 0 to 1.
    nodes, blocks
        (blocks,) of NODE and (blocks, BLOCK), values in order; updated in place.
    pool
        (2,) a block that was given back and 1 more, 0 for none, and how many were ever in use;
        updated in place. A row may need one more.
    roots
        (symbols,) the root of each symbol's blocks and 1 more, 0 for none; updated in place.
    result
        (k, n) written: quantiles, interpolated linearly; NaN for null.
    rank
        (n,) written: rank of the row's value, from 1, the mean of those that are equal; NaN for
        null. Or empty, where nobody asks. O(log window) a row. In pandas:
        ``rolling(window).quantile(q)``, ``.rank()``.
    """
    ranked = len(rank) > 0
    for i in range(len(codes)):
        for k in range(len(quantiles)):
            result[k, i] = np.nan
        if ranked:
            rank[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        root = roots[c] - 1
        v = x[i] + 0.0  # -0.0 and 0.0 are one value
        slot = first_out[i]
        for k in range(outs[i]):
            old = values[slot]
            slot = following[slot]
            if np.isnan(old):
                continue
            at = _find(nodes, blocks, root, old)
            if k == outs[i] - 1 and _belongs(nodes, blocks, at, v):
                _replace(blocks[at, : nodes[at]["count"]], old, v)
                v = np.nan
            else:
                root = _remove(nodes, blocks, pool, root, at, old)
        if not np.isnan(v):
            root = _insert(nodes, blocks, pool, root, v)
        roots[c] = root + 1
        n = _size(nodes, root)
        if n == 0 or n < min_rows:
            continue
        for k in range(len(quantiles)):
            at = quantiles[k] * (n - 1)
            low = int(at)
            low_value = _pick(nodes, blocks, root, low)
            result[k, i] = low_value
            if at > low:
                step = _pick(nodes, blocks, root, low + 1) - low_value
                result[k, i] = low_value + step * (at - low)
        if ranked and not np.isnan(x[i]):
            smaller = _below(nodes, blocks, root, x[i], False)
            rank[i] = (smaller + 1 + _below(nodes, blocks, root, x[i], True)) / 2
