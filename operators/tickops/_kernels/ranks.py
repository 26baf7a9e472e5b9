"""Median, quantiles and rank over windows, from each symbol's values in order.

The values lie in sorted blocks, so that the processor goes through few lines of memory side by
side. All of a block is gone over, several values at once: to guess where a value is to be, and
to guess wrong, takes longer. The blocks of a symbol are the nodes of a treap: in the order of
their values, and a heap by a number that is drawn from the slot, which keeps it about as deep as
the logarithm of its size. How values are spread over blocks never shows in a result.

What is done for each row is written so that no references to arrays are counted in it, since to
count one takes as long as to go over a quarter of a block: small functions that call no others and
do not touch an array after a loop, and the rest in `ranks` itself.
"""

import numpy as np

from tickops._arrays import F64, I32, I64, Records, Scalar
from tickops._kernels._jit import kernel

__all__ = ["BLOCK", "HALF", "NODE", "WIDTH", "ranks"]

BLOCK = 128
"""Values that a block has room for. Measured from 64 to 256, with windows of 20 to 5,000 rows."""
HALF = BLOCK // 2
WIDTH = BLOCK + 8
"""Numbers in a block: its values, and behind them infinity, at least once."""

_STEP = 32
"""Values are gone over in steps of so many, so that few different lengths are to be guessed."""

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
def _new(nodes: Records, blocks: F64, pool: I64) -> int:
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
    blocks[slot, :] = np.inf
    return slot


@kernel
def _split(nodes: Records, blocks: F64, pool: I64, root: Scalar, slot: Scalar) -> int:
    """Move the larger half of a full block to a new one after it; return the root."""
    new = _new(nodes, blocks, pool)
    for j in range(HALF):
        blocks[new, j] = blocks[slot, HALF + j]
        blocks[slot, HALF + j] = np.inf
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
    if nodes[root]["size"] == nodes[root]["count"]:
        return root  # the only one, as in most windows
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
def _replace(block: F64, count: Scalar, old: Scalar, new: Scalar) -> None:
    """Take a value out of the first so many of a block, and put another in.

    To put one in only, the old is infinity; to take one out, the new.
    """
    before = -np.inf
    for j in range((count + _STEP - 1) // _STEP * _STEP):
        # First the values without the old one; the new one then goes between two of them. Both
        # numbers are read whichever is needed: several at once can only be read so.
        value = block[j]
        after = block[j + 1]
        here = value if value < old else after
        least = new if new < here else here
        block[j] = before if before > least else least
        before = here


@kernel
def _sparse(nodes: Records, slot: Scalar) -> bool:
    """Whether a block is empty, or fits into a half with one beside it.

    So of two neighbours one is more than a quarter full: memory is in proportion to the values.
    """
    count = nodes[slot]["count"]
    before = nodes[slot]["before"]
    after = nodes[slot]["after"]
    return (
        count == 0
        or (before != _NONE and nodes[before]["count"] + count <= HALF)
        or (after != _NONE and nodes[after]["count"] + count <= HALF)
    )


@kernel
def _tidy(nodes: Records, blocks: F64, pool: I64, root: Scalar, slot: Scalar) -> int:
    """Merge a block that is `_sparse` with one beside it; return the root, -1 for none."""
    count = nodes[slot]["count"]
    before = nodes[slot]["before"]
    if count > 0 and before != _NONE and nodes[before]["count"] + count <= HALF:
        _merge(nodes, blocks, before, slot)
    elif count > 0:
        before = slot
        slot = nodes[slot]["after"]
        _merge(nodes, blocks, before, slot)
    return _unlink(nodes, pool, root, slot)


@kernel
def _pick(nodes: Records, root: Scalar, k: Scalar) -> tuple[Scalar, Scalar]:
    """Block of the value that k others are before, in order, and its place there."""
    at = root
    while True:
        node = nodes[at]
        left = node["left"]
        below = 0 if left == _NONE else nodes[left]["size"]
        if k < below:
            at = left
        elif k < below + node["count"]:
            return at, k - below
        else:
            k -= below + node["count"]
            at = node["right"]


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
            for j in range((nodes[at]["count"] + _STEP - 1) // _STEP * _STEP):
                count += blocks[at, j] <= v if equal else blocks[at, j] < v
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
        (blocks,) of NODE and (blocks, WIDTH), values in order; updated in place.
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
            count = nodes[at]["count"]
            if k == outs[i] - 1 and _belongs(nodes, blocks, at, v):
                _replace(blocks[at], count, old, v)
                v = np.nan
                continue
            _replace(blocks[at], count, old, np.inf)
            nodes[at]["count"] = count - 1
            _resize(nodes, at, -1)
            if _sparse(nodes, at):
                root = _tidy(nodes, blocks, pool, root, at)
        if not np.isnan(v):
            if root == _NONE:
                root = _new(nodes, blocks, pool)
            at = _find(nodes, blocks, root, v)
            if nodes[at]["count"] == BLOCK:
                root = _split(nodes, blocks, pool, root, at)
                if not v < blocks[nodes[at]["after"], 0]:
                    at = nodes[at]["after"]
            nodes[at]["count"] += 1
            _replace(blocks[at], nodes[at]["count"], np.inf, v)
            _resize(nodes, at, 1)
        roots[c] = root + 1
        n = _size(nodes, root)
        if n == 0 or n < min_rows:
            continue
        for k in range(len(quantiles)):
            place = quantiles[k] * (n - 1)
            at, j = _pick(nodes, root, int(place))
            value = blocks[at, j]
            if j + 1 == nodes[at]["count"]:  # the next one is in another block, or there is none
                after = nodes[at]["after"]
                at = at if after == _NONE else after
                j = j - 1 if after == _NONE else -1
            result[k, i] = value + (blocks[at, j + 1] - value) * (place - int(place))
        if ranked and not np.isnan(x[i]):
            smaller = _below(nodes, blocks, root, x[i], False)
            rank[i] = (smaller + 1 + _below(nodes, blocks, root, x[i], True)) / 2
