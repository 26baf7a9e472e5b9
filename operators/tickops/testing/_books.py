"""Order books shaped like the real ones, from a few drawn numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["BOOK_COLUMNS", "SHAPES", "Book", "book_of"]

BOOK_COLUMNS: Final = ("bid_prices", "bid_volumes", "ask_prices", "ask_volumes")

SHAPES: Final = ("", "auction", "no_ask", "no_bid", "thin", "empty")
"""Shapes of books that real feeds show; the first is a plain one. There is also "hollow"."""


@dataclass(frozen=True, slots=True)
class Book:
    """One book, best level first, prices in cents; level price 0 means there is none."""

    bid_prices: list[int]
    bid_volumes: list[int]
    ask_prices: list[int]
    ask_volumes: list[int]


def book_of(shape: str, number: int, bid: int, levels: int) -> Book:
    """Build a book around a best bid in cents; spread and volumes follow from a number."""
    spread, slope, best = 1 + number % 4, number % 10, 1 + number % 903
    depths = range(levels)
    volumes = [best + slope * depth for depth in depths]
    book = Book(
        [max(bid - depth, 1) for depth in depths],
        volumes,
        [bid + spread + depth for depth in depths],
        volumes[::-1] if slope % 2 else [volume + number % 5 for volume in volumes],
    )
    match shape:
        case "auction":  # the virtual match, and behind it what stays unmatched on one side
            prices = _padded([bid], levels)
            asks = _padded([best], levels)
            return Book(prices, _padded([best, slope], levels), list(prices), asks)
        case "no_ask":
            return Book(book.bid_prices, book.bid_volumes, [0] * levels, [0] * levels)
        case "no_bid":
            return Book([0] * levels, [0] * levels, book.ask_prices, book.ask_volumes)
        case "empty":
            return Book(*([0] * levels for _ in BOOK_COLUMNS))
        case "thin":
            bids, asks = 1 + number % levels, 1 + number // levels % levels
            return Book(
                _padded(book.bid_prices[:bids], levels),
                _padded(book.bid_volumes[:bids], levels),
                _padded(book.ask_prices[:asks], levels),
                _padded(book.ask_volumes[:asks], levels),
            )
        case "hollow":
            return Book(book.bid_prices, [0] * levels, book.ask_prices, [0] * levels)
        case _:
            return book


def _padded(values: list[int], levels: int) -> list[int]:
    return (values + [0] * levels)[:levels]
