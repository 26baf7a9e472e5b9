"""The state of a simulated market as rows of JSON."""

from typing import Final

import numpy as np

from tickflow_rx.server._messages import DepthRow, QuoteExt, QuoteRow, encode
from tickflow_rx.server._simulation._day import Rows
from tickflow_rx.server._simulation._state import SHARES_PER_LOT, MarketState, empty_books
from tickflow_rx.server._simulation._universe import Bools, Floats, Ints, Universe

_TICKS_PER_YUAN: Final = 100
_COLUMNS: Final = ("last", "high", "low", "shares", "fen")


class RowEncoder:
    """The newest row of every symbol, printed as a vendor would.

    It keeps its own copy of what was shown: the market's state may be ahead for symbols whose row
    is not due yet.

    Parameters
    ----------
    universe
        The instruments.
    prev_close
        Yesterday's closing prices, in ticks.
    """

    def __init__(self, universe: Universe, prev_close: Ints) -> None:
        count = len(universe)
        self._universe = universe
        self._prev_close = prev_close
        self._time_ms = np.zeros(count, np.int64)
        self._open, self._shown_open = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._last, self._high, self._low = (np.zeros(count, np.int64) for _ in range(3))
        self._shares, self._fen = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._book_prices, self._book_lots = empty_books(count), empty_books(count)
        self._session = np.full(count, None, np.object_)

    def show(self, state: MarketState, rows: Rows, time_ms: int) -> None:
        """Take over the state of the symbols in `rows`, as of `time_ms`."""
        where = rows.where
        for name in _COLUMNS:
            getattr(self, f"_{name}")[where] = getattr(state, name)[where]
        self._book_prices[:, where] = state.book_prices[:, where]
        self._book_lots[:, where] = state.book_lots[:, where]
        self._time_ms[where] = time_ms
        self._session[where] = rows.session
        # Shanghai prints the open a row late: 0 in its first traded row.
        late = self._universe.shanghai[where]
        self._shown_open[where] = np.where(late, self._open[where], state.open[where])
        self._open[where] = state.open[where]

    def shown(self) -> Ints:
        """Indices of the symbols that have a row."""
        return np.flatnonzero(self._time_ms)

    def symbols(self, where: Ints) -> list[str]:
        """Names of the symbols at these indices."""
        return [self._universe.symbols[index] for index in where.tolist()]

    def quotes(self, where: Ints) -> list[bytes]:
        """Rows of ``quotes``."""
        universe = self._universe
        ticks = (self._last, self._prev_close, self._shown_open, self._high, self._low)
        prices = _yuan(np.stack([column[where] for column in ticks]), universe.noisy[where])
        columns = zip(
            self.symbols(where),
            ["CN"] * len(where),
            *prices.tolist(),
            (self._shares[where] // SHARES_PER_LOT).tolist(),
            self._amounts(where),
            self._time_ms[where].tolist(),
            self._exts(where),
            np.where(universe.idle[where], "halted", self._session[where]).tolist(),
            strict=True,
        )
        return [encode(QuoteRow(*row)) for row in columns]

    def depth(self, where: Ints) -> list[bytes]:
        """Rows of ``depth``."""
        prices = _yuan(self._book_prices[:, where], self._universe.noisy[where, None])
        bid_prices, ask_prices = prices.tolist()
        bid_lots, ask_lots = self._book_lots[:, where].tolist()
        columns = zip(
            self.symbols(where),
            ["CN"] * len(where),
            self._time_ms[where].tolist(),
            bid_prices,
            bid_lots,
            ask_prices,
            ask_lots,
            strict=True,
        )
        return [encode(DepthRow(*row)) for row in columns]

    def _amounts(self, where: Ints) -> list[float | int]:
        fen, whole = self._fen[where], self._universe.whole[where].tolist()
        printed = zip(whole, (fen // 100).tolist(), (fen / 100).tolist(), strict=True)
        return [yuan if is_whole else amount for is_whole, yuan, amount in printed]

    def _exts(self, where: Ints) -> list[QuoteExt]:
        last, prev = self._last[where], self._prev_close[where]
        figures = (
            last / prev - 1,
            (last - prev) / _TICKS_PER_YUAN,
            (self._high[where] - self._low[where]) / prev,
            self._shares[where] / self._universe.float_shares[where],
        )
        rows = np.stack(figures, axis=1).round(6).tolist()
        indices: list[int] = where.tolist()
        names = [self._universe.names[index] for index in indices]
        return [
            QuoteExt("cn_equity", name, *(row if traded else (None,) * len(figures)))
            for name, traded, row in zip(names, (last > 0).tolist(), rows, strict=True)
        ]


def _yuan(ticks: Ints, noisy: Bools) -> Floats:
    """Prices; of noisy symbols every third is a hair too low, as sums of floats come out."""
    prices = ticks / _TICKS_PER_YUAN
    return np.where(noisy & (ticks % 3 == 0) & (ticks > 0), np.nextafter(prices, 0.0), prices)
