"""Static pictures: what is in them, and what Vega-Lite makes of them."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import altair as alt
import polars as pl
import pytest
import vl_convert

import tickops as ops
from tickflow_rx.display import _need
from tickflow_rx.display._plots import plot_bars, plot_book, plot_signal
from tickops import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OPENING = datetime(2026, 4, 21, 1, 30, tzinfo=UTC)
MIME = "application/vnd.vegalite.v5+json"
RED, GREEN = "#d9414e", "#1f9d6b"


def _bars(symbol: str = "600000.SH", minutes: Sequence[int] = range(10)) -> pl.DataFrame:
    starts = [OPENING + timedelta(minutes=minute) for minute in minutes]
    opens = [9.70 + 0.01 * (k % 3) for k in range(len(starts))]
    return pl.DataFrame(
        {
            "symbol": [symbol] * len(starts),
            "start": starts,
            "end": [start + timedelta(minutes=1) for start in starts],
            "open": opens,
            "high": [price + 0.03 for price in opens],
            "low": [price - 0.03 for price in opens],
            "close": [price + (0.02 if k % 2 else -0.02) for k, price in enumerate(opens)],
            "volume": [100 * (k + 1) for k in range(len(starts))],
            "vwap": opens,
        }
    )


def _signals(times: Sequence[datetime], symbol: str = "600000.SH") -> pl.DataFrame:
    count = len(times)
    return pl.DataFrame(
        {
            "symbol": [symbol] * count,
            "timestamp": times,
            "last_price": [9.70 + 0.01 * (k % 5) for k in range(count)],
            "imbalance": [(k % 7 - 3) / 3 for k in range(count)],
        },
        schema_overrides={"timestamp": pl.Datetime("ms", "UTC")},
    )


def _every_3_s(count: int, start: datetime = OPENING) -> list[datetime]:
    return [start + timedelta(seconds=3 * k) for k in range(count)]


def _book(**changes: Any) -> dict[str, Any]:
    return {
        "symbol": "600000.SH",
        "timestamp": OPENING,
        "bid_prices": [9.70, 9.69],
        "ask_prices": [9.71, 9.72],
        "bid_volumes": [300, 100],
        "ask_volumes": [100, 100],
    } | changes


def _nothing(_name: str) -> None:
    """Stand in for find_spec where nothing is installed."""


def _rows(picture: Any) -> list[dict[str, Any]]:
    spec = picture.to_dict()
    return spec["datasets"][spec["data"]["name"]]


def _title(picture: Any) -> dict[str, str]:
    return picture.to_dict()["title"]


def _bundle(picture: Any) -> Any:
    return picture._repr_mimebundle_()


def _svg(picture: Any) -> ElementTree.Element:
    """As the version of Vega-Lite that notebooks have draws what is kept in them."""
    spec = _bundle(picture)[MIME]
    return ElementTree.fromstring(vl_convert.vegalite_to_svg(spec, vl_version="5.21"))


def _marks(svg: ElementTree.Element, kind: str) -> list[list[ElementTree.Element]]:
    groups = [group for group in svg.iter() if f"mark-{kind} role-mark" in group.get("class", "")]
    return [[mark for mark in group.iter() if mark.get("d") or mark.text] for group in groups]


def _texts(svg: ElementTree.Element) -> list[str]:
    return [node.text for node in svg.iter() if node.tag.endswith("text") and node.text]


# ---- bars


def test_each_bar_is_a_candle_of_its_colour() -> None:
    svg = _svg(plot_bars(_bars()))
    candles, volumes = _marks(svg, "rect")
    fills = [mark.get("fill") for mark in candles]
    assert fills == [GREEN, RED] * 5  # the first falls
    assert [mark.get("fill") for mark in volumes] == fills
    assert "600000.SH" in _texts(svg)


def test_outside_of_china_rising_is_green() -> None:
    colours = [
        mark.get("fill")
        for mark in _marks(_svg(plot_bars(_bars("AAPL.US", range(800, 802)))), "rect")[0]
    ]
    assert colours == [RED, GREEN]


def test_bars_are_drawn_at_the_time_of_the_exchange() -> None:
    assert _title(plot_bars(_bars()))["subtitle"] == (
        "2026-04-21 09:30 to 2026-04-21 09:40 at the exchange, 10 bars, line: VWAP"
    )
    in_new_york = plot_bars(_bars("AAPL.US", range(720, 723)))
    assert _rows(in_new_york)[0]["from"] == "2026-04-21 09:30"
    assert "09:35" in _texts(_svg(plot_bars(_bars())))


def test_no_line_goes_through_lunch() -> None:
    minutes = [*range(118, 120), *range(210, 213)]
    picture = plot_bars(_bars(minutes=minutes))
    assert [row["stretch"] for row in _rows(picture)] == [0, 0, 1, 1, 1]
    svg = _svg(picture)
    lines = [mark for group in _marks(svg, "line") for mark in group]
    assert len(lines) == 2
    left = [row["left"] for row in _rows(picture)]
    assert left[2] - left[1] < 65  # an hour and a half, shown as a hundredth of five minutes


def test_a_bar_without_a_price_is_no_candle() -> None:
    bars = _bars().with_columns(pl.when(pl.col("volume") != 300).then("close").alias("close"))
    assert len(_rows(plot_bars(bars))) == 9
    with pytest.raises(ValueError, match="not 0: none has any"):
        plot_bars(bars.with_columns(close=pl.lit(None, pl.Float64)))


def test_bars_need_no_vwap() -> None:
    svg = _svg(plot_bars(_bars().drop("vwap")))
    assert not _marks(svg, "line")
    assert len(_marks(svg, "rect")[0]) == 10


def test_bars_made_by_the_operator_are_drawn() -> None:
    quotes = pl.DataFrame(
        {
            "symbol": ["600000.SH"] * 4,
            "timestamp": [1776735000000, 1776735003000, 1776735030000, 1776735063000],
            "last_price": [9.70, 9.72, 9.71, 9.73],
            "high": [9.72] * 3 + [9.73],
            "low": [9.70] * 4,
            "volume": [1000, 1010, 1030, 1040],
            "amount": [970_000.0, 979_720.0, 999_140.0, 1_008_870.0],
        }
    ).with_columns(
        pl.col("timestamp").cast(pl.Datetime("ms", "UTC")), pl.col("symbol").cast(ops.SYMBOL)
    )
    rows = _rows(plot_bars(ops.chain(ops.deltas(), ops.bars("1m")).apply(quotes)))
    assert [(row["from"][-5:], row["open"], row["close"], row["move"]) for row in rows] == [
        ("09:30", 9.72, 9.71, "down"),
        ("09:31", 9.73, 9.73, "up"),
    ]


def test_too_many_bars_are_refused() -> None:
    with pytest.raises(ValueError, match=r"from 1 to 2,000 bars.*not 2,001: make longer"):
        plot_bars(_bars(minutes=range(2_001)))


# ---- signals


def test_the_price_is_above_and_each_signal_below() -> None:
    frame = _signals(_every_3_s(50)).with_columns(on=pl.col("imbalance") > 0)
    picture = plot_signal(frame, ["imbalance", "on"])
    titles = [text for text in _texts(_svg(picture)) if text in frame.columns]
    assert titles == ["last_price", "imbalance", "on"]
    rows = _rows(picture)
    assert [row["y1"] for row in rows] == frame["imbalance"].to_list()
    assert [row["y2"] for row in rows] == frame["on"].cast(pl.Float64).to_list()
    assert rows[1]["at"] == "2026-04-21 09:30:03"


def test_a_signal_breaks_where_it_is_null_or_nan() -> None:
    values = [0.1, 0.2, None, 0.3, 0.4, float("nan"), 0.5, 0.6]
    frame = _signals(_every_3_s(8)).with_columns(imbalance=pl.Series(values))
    picture = plot_signal(frame, "imbalance")
    assert [row["y1"] for row in _rows(picture)][2::3] == [None, None]
    [line] = _marks(_svg(picture), "line")[1]
    assert (line.get("d") or "").count("M") == 3


def test_a_price_of_zero_is_none() -> None:
    frame = _signals(_every_3_s(3)).with_columns(last_price=pl.Series([0.0, 9.7, 9.8]))
    assert [row["y0"] for row in _rows(plot_signal(frame, "imbalance"))] == [None, 9.7, 9.8]


def test_rows_outside_of_sessions_are_left_out() -> None:
    hours = [(1, 14), (1, 15), (3, 30), (3, 31), (3, 32), (4, 0), (5, 0), (7, 1), (7, 2), (7, 30)]
    times = [datetime(2026, 4, 21, hour, minute, tzinfo=UTC) for hour, minute in hours]
    shown = [row["at"][11:16] for row in _rows(plot_signal(_signals(times), "imbalance"))]
    assert shown == ["09:15", "11:30", "11:31", "13:00", "15:01"]
    every = plot_signal(_signals(times), "imbalance", sessions=[("00:00", "23:59:59")])
    assert len(_rows(every)) == len(times)
    unknown = plot_signal(_signals(times, "BTC"), "imbalance")
    assert len(_rows(unknown)) == len(times)
    with pytest.raises(ValueError, match=r"of 10 rows of 'AAPL.US'.*none is in a session"):
        plot_signal(_signals(times, "AAPL.US"), "imbalance")


def test_of_many_rows_the_extremes_stay() -> None:
    frame = _signals(_every_3_s(2_300)).with_columns(
        imbalance=pl.when(pl.int_range(pl.len()) == 1_234).then(50.0).otherwise("imbalance"),
        last_price=pl.when(pl.int_range(pl.len()) == 77).then(1.5).otherwise("last_price"),
    )
    picture = plot_signal(frame, "imbalance", max_rows=300)
    rows = _rows(picture)
    assert len(rows) <= 300
    assert max(row["y1"] for row in rows) == 50.0
    assert min(row["y0"] for row in rows) == 1.5
    assert [row["place"] for row in rows] == sorted(row["place"] for row in rows)
    assert rows[0]["at"][11:] == "09:30:00"
    assert rows[-1]["at"][11:] == "11:24:57"
    assert f"2,300 rows, of which {len(rows)} are drawn" in _title(picture)["subtitle"]
    assert "drawn" not in _title(plot_signal(frame, "imbalance", max_rows=2_300))["subtitle"]


def test_thinning_makes_no_pauses() -> None:
    frame = _signals(_every_3_s(2_300))
    picture = plot_signal(frame, "imbalance", max_rows=100)
    assert {row["stretch"] for row in _rows(picture)} == {0}


def test_bars_have_signals_too() -> None:
    picture = plot_signal(_bars(), "volume")
    assert _rows(picture)[0]["at"] == "2026-04-21 09:31:00"
    assert _rows(picture)[0]["y0"] == _bars()["close"][0]


def test_rows_out_of_order_are_drawn_in_order() -> None:
    frame = _signals(_every_3_s(20))
    assert _rows(plot_signal(frame.reverse(), "imbalance")) == _rows(
        plot_signal(frame, "imbalance")
    )


def test_names_of_columns_are_no_paths() -> None:
    frame = _signals(_every_3_s(5)).rename({"imbalance": "a.b[0]'"})
    svg = _svg(plot_signal(frame, "a.b[0]'"))
    assert "a.b[0]'" in _texts(svg)
    assert len(_marks(svg, "line")[1]) == 1


def test_what_cannot_be_drawn_as_a_signal() -> None:
    frame = _signals(_every_3_s(3))
    with pytest.raises(ValueError, match="at least one column"):
        plot_signal(frame, [])
    with pytest.raises(ValueError, match=r"from 100 to 5,000, not 5001"):
        plot_signal(frame, "imbalance", max_rows=5_001)
    with pytest.raises(ValueError, match=r"found no price .*'imbalance'.*say which is, price="):
        plot_signal(frame.drop("last_price"), "imbalance")
    with pytest.raises(ValueError, match=r"sessions must be .*not 'DE'"):
        plot_signal(frame, "imbalance", sessions="DE")


# ---- books


def test_a_book_is_a_ladder_of_its_levels() -> None:
    svg = _svg(plot_book(_book()))
    texts = _texts(svg)
    levels = [text for text in texts if text.startswith(("bid", "ask"))]
    assert levels == ["ask 2   9.72", "ask 1   9.71", "bid 1   9.70", "bid 2   9.69"]
    assert "2026-04-21 09:30:00 at the exchange, imbalance 0.33" in texts
    [volumes] = _marks(svg, "text")
    assert [mark.text for mark in volumes] == ["100", "100", "300", "100"]


def test_a_level_without_a_price_is_not_drawn() -> None:
    book = _book(bid_prices=[9.70, 0.0], bid_volumes=[300, 700], ask_prices=[0.0, 0.0])
    picture = plot_book(book)
    assert [row["volume"] for row in _rows(picture)] == [300]
    assert _title(picture)["subtitle"].endswith("imbalance not defined")
    with pytest.raises(ValueError, match="no price on either side of"):
        plot_book(_book(bid_prices=[0.0, 0.0], ask_prices=[0.0, 0.0]))


def test_the_last_book_of_the_symbol_is_drawn() -> None:
    other = _book(symbol="000001.SZ", bid_volumes=[1, 1])
    frame = pl.DataFrame([_book(bid_volumes=[7, 7]), _book(), other])
    assert _rows(plot_book(frame, "600000.SH"))[2]["volume"] == 300
    assert _rows(plot_book(frame, "000001.SZ"))[2]["volume"] == 1


def test_noise_of_floats_is_no_decimal() -> None:
    picture = plot_book(_book(bid_prices=[85.40999999999998, 85.4], ask_prices=[85.5, 86.0]))
    assert [row["level"][-5:] for row in _rows(picture)] == ["86.00", "85.50", "85.41", "85.40"]


# ---- all of them


def test_a_saved_notebook_has_all_that_is_needed() -> None:
    bundle = _bundle(plot_bars(_bars()))
    kept = bundle[MIME]
    assert kept["$schema"].endswith("v5.json")
    assert "http" not in str(kept | {"$schema": ""})
    assert len(kept["datasets"][kept["data"]["name"]]) == 10
    png = b64decode(bundle["image/png"])
    assert png.startswith(b"\x89PNG")


def test_without_vl_convert_there_is_no_png(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickflow_rx.display._picture.find_spec", _nothing)
    bundle = _bundle(plot_bars(_bars()))
    assert set(bundle) == {"text/plain", MIME}


def test_a_renderer_that_was_chosen_does_it() -> None:
    with alt.renderers.enable("json"):
        assert MIME not in _bundle(plot_bars(_bars()))[0]


def test_a_picture_is_an_altair_chart() -> None:
    picture = plot_bars(_bars(), width=300, height=100)
    assert isinstance(picture, alt.VConcatChart)
    titled = picture.properties(title="mine")
    assert titled.to_dict()["title"] == "mine"
    assert MIME in _bundle(titled)


def _plot_imbalance(frame: pl.DataFrame, symbol: str | None = None) -> Any:
    return plot_signal(frame, "imbalance", symbol)


DRAWN: list[tuple[Callable[..., Any], pl.DataFrame]] = [
    (plot_bars, _bars()),
    (_plot_imbalance, _signals(_every_3_s(9))),
    (plot_book, pl.DataFrame([_book(), _book()])),
]


@pytest.mark.parametrize(("draw", "frame"), DRAWN)
def test_one_symbol_is_drawn(draw: Callable[..., Any], frame: pl.DataFrame) -> None:
    two = frame.vstack(frame.with_columns(symbol=pl.lit("000001.SZ")))
    with pytest.raises(ValueError, match=r"say which, symbol=…; the frame has 2: '600000.SH', '0"):
        draw(two)
    assert _title(draw(two, "000001.SZ"))["text"] == "000001.SZ"
    with pytest.raises(ValueError, match=r"finds no 'X'; the frame has 2"):
        draw(two, "X")
    assert _title(draw(frame.drop("symbol")))["text"] == "no symbol"
    with pytest.raises(ValueError, match="no column 'symbol'"):
        draw(frame.drop("symbol"), "X")


@pytest.mark.parametrize(("draw", "frame"), DRAWN)
def test_what_is_no_frame_of_rows_is_refused(draw: Callable[..., Any], frame: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="the frame has no rows"):
        draw(frame.clear())
    with pytest.raises(TypeError, match="not LazyFrame"):
        draw(frame.lazy())
    for name in ("start", "bid_prices", "imbalance"):
        if name in frame.columns:
            with pytest.raises(SchemaError, match=f"needs column '{name}'"):
                draw(frame.drop(name))


@pytest.mark.parametrize(("draw", "frame"), DRAWN)
def test_without_altair_it_says_what_to_install(
    draw: Callable[..., Any], frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_need, "find_spec", _nothing)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'tickflow-rx\[notebook\]'"):
        draw(frame)


def test_altair_is_imported_only_to_draw() -> None:
    code = "import sys, tickflow_rx.display._plots; print('altair' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
