"""What the highs and lows of two periods tell."""

import math

import numpy as np

from tickops._arrays import F64, I32, Records
from tickops._kernels._jit import kernel

__all__ = ["PERIOD", "corwin_schultz"]

PERIOD = np.dtype([("high", np.float64), ("low", np.float64), ("close", np.float64)])
"""By symbol: its last period; a high of 0 is none."""

_ZERO = 1
# A spread nearer to 0 comes of float noise in prices.
_NOTHING = 1e-12


@kernel
def _adjusted(high: float, low: float, close: float) -> tuple[float, float]:
    """High and low less what the price moved between the close before and them."""
    if 0 < close < low:
        return high - (low - close), close
    if high < close < np.inf:
        return close, low + (close - high)
    return high, low


@kernel
def corwin_schultz(
    codes: I32, high: F64, low: F64, close: F64, negative: int, state: Records, result: F64
) -> None:
    """Relative spread 2(e^α − 1)/(e^α + 1) of each period and the one before.

    Parameters
    ----------
    codes
        (n,) symbol number; -1: leave the row alone.
    high, low
        (n,) of a period, which has none where they are not 0 < low ≤ high < ∞.
    close
        (n,) NaN or not above 0 for none; or empty: highs and lows as they are.
    negative
        What becomes of a spread below 0: 0 null, 1 zero, 2 kept.
    state
        (symbols,) of PERIOD, updated in place.
    result
        (n,) written; NaN where there is no period before. O(1) a row.
    """
    overnight = len(close) > 0
    for i in range(len(codes)):
        result[i] = np.nan
        c = codes[i]
        if c < 0 or not 0 < low[i] <= high[i] < np.inf:
            continue
        s = state[c]
        if s["high"] > 0:
            top, bottom = _adjusted(high[i], low[i], s["close"])
            beta_root = math.hypot(math.log(s["high"] / s["low"]), math.log(top / bottom))
            gamma_root = math.log(max(top, s["high"]) / min(bottom, s["low"]))
            # (√(2β) − √β)/(3 − 2√2) − √(γ/(3 − 2√2)), and 3 − 2√2 = (√2 − 1)²
            spread = 2 * math.tanh((beta_root - gamma_root) / (math.sqrt(2.0) - 1) / 2)
            if abs(spread) < _NOTHING:
                spread = 0.0
            if spread >= 0 or negative > _ZERO:
                result[i] = spread
            elif negative == _ZERO:
                result[i] = 0.0
        s["high"] = high[i]
        s["low"] = low[i]
        s["close"] = close[i] if overnight else np.nan
