"""Imbalance and spread of books in buckets, and what is known of each bucket."""

import numpy as np

from tickops._arrays import F64, I64
from tickops._kernels._jit import kernel

__all__ = ["adjust", "states"]


@kernel
def _ticks(bid: float, ask: float, tick: float) -> int:
    """Spread in ticks; 0 where a side is absent."""
    if not (0 < bid < np.inf and 0 < ask < np.inf) or (ask - bid) / tick > 1e9:
        return 0
    return int(np.floor((ask - bid) / tick + 0.5))


@kernel
def _bucket(bid_volume: float, ask_volume: float, buckets: int) -> int:
    """Bucket of an imbalance; mirrored volumes are in the mirrored one (but see `adjust`)."""
    total = bid_volume + ask_volume
    if bid_volume < ask_volume:
        return int(np.floor(buckets * bid_volume / total))
    return buckets - 1 - int(np.floor(buckets * ask_volume / total))


@kernel
def states(
    bids: F64,
    asks: F64,
    bid_volumes: F64,
    ask_volumes: F64,
    tick: float,
    buckets: int,
    max_ticks: int,
    state: I64,
    twice_mid: I64,
) -> None:
    """Which bucket of spread and imbalance each book is in.

    Parameters
    ----------
    bids, asks, bid_volumes, ask_volumes
        (n, ≥1) books, best first; a price of 0 or NaN is none.
    tick
        Price step.
    buckets, max_ticks
        How many of imbalance, and of spread.
    state
        (n,) written: (spread − 1) · buckets + bucket of the imbalance; -1 for none.
    twice_mid
        (n,) written where there is a state: twice the mid, in ticks. O(1) a row.
    """
    for i in range(len(bids)):
        state[i] = -1
        b = bids[i, 0]
        a = asks[i, 0]
        ticks = _ticks(b, a, tick)
        if 1 <= ticks <= max_ticks and bid_volumes[i, 0] + ask_volumes[i, 0] > 0:
            bucket = _bucket(bid_volumes[i, 0], ask_volumes[i, 0], buckets)
            state[i] = (ticks - 1) * buckets + bucket
            twice_mid[i] = int(np.floor((a + b) / tick + 0.5))


@kernel
def adjust(
    bids: F64,
    asks: F64,
    bid_volumes: F64,
    ask_volumes: F64,
    tick: float,
    adjustment: F64,
    result: F64,
) -> None:
    """Mid and what is added to it for spread and imbalance.

    Parameters
    ----------
    bids, asks, bid_volumes, ask_volumes, tick
        As for `states`.
    adjustment
        (spreads, buckets) from a spread of one tick on. A balanced book between two buckets
        has the mean of both.
    result
        (n,) written; NaN for a book without state. O(1) a row.
    """
    spreads, buckets = adjustment.shape
    for i in range(len(bids)):
        result[i] = np.nan
        b = bids[i, 0]
        a = asks[i, 0]
        bid = bid_volumes[i, 0]
        ask = ask_volumes[i, 0]
        ticks = _ticks(b, a, tick)
        if not (1 <= ticks <= spreads and bid + ask > 0):
            continue
        row = adjustment[ticks - 1]
        more = row[_bucket(bid, ask, buckets)]
        if bid == ask and buckets % 2 == 0:
            more = (row[buckets // 2 - 1] + row[buckets // 2]) / 2
        result[i] = (a + b) / 2 + more
