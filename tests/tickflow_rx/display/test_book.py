"""The book's content."""

import pytest

import tickops as ops
from tests.tickflow_rx.display.stage import books, quotes
from tickflow_rx.display._book import Levels


def test_the_newest_book_of_the_symbol() -> None:
    content = Levels("600000.SH")
    content.take(books("600000.SH", [(9.70, 1)], [(9.80, 1)]))
    content.take(books("600000.SH", [(9.71, 300), (9.70, 100)], [(9.73, 100)]))
    content.take(books("000001.SZ", [(11.0, 1)], [(11.1, 1)]))
    message = content.changes()
    assert message is not None
    shown = message.content
    assert shown["bid"] == [{"price": 9.71, "volume": 300}, {"price": 9.70, "volume": 100}]
    assert shown["ask"] == [{"price": 9.73, "volume": 100}]
    assert shown["imbalance"] == pytest.approx((400 - 100) / (400 + 100))
    assert shown["mid"] == pytest.approx(9.72)
    assert shown["spread_bps"] == pytest.approx(10_000 * 0.02 / 9.72)
    assert shown["time"] == "09:30:00"
    assert shown["digits"] == 2
    assert content.changes() is None
    assert content.everything() is message


def test_an_empty_side_has_no_mid() -> None:
    content = Levels("600000.SH")
    content.take(books("600000.SH", [(9.71, 300)], []))
    message = content.changes()
    assert message is not None
    assert message.content["ask"] == []
    assert message.content["mid"] is None
    assert message.content["spread_bps"] is None
    assert message.content["imbalance"] in (None, 1)


def test_funds_have_three_decimals() -> None:
    content = Levels("510300.SH")
    content.take(books("510300.SH", [(3.951, 300)], [(3.952, 1)]))
    message = content.changes()
    assert message is not None
    assert message.content["digits"] == 3


def test_other_symbols_alone_show_nothing() -> None:
    content = Levels("600000.SH")
    content.take(books("000001.SZ", [(11.0, 1)], [(11.1, 1)]))
    assert content.changes() is None
    assert content.everything() is None


def test_it_forgets() -> None:
    content = Levels("600000.SH")
    content.take(books("600000.SH", [(9.71, 300)], [(9.73, 100)]))
    content.forget()
    assert content.everything() is None


def test_a_missing_column_is_told() -> None:
    with pytest.raises(ops.SchemaError, match="book needs the column 'bid_prices'"):
        Levels("600000.SH").take(quotes(("600000.SH", 9.7)))
