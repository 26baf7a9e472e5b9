"""The state of a simulated market within a day, and what can happen to it.

All steps are vectorised over the symbols they are given. Prices are integer ticks of 0.01 yuan and
money is integer fen, so that what is summed stays exact; 0 is no price.
"""

from typing import Final

import numpy as np

from tickflow_rx.server._messages import LEVELS
from tickflow_rx.server._simulation._universe import Floats, Ints, Universe

SHARES_PER_LOT: Final = 100
# Below this a single odd lot would move amount / (volume in lots * 100) visibly off the price.
_ODD_FROM_SHARES: Final = 1000 * SHARES_PER_LOT
_SEALED_LOTS: Final = 400
_LESS_THAN_A_LOT: Final = 0.01
# Bids go down from the best price, asks up.
_AWAY: Final = np.array([-1, 1])[:, None, None]


class MarketState:
    """Quotes and books of all symbols at this moment.

    Parameters
    ----------
    universe
        The instruments.
    prev_close
        Yesterday's closing prices, in ticks.
    rng
        Where the day's chance comes from.
    """

    def __init__(self, universe: Universe, prev_close: Ints, rng: np.random.Generator) -> None:
        count = len(universe)
        self.universe = universe
        self.prev_close = prev_close
        percent = universe.limit_percent
        # Half-up to the cent, in integers.
        self.upper = (prev_close * (100 + percent) + 50) // 100
        self.lower = (prev_close * (100 - percent) + 50) // 100
        self.last = np.zeros(count, np.int64)
        self.open = np.zeros(count, np.int64)
        self.high = np.zeros(count, np.int64)
        self.low = np.zeros(count, np.int64)
        self.shares = np.zeros(count, np.int64)
        self.fen = np.zeros(count, np.int64)
        self.book_prices, self.book_lots = empty_books(count), empty_books(count)
        self._rng = rng
        self._match = np.zeros(count, np.int64)
        self._matched_lots = np.zeros(count, np.int64)
        self._pull, self._target = self._course()
        self._center = self._opening()

    def begin_auction(self) -> None:
        """Start a call auction with nothing matched, near where the price is."""
        self._match = np.clip(np.rint(self._center).astype(np.int64), self.lower, self.upper)
        self._matched_lots[:] = 0

    def auction_step(self, where: Ints) -> None:
        """Orders come in: bid1 = ask1 = the virtual match; level 2 shows what is unmatched.

        Level 2 has a volume on one side and no price, as on the exchange.
        """
        rng, lots = self._rng, self.universe.lots[where]
        shift = rng.integers(-3, 4, len(where))
        match = np.clip(self._match[where] + shift, self.lower[where], self.upper[where])
        more = np.floor(rng.exponential(lots)).astype(np.int64)
        matched = self._matched_lots[where] + more
        rest = np.rint(rng.normal(0.0, lots)).astype(np.int64)
        self._match[where], self._matched_lots[where] = match, matched
        self.clear_books(where)
        any_matched = matched > 0
        self.book_prices[:, where, 0] = np.where(any_matched, match, 0)
        self.book_lots[:, where, 0] = matched
        unmatched = np.stack([rest, -rest])
        self.book_lots[:, where, 1] = np.where(any_matched, np.maximum(unmatched, 0), 0)

    def auction_trade(self, where: Ints) -> None:
        """Execute what is matched, at one price, and show a book around it."""
        traded = where[self._matched_lots[where] > 0]
        price = self._match[traded]
        self._center[traded] = price + 0.5
        self._record(traded, price, self._matched_lots[traded] * SHARES_PER_LOT)
        self.last[traded] = price
        self._make_books(where)

    def step(self, where: Ints, *, must_trade: bool = False) -> None:
        """Three seconds of continuous trading: the price moves, and most symbols trade."""
        if not len(where):
            return
        rng, universe = self._rng, self.universe
        center = self._center[where]
        noise = rng.normal(0.0, universe.sigma[where] * self.prev_close[where])
        center += self._pull[where] * (self._target[where] - center) + noise
        # A little beyond the limits: there the price is sealed until it comes back.
        self._center[where] = np.clip(center, self.lower[where] - 4.0, self.upper[where] + 4.0)
        self._make_books(where)
        chance = 1.0 if must_trade else universe.trade[where]
        self._trade(where[rng.random(len(where)) < chance])

    def clear_books(self, where: Ints) -> None:
        """Empty both sides: no price and no volume on any level."""
        self.book_prices[:, where] = 0
        self.book_lots[:, where] = 0

    def _course(self) -> tuple[Floats, Floats]:
        """How strongly, and to what price, each symbol is drawn on this day."""
        universe = self.universe
        up = np.array([kind == "limit_up" for kind in universe.kinds])
        down = np.array([kind == "limit_down" for kind in universe.kinds])
        fair = self.prev_close * (
            1.0 + np.clip(self._rng.normal(0.0, 0.01, len(universe)), -0.03, 0.03)
        )
        target = np.where(up, self.upper * 1.02, np.where(down, self.lower * 0.98, fair))
        return np.where(up | down, 0.006, 0.002), target

    def _opening(self) -> Floats:
        move = np.clip(self._rng.normal(0.0, 0.006, len(self.universe)), -0.02, 0.02)
        return self.prev_close * (1.0 + move)

    def _make_books(self, where: Ints) -> None:
        upper, lower = self.upper[where], self.lower[where]
        center = np.floor(self._center[where]).astype(np.int64)
        sealed_up, sealed_down = center >= upper, center < lower
        bid = np.clip(center, lower, upper)
        ask = np.minimum(bid + 1 + self._rng.poisson(self.universe.spread[where]), upper)
        best = np.stack([bid, np.where(sealed_down, lower, ask)])
        sealed = np.stack([sealed_up, sealed_down])
        prices = self._level_prices(where, best)
        lots = self._level_lots(where, prices.shape)
        lots[sealed, 0] += np.rint(_SEALED_LOTS * lots[sealed, 1]).astype(np.int64)
        # Where one side is sealed the other has no orders.
        real = (prices >= lower[:, None]) & (prices <= upper[:, None]) & ~sealed[::-1, :, None]
        if (thin := self.universe.thin[where]).any():
            levels = np.where(thin, self._rng.integers(0, LEVELS + 1, sealed.shape), LEVELS)
            real &= np.arange(LEVELS) < levels[:, :, None]
        self.book_prices[:, where] = prices * real
        self.book_lots[:, where] = lots * real

    def _level_prices(self, where: Ints, best: Ints) -> Ints:
        steps = 1 + self._rng.poisson(self.universe.gap[where, None], (*best.shape, LEVELS))
        steps[:, :, 0] = 0
        return best[:, :, None] + _AWAY * np.cumsum(steps, axis=2)

    def _level_lots(self, where: Ints, shape: tuple[int, ...]) -> Ints:
        rng, universe = self._rng, self.universe
        lots = 1 + rng.exponential(universe.lots[where, None], shape).astype(np.int64)
        # Less than a lot shows as a price with volume 0.
        lots[universe.odd[where, None] & (rng.random(shape) < _LESS_THAN_A_LOT)] = 0
        return lots

    def _trade(self, where: Ints) -> None:
        """Trade at the best prices, in two prints: high and low may move though last does not."""
        rng = self._rng
        bid, ask = self.book_prices[:, where, 0]
        priced = (bid > 0) | (ask > 0)
        where, bid, ask = where[priced], bid[priced], ask[priced]
        buys = ((rng.random(len(where)) < 0.5) & (ask > 0)) | (bid == 0)
        last = np.choose(buys, (bid, ask))
        sealed = (bid == 0) | (ask == 0)
        beside = np.where(sealed, 0, rng.integers(-2, 3, len(where)))
        first = np.clip(last + beside, self.lower[where], self.upper[where])
        lots = self.universe.lots[where]
        first_shares = rng.exponential(lots / 2).astype(np.int64) * SHARES_PER_LOT
        last_shares = (1 + rng.exponential(lots).astype(np.int64)) * SHARES_PER_LOT
        odd = self.universe.odd[where] & (self.shares[where] >= _ODD_FROM_SHARES)
        odd &= rng.random(len(where)) < 0.3
        last_shares += np.where(odd, rng.integers(1, SHARES_PER_LOT, len(where)), 0)
        printed = first_shares > 0
        self._record(where[printed], first[printed], first_shares[printed])
        self._record(where, last, last_shares)
        self.last[where] = last

    def _record(self, where: Ints, price: Ints, shares: Ints) -> None:
        opening = self.open[where] == 0
        self.open[where] = np.where(opening, price, self.open[where])
        self.high[where] = np.maximum(self.high[where], price)
        self.low[where] = np.where(opening, price, np.minimum(self.low[where], price))
        self.shares[where] += shares
        self.fen[where] += shares * price


def empty_books(count: int) -> Ints:
    """Prices, or volumes, of books without orders: by side (bid, ask), symbol and level."""
    return np.zeros((2, count, LEVELS), np.int64)
