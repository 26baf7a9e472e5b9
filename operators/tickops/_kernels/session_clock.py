"""Session time that has passed."""

from tickops._arrays import I32, I64, U8
from tickops._kernels._jit import kernel

__all__ = ["passed"]


@kernel
def passed(
    codes: I32, time_of_day_us: I64, markets: U8, bounds: I64, hours: I64, result: I64
) -> None:
    """Time in sessions from local midnight to each row.

    Parameters
    ----------
    codes, time_of_day_us
        (n,) symbol number (-1: leave the row alone), us since local midnight.
    markets
        Market by symbol.
    bounds, hours
        Sessions of market m are ``hours[bounds[m]:bounds[m + 1]]``: (sessions, 2) us since
        local midnight, opening and close.
    result
        (n,) written, in us; 0 for rows left alone. O(sessions of a day) a row.
    """
    for i in range(len(codes)):
        total = 0
        if codes[i] >= 0:
            m = markets[codes[i]]
            for k in range(bounds[m], bounds[m + 1]):
                total += max(min(time_of_day_us[i], hours[k, 1]) - hours[k, 0], 0)
        result[i] = total
