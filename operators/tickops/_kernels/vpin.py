"""Volume buckets, and how one-sided they are."""

import numpy as np

from tickops._arrays import F64, I32, I64, Records
from tickops._kernels._jit import kernel

__all__ = ["STATE", "vpin"]

STATE = np.dtype(
    [
        ("filled", np.int64),
        ("net", np.int64),
        ("total", np.int64),
        ("place", np.int32),
        ("count", np.int32),
    ]
)
"""By symbol: volume in its open bucket, and bought less sold of it; where the next bucket goes
in its ring, how many there are, and the sum of their absolute imbalances."""


@kernel
def _close(s: Records, ring: I64, imbalance: int) -> None:
    """Put the imbalance of a full bucket into the ring, in place of the oldest."""
    place = s["place"]
    if s["count"] == len(ring):
        s["total"] -= ring[place]
    else:
        s["count"] += 1
    ring[place] = imbalance
    s["total"] += imbalance
    s["place"] = place + 1 if place + 1 < len(ring) else 0


@kernel
def vpin(
    codes: I32,
    delta_volume: I64,
    side: I64,
    bucket: int,
    state: Records,
    rings: I64,
    result: F64,
) -> None:
    """Mean absolute imbalance of the last buckets, by their volume.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    delta_volume, side
        (n,) what was traded, and above 0 (bought) or below (sold); 0 is unknown.
    bucket
        Volume of a bucket.
    state, rings
        (symbols,) of STATE, and (symbols, buckets) the imbalances of full buckets; updated in
        place.
    result
        (n,) written; NaN while fewer buckets are full. O(1) a row, and a full bucket.
    """
    buckets = rings.shape[1]
    for i in range(len(codes)):
        result[i] = np.nan
        c = codes[i]
        if c < 0:
            continue
        s = state[c]
        volume = delta_volume[i]
        if volume > 0 and side[i] != 0:
            sign = 1 if side[i] > 0 else -1
            room = bucket - s["filled"]
            if volume < room:
                s["filled"] += volume
                s["net"] += sign * volume
            else:
                volume -= room
                _close(s, rings[c], abs(s["net"] + sign * room))
                whole = volume // bucket
                for _ in range(min(whole, buckets)):  # more would only replace their like
                    _close(s, rings[c], bucket)
                s["filled"] = volume - whole * bucket
                s["net"] = sign * s["filled"]
        if s["count"] == buckets:
            result[i] = s["total"] / (float(bucket) * buckets)
