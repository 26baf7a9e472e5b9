"""Pictures of the site, against coordinates worked out by hand."""

import re
from xml.etree import ElementTree

import pytest

from docs.svg import Candle, Panel, Series, picture

# A panel lies between x = 64 and x = 692; the first one begins at y = 6.


def drawn(*panels: Panel) -> ElementTree.Element:
    return ElementTree.fromstring(picture(panels, (0, 10), ("10:00", "10:30")))


def lines(root: ElementTree.Element) -> list[str]:
    return [path.get("d", "") for path in root.iter("path")]


def test_a_line_goes_from_corner_to_corner() -> None:
    root = drawn(Panel(100, [Series([0, 5, 10], [1.0, 1.5, 2.0], "red")]))
    assert lines(root) == ["M64.0 106.0L378.0 56.0L692.0 6.0"]


def test_none_leaves_a_gap() -> None:
    root = drawn(Panel(100, [Series([0, 2.5, 5, 10], [1.0, None, 1.5, 2.0], "red")]))
    assert lines(root) == ["M64.0 106.0M378.0 56.0L692.0 6.0"]


def test_impulses_stand_on_zero() -> None:
    root = drawn(Panel(100, [Series([0, 5, 10], [1.0, None, 4.0], "red", "impulses")]))
    assert lines(root) == ["M64.0 106.0V81.0M692.0 106.0V6.0"]


def test_dots() -> None:
    root = drawn(Panel(100, [Series([0, 5, 10], [1.0, None, 2.0], "red", "dots")]))
    assert [(c.get("cx"), c.get("cy")) for c in root.iter("circle")] == [
        ("64.0", "106.0"),
        ("692.0", "6.0"),
    ]


@pytest.mark.parametrize(("close", "colour"), [(4.0, "#d62728"), (1.0, "#2ca02c")])
def test_a_candle_has_its_shadow_and_its_body(close: float, colour: str) -> None:
    candle = Candle(start=0, end=10, open=2.0, high=5.0, low=0.0, close=close)
    root = drawn(Panel(100, candles=[candle]))
    assert lines(root) == ["M378.0 6.0V106.0"]
    _, body = root.iter("rect")
    top = {4.0: "26.0", 1.0: "66.0"}[close]
    height = {4.0: "40.0", 1.0: "20.0"}[close]
    assert (body.get("y"), body.get("height"), body.get("fill")) == (top, height, colour)
    assert (body.get("x"), body.get("width")) == ("64.5", "627.0")


def test_panels_stand_below_each_other_with_their_range() -> None:
    series = Series([0, 10], [1.0, 2.0], "red"), Series([0, 10], [30.0, 40.0], "red")
    root = drawn(*(Panel(100, [one]) for one in series))
    assert [box.get("y") for box in root.iter("rect")] == ["6", "128"]
    assert [text.text for text in root.iter("text")] == ["2", "1", "40", "30", "10:00", "10:30"]


def test_values_that_are_all_the_same_are_in_the_middle() -> None:
    root = drawn(Panel(100, [Series([0, 10], [3.0, 3.0], "red")]))
    assert lines(root) == ["M64.0 56.0L692.0 56.0"]


def test_nothing_to_draw_is_an_empty_panel() -> None:
    assert lines(drawn(Panel(100, [Series([0], [None], "red")]))) == [""]


def test_texts_are_escaped() -> None:
    assert re.search("<text[^>]*>&lt;a&gt;</text>", picture([Panel(9)], (0, 1), ("<a>", "b")))
