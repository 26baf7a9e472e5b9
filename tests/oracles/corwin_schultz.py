"""Corwin and Schultz's spread, as the paper writes it, in 50 digits."""

from collections import defaultdict
from decimal import Decimal, localcontext

from tests.oracles.market import Row

NOISE = Decimal("1e-12")


def corwin_schultz(rows: list[Row], *, overnight: bool, negative: str) -> list[Row]:
    periods = defaultdict[str, list[Row]](list)
    out = list[Row]()
    for row in rows:
        spread = None
        if row["symbol"] is not None and row["high"] and row["low"]:
            past = periods[row["symbol"]]
            if past:
                with localcontext() as context:
                    context.prec = 50
                    spread = _sign(_spread(past[-1], row, overnight=overnight), negative)
            past.append(row)
        out.append(row | {"corwin_schultz": spread})
    return out


def _spread(before: Row, row: Row, *, overnight: bool) -> Decimal:
    high, low = Decimal(row["high"]), Decimal(row["low"])
    if overnight and before["close"]:
        close = Decimal(before["close"])
        change = max(low - close, Decimal(0)) + min(high - close, Decimal(0))
        high, low = high - change, low - change
    first_high, first_low = Decimal(before["high"]), Decimal(before["low"])
    beta = (first_high / first_low).ln() ** 2 + (high / low).ln() ** 2
    gamma = (max(high, first_high) / min(low, first_low)).ln() ** 2
    root, two = Decimal(2).sqrt(), Decimal(2)
    nearly = 3 - 2 * root
    alpha = ((two * beta).sqrt() - beta.sqrt()) / nearly - (gamma / nearly).sqrt()
    return 2 * (alpha.exp() - 1) / (1 + alpha.exp())


def _sign(spread: Decimal, negative: str) -> float | None:
    if abs(spread) < NOISE:
        return 0.0
    if spread > 0 or negative == "keep":
        return float(spread)
    return 0.0 if negative == "zero" else None
