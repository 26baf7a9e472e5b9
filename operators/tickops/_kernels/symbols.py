"""Numbering symbols and finding the local time of rows."""

from tickops._arrays import I32, I64, U8, Bool
from tickops._kernels._jit import kernel

__all__ = ["encode", "localise"]

_DAY_US = 86_400_000_000


@kernel
def encode(
    categories: I32, valid: Bool, code_of_category: I32, count: int, codes: I32, first_rows: I64
) -> int:
    """Number categories in order of first appearance.

    Parameters
    ----------
    categories
        (n,) physical codes of a Categorical.
    valid
        (n,) rows to look at, or empty for all.
    code_of_category
        Number by category, -1 if it has none; new ones are written in place.
    count
        Numbers given before.
    codes
        (n,) written: the number of each row, -1 where not valid.
    first_rows
        (n,) written: for each new number in turn the row where it first stands.

    Returns
    -------
    int
        How many numbers are new. Cost: one look-up a row.
    """
    new = 0
    check = len(valid) > 0
    for i in range(len(categories)):
        if check and not valid[i]:
            codes[i] = -1
            continue
        category = categories[i]
        code = code_of_category[category]
        if code < 0:
            code = count + new
            code_of_category[category] = code
            first_rows[new] = i
            new += 1
        codes[i] = code
    return new


@kernel
def localise(
    codes: I32,
    times_us: I64,
    markets: U8,
    bounds: I64,
    starts_us: I64,
    offsets_us: I64,
    days: I32,
    time_of_day_us: I64,
) -> None:
    """Local date and time of day of rows.

    Parameters
    ----------
    codes
        (n,) symbol numbers; rows with -1 get day and time 0.
    times_us
        (n,) epoch microseconds UTC.
    markets
        Market by symbol number.
    bounds, starts_us, offsets_us
        A ``tickops._markets.ZoneTable``.
    days
        (n,) written: days since 1970-01-01, local.
    time_of_day_us
        (n,) written: microseconds since local midnight. Or empty, where nobody asks.

    Notes
    -----
    Cost: O(1) while a market's rows stay between two changes of its clock, else a scan of the
    table. In Polars: ``dt.convert_time_zone(zone)``, then ``dt.date()`` and ``dt.time()``.
    """
    # Rows follow each other within a day: [since, until) is where the last answer holds.
    asked = len(time_of_day_us) > 0
    market = -1
    since = 0
    until = 0
    midnight = 0
    day = 0
    for i in range(len(codes)):
        code = codes[i]
        if code < 0:
            days[i] = 0
            if asked:
                time_of_day_us[i] = 0
            continue
        t = times_us[i]
        if markets[code] != market or t < since or t >= until:
            market = markets[code]
            at = bounds[market]
            while at + 1 < bounds[market + 1] and t >= starts_us[at + 1]:
                at += 1
            day = (t + offsets_us[at]) // _DAY_US
            midnight = day * _DAY_US - offsets_us[at]
            since = max(midnight, starts_us[at])
            until = midnight + _DAY_US
            if at + 1 < bounds[market + 1]:
                until = min(until, starts_us[at + 1])
        days[i] = day
        if asked:
            time_of_day_us[i] = t - midnight
