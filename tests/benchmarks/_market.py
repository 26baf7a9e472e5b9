"""``python -m tests.benchmarks._market``: serves the whole market at its rate, until killed.

For 90 s; with ``--endless`` as long as it is asked for, made on the way.

5,400 quotes and 5,400 books every 3 s, in messages of 100 rows spread over the 3 s as the
exchanges' are; prints its URL.
"""

from __future__ import annotations

import sys
import threading
from itertools import count
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from tests.benchmarks._days import names
from tickflow_rx.server import Batch, Prepared, Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["main"]

_ROWS = 100
_PERIOD_MS = 3_000


def _batches(snapshots: Iterable[int]) -> Iterator[Batch]:
    symbols = names()
    groups = [symbols[i : i + _ROWS] for i in range(0, len(symbols), _ROWS)]
    rng = np.random.default_rng(3)
    for k in snapshots:
        for g, group in enumerate(groups):
            at = 1_776_735_000_000 + k * _PERIOD_MS + g * _PERIOD_MS // len(groups)
            prices = np.round(10 + rng.normal(0, 0.1, len(group)), 2).tolist()
            quotes = [_quote(s, at, p, k) for s, p in zip(group, prices, strict=True)]
            books = [_book(s, at, p) for s, p in zip(group, prices, strict=True)]
            yield Batch(at, "quotes", tuple(group), tuple(quotes))
            yield Batch(at, "depth", tuple(group), tuple(books))


def _quote(symbol: str, at: int, price: float, k: int) -> bytes:
    return msgspec.json.encode(
        {
            "symbol": symbol,
            "region": "CN",
            "last_price": price,
            "prev_close": 10.0,
            "open": 10.0,
            "high": 11.0,
            "low": 9.0,
            "volume": 1_000 + 10 * k,
            "amount": 1_000_000.0 + 10_000 * k,
            "timestamp": at,
            "ext": {"type": "cn_equity", "name": "平安银行", "change_pct": 0.01},
        }
    )


def _book(symbol: str, at: int, price: float) -> bytes:
    levels = np.arange(5) / 100
    return msgspec.json.encode(
        {
            "symbol": symbol,
            "region": "CN",
            "timestamp": at,
            "bid_prices": np.round(price - 0.01 - levels, 2).tolist(),
            "bid_volumes": [3192, 3870, 26168, 5849, 5480],
            "ask_prices": np.round(price + 0.01 + levels, 2).tolist(),
            "ask_volumes": [74, 1602, 1148, 1209, 1109],
        }
    )


def main() -> None:
    """Serve until killed."""
    endless = "--endless" in sys.argv
    batches = _batches(count()) if endless else list(_batches(range(30)))
    source = Prepared(batches, speed=1.0)
    subscribed = 2 * len(names())
    with Server(
        source, compression=False, start_when=lambda c: c.subscriptions == subscribed
    ) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
