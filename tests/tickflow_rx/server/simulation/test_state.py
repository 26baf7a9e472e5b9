import numpy as np
import pytest

from tickflow_rx.server._simulation._state import MarketState
from tickflow_rx.server._simulation._universe import Kind, make_universe

BID, ASK = 0, 1


def state(
    symbols: list[str], prev_close: list[int], kinds: dict[str, Kind] | None = None
) -> MarketState:
    universe = make_universe(symbols, kinds or {}, np.random.default_rng(0))
    return MarketState(universe, np.array(prev_close), np.random.default_rng(1))


@pytest.mark.parametrize(
    ("symbol", "prev_close", "upper", "lower"),
    [
        ("600000.SH", 1000, 1100, 900),
        ("600000.SH", 1005, 1106, 905),  # 11.055 and 9.045, half-up
        ("000001.SZ", 1234, 1357, 1111),  # 13.574 and 11.106
        ("300001.SZ", 1234, 1481, 987),  # 14.808 and 9.872
        ("688001.SH", 1000, 1200, 800),
        ("920001.BJ", 1234, 1604, 864),  # 16.042 and 8.638
    ],
)
def test_price_limits_by_board(symbol: str, prev_close: int, upper: int, lower: int) -> None:
    market = state([symbol], [prev_close])
    assert (market.upper[0], market.lower[0]) == (upper, lower)


def test_a_sealed_limit_has_one_side_and_trades_at_it() -> None:
    market = state(["600000.SH"], [1000], {"600000.SH": "limit_up"})
    everyone = np.array([0])
    while market.book_prices[ASK, 0, 0] or not market.book_prices[BID, 0, 0]:
        market.step(everyone)
    assert market.book_prices[BID, 0, 0] == 1100
    before = market.shares[0], market.fen[0]
    market.step(everyone, must_trade=True)
    if not market.book_prices[ASK, 0, 0]:
        assert market.last[0] == 1100
        shares, fen = market.shares[0] - before[0], market.fen[0] - before[1]
        assert fen == shares * 1100


def test_symbols_that_are_not_named_stay_as_they_are() -> None:
    market = state(["600000.SH", "000001.SZ"], [1000, 2000])
    market.begin_auction()
    market.auction_step(np.array([0]))
    market.step(np.array([0]), must_trade=True)
    assert market.shares[0] > 0
    assert market.shares[1] == market.last[1] == market.book_prices[:, 1].sum() == 0


def test_an_auction_without_orders_trades_nothing() -> None:
    market = state(["600000.SH"], [1000])
    market.begin_auction()
    market.auction_trade(np.array([0]))
    assert market.shares[0] == market.last[0] == 0
    assert market.book_prices[BID, 0, 0] > 0
