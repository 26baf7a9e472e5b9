"""One book at a time: spreads, weighted mid, imbalance."""

import numpy as np

from tickops._arrays import F64
from tickops._kernels._jit import kernel

__all__ = ["imbalance", "spread", "weighted_mid"]


@kernel
def spread(bids: F64, asks: F64, mid: F64, width: F64, width_bps: F64) -> None:
    """Mid, quoted spread and spread in basis points of the mid.

    Parameters
    ----------
    bids, asks
        (n, ≥1) prices, best first; 0 or NaN is none.
    mid, width, width_bps
        (n,) written; NaN where a side is absent. O(1) a row.
    """
    for i in range(len(bids)):
        b = bids[i, 0]
        a = asks[i, 0]
        if b > 0 and a > 0:
            mid[i] = (a + b) / 2
            width[i] = a - b
            width_bps[i] = 10_000 * (a - b) / ((a + b) / 2)
        else:
            mid[i] = np.nan
            width[i] = np.nan
            width_bps[i] = np.nan


@kernel
def weighted_mid(bids: F64, asks: F64, bid_volumes: F64, ask_volumes: F64, result: F64) -> None:
    """Mid weighted by the volume on the other side: (q_b·a + q_a·b) / (q_a + q_b).

    Parameters
    ----------
    bids, asks
        (n, ≥1) prices, best first; 0 or NaN is none.
    bid_volumes, ask_volumes
        (n, ≥1) volumes.
    result
        (n,) written; NaN where a side or all volume is absent. O(1) a row.
    """
    for i in range(len(bids)):
        b = bids[i, 0]
        a = asks[i, 0]
        total = bid_volumes[i, 0] + ask_volumes[i, 0]
        if b > 0 and a > 0 and total > 0:
            result[i] = (bid_volumes[i, 0] * a + ask_volumes[i, 0] * b) / total
        else:
            result[i] = np.nan


@kernel
def imbalance(
    bids: F64, asks: F64, bid_volumes: F64, ask_volumes: F64, weights: F64, result: F64
) -> None:
    """Σ w_k (q_b − q_a) / Σ w_k (q_b + q_a) over the levels.

    Parameters
    ----------
    bids, asks
        (n, levels) prices, best first; a level with 0 or NaN does not count.
    bid_volumes, ask_volumes
        (n, levels) volumes.
    weights
        (levels,) weight of each level.
    result
        (n,) written; NaN where a side or all volume is absent. O(levels) a row.
    """
    for i in range(len(bids)):
        if not (bids[i, 0] > 0 and asks[i, 0] > 0):
            result[i] = np.nan
            continue
        difference = 0.0
        total = 0.0
        for k in range(len(weights)):
            bid = bid_volumes[i, k] if bids[i, k] > 0 else 0.0
            ask = ask_volumes[i, k] if asks[i, k] > 0 else 0.0
            difference += weights[k] * (bid - ask)
            total += weights[k] * (bid + ask)
        result[i] = difference / total if total > 0 else np.nan
