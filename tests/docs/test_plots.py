"""Each operator has a picture, and something is to be seen in it."""

import re
from xml.etree import ElementTree

import polars as pl
import pytest

import tickops as ops
from docs.figures import figure, market
from docs.plots import PLOTS, START
from tests.operator_table import operators


def test_each_operator_is_drawn() -> None:
    assert sorted(PLOTS) == sorted(operators())


@pytest.mark.parametrize("name", PLOTS)
def test_what_it_draws_uses_the_operator(name: str) -> None:
    kinds = {type(one).__name__ for one in PLOTS[name].operator.operators}
    assert name in kinds or name == "chain"


@pytest.mark.parametrize("name", [name for name, plot in PLOTS.items() if plot.call])
def test_the_call_that_is_shown_makes_the_operator(name: str) -> None:
    made = eval(PLOTS[name].call, {"pl": pl, name: getattr(ops, name)})
    assert made == PLOTS[name].operator


def test_every_picture_shows_something() -> None:
    for name, plot in PLOTS.items():
        root = ElementTree.fromstring(figure(name).replace(" data-search-exclude", "", 1))
        paths = [path.get("d", "") for path in root.iter("path")]
        marks = sum(len(re.findall("[LV]", path)) for path in paths)
        price = re.findall("L", max(paths, key=lambda path: path.count("L")))
        assert len(price) > 30, name
        for colour in ("#1f77b4", "#ff7f0e")[: len(plot.over) + len(plot.below)]:
            own = [one for one in root.iter() if colour in (one.get("stroke"), one.get("fill"))]
            shown = sum(len(one) + len(re.findall("[LV]", one.get("d", ""))) for one in own)
            assert shown >= 3, f"{name}: next to nothing in {colour}"
        if plot.candles:
            bodies = [one for one in root.iter("rect") if one.get("fill")]
            assert len(bodies) >= 5, name
        assert marks > 30, name


def test_the_market_begins_at_ten() -> None:
    rows = market()
    assert START.hour == 2
    times = rows.filter(pl.col("channel") == "quotes")["timestamp"]
    assert (times >= START).all()
    assert rows["channel"].unique().sort().to_list() == ["quotes", "depth"]
