"""Operators in a notebook: what is shown, and that any browser can read it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import tickops as ops
from tests.tickops.test_laws import CASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.tickops.test_laws import Case
    from tickops import Operator


class _Page(HTMLParser):
    """Reads a page as a browser would, but fails where a browser would guess."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.code: list[str] = []
        self.changed: list[str] = []
        self.hints: dict[str, str] = {}
        self.text = ""
        self._marked = False
        self._hint = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert set(given) <= {"style", "title", "colspan"}
        self.tags.append(tag)
        self.open.append(tag)
        if tag == "code":
            self.code.append("")
            self._marked, self._hint = "style" in given, given.get("title") or ""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "code":
            if self._marked:
                self.changed.append(self.code[-1])
            if self._hint:
                self.hints[self.code[-1]] = self._hint

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and self.open[-1] == "code":
            self.code[-1] += data


def _page(operator: Operator) -> _Page:
    shown: Any = operator
    return _Page(shown._repr_html_())


def _text(value: Any) -> str:
    """As a parameter has to be shown, for those of the table of laws; the beginning of it."""
    if isinstance(value, pl.Expr):
        return str(value)
    if isinstance(value, tuple) and any(isinstance(part, pl.Expr) for part in value):  # pyright: ignore[reportUnknownVariableType]
        return str(value[0])  # pyright: ignore[reportUnknownArgumentType]
    return re.sub(r"^mappingproxy\((.*)\)$", r"\1", repr(value))[:150]  # pyright: ignore[reportUnknownArgumentType]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_every_operator_is_whole_html_with_its_parameters(case: Case) -> None:
    page = _page(case.operator)
    assert set(page.tags) <= {"div", "table", "tr", "th", "td", "b", "span", "code"}
    for step in case.operator.operators:
        assert type(step).__name__ in page.text
        for parameter in fields(step):  # pyright: ignore[reportArgumentType]
            value = getattr(step, parameter.name)
            if isinstance(case.operator, ops.chain) and repr(value) == repr(parameter.default):
                continue
            assert any(_text(value) in code for code in page.code), parameter.name
            assert any(parameter.name in code for code in page.code)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_the_columns_shown_are_those_of_a_run(case: Case) -> None:
    """The independent witness is the schema that comes out of a real frame."""
    frame = _frame() if case.prepare is None else case.prepare.apply(_frame())
    page = _page(case.operator)
    last = case.operator.operators[-1]
    made = case.operator.output_schema(frame.schema)
    came_in = case.operator.operators[:-1]
    before = ops.chain(*came_in).output_schema(frame.schema) if came_in else frame.schema
    for name in made:
        if name not in before:
            assert name in page.code, f"{last} makes {name}, and does not say so"
    needed = [name for name in case.operator.operators[0].needs if name in frame.columns]
    assert set(needed) <= set(page.code)


def _frame() -> pl.DataFrame:
    book = {
        "bid_prices": [[9.7, 9.6, 9.5, 9.4, 9.3]],
        "ask_prices": [[9.8, 9.9, 10.0, 10.1, 10.2]],
        "bid_volumes": [[5, 4, 3, 2, 1]],
        "ask_volumes": [[1, 2, 3, 4, 5]],
    }
    names = ("last_price", "prev_close", "open", "high", "low", "amount")
    numbers = {name: [9.75] for name in names}
    return pl.DataFrame(
        {"symbol": ["600000.SH"], "timestamp": [1776754800000], "region": ["CN"], "volume": [1000]}
        | numbers
        | book
    ).with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC")))


def test_a_single_operator_by_hand() -> None:
    page = _page(ops.vwap(window="5m", late="include"))
    assert page.text.startswith("vwap Volume-weighted average price of a symbol: ΣΔamount")
    assert page.changed == ["'5m'", "'include'"]
    assert "default: 'drop'" in page.text
    assert page.text.count("default") == 3  # those of window and late, and unit is one
    assert page.text.endswith(
        "Needssymbol"
        "String or Categorical"
        "timestampDatetime"
        "delta_volumean integer type"
        "delta_amounta numeric type"
        "AddsvwapFloat64"
    )


def test_what_needs_more_than_it_says_shows_that_too() -> None:
    assert "loudBoolean or Enum" in _page(ops.cooldown("loud", "3s")).text
    assert "midFloat64 or Int64; other columns do too" in _page(ops.trade_side()).text
    assert (
        "regionInt64, Boolean, String or Enum"
        in _page(ops.cross_section("1m", {"amount": "rank"}, groups="region")).text
    )
    assert "channelEnum" in _page(ops.asof("depth")).text
    assert "channel" not in _page(ops.deltas()).text


def test_rows_left_out_are_said() -> None:
    assert "fewer rows" in _page(ops.filter(pl.col("volume") > 5)).text
    assert "fewer rows" not in _page(ops.spread()).text
    assert "fewer rows" not in _page(ops.tick_bars(3)).text
    assert "Givessymbol" in _page(ops.tick_bars(3)).text


def test_a_replaced_column_is_given() -> None:
    page = _page(ops.with_columns(pl.col("last_price").round(2)))
    assert page.text.endswith("Addslast_pricefollows the input")
    page = _page(ops.with_columns(pl.col("timestamp").dt.minute().alias("minute")))
    assert page.text.endswith("Needstimestampas its expression takes itAddsminuteInt8")
    chain = _page(ops.chain(ops.spread(), ops.with_columns(pl.col("mid") > 0)))
    assert chain.hints["mid"] == "Boolean"


def test_types_that_follow_the_input_are_said_to() -> None:
    page = _page(ops.resample("5m", "volume"))
    assert "volumeany typeGives" in page.text
    assert page.text.endswith("volumefollows the input")


def test_a_chain_is_a_flow() -> None:
    page = _page(ops.chain(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m", fill=True)))
    frames, deltas, vwap, bars = page.text.removeprefix("chain").split("→")
    assert frames == "frameswith symbol, timestamp, volume, amount, last_price, high, low"
    assert deltas.startswith("deltasneeds symbol, timestamp, volume, amountadds delta_volume")
    assert vwap == "vwap window='5m'needs symbol, timestamp, delta_volume, delta_amountadds vwap"
    assert bars.startswith("bars every='1m' fill=True")
    assert "gives symbol, trading_day, start, end" in bars
    assert page.changed == ["window='5m'", "fill=True"]
    assert page.hints["trading_day"] == "Date"


def test_a_column_made_in_a_chain_is_none_of_its_input() -> None:
    quiet = ops.chain(
        ops.with_columns(loud=pl.col("volume") > 9, tag=pl.col("symbol").cast(pl.String)),
        ops.cooldown("loud", "3s"),
        ops.filter(pl.col("loud_fired")),
    )
    frames, *_, last = _page(quiet).text.split("→")
    assert frames == "chainframeswith volume, symbol, timestamp"
    assert "needs loud_fired" in last


def test_a_column_that_a_step_cannot_have_is_marked() -> None:
    wrong = _page(ops.chain(ops.deltas(), ops.bars("1m"), ops.lag("last_price"), ops.lag("close")))
    *_, of_missing, of_close = wrong.text.split("→")
    assert "last_price (made by no step before)" in of_missing
    assert "symbol (made by no step before)" not in of_missing
    assert "close (made" not in of_close


def test_text_of_the_user_is_escaped() -> None:
    name = "<script>alert('&')</script>"
    for operator in (ops.lag(name), ops.chain(ops.lag(name)), ops.filter(pl.col(name) > 0)):
        page = _page(operator)
        assert "script" not in page.tags
        assert name in page.text


def test_an_operator_of_the_user() -> None:
    @ops.stateful(
        inputs={"last_price": float, "on": bool}, outputs=["drawdown"], state={"high": 0.0}
    )
    def drawdown(row: Any, state: Any, out: Any, least: float = 0.0) -> None:
        """Fall from `the` highest <price>."""
        state.high = max(state.high, row.last_price)
        out.drawdown = 1 - row.last_price / state.high if row.on else least

    page = _page(drawdown(least=0.1))
    assert page.text.startswith("drawdown Fall from the highest <price>.")
    assert page.code[0] == "the"
    assert page.changed == ["0.1"]
    assert page.text.endswith("onBooleanAddsdrawdownFloat64")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class _Moody(ops.Operator):
    """Refuses."""

    names: tuple[str, ...] = field(default=(), kw_only=False)

    def outputs(self, schema: pl.Schema) -> Mapping[str, Any]:
        raise RuntimeError("not today")

    def core(self, schema: pl.Schema, symbols: Any) -> Any:
        raise NotImplementedError


def test_an_operator_that_refuses_everything_is_shown_all_the_same() -> None:
    page = _page(_Moody())
    assert (
        page.text
        == "_Moody Refuses.Parametersnames()defaultNeedsno columnGiveswhat the frame decides"
    )
    assert "gives what the frame decides" in _page(ops.chain(_Moody(), ops.lag("a"))).text


def test_an_expression_of_many_types_still_names_its_columns() -> None:
    page = _page(ops.filter((pl.col("tag") == "x") & (pl.col("n") > 3)))
    assert "tagas its expression takes it" in page.text
    assert "nas its expression takes it" in page.text


def test_a_type_that_only_a_step_before_makes() -> None:
    chain = ops.chain(
        ops.with_columns(both=pl.concat_list("high", "low")),
        ops.with_columns(mean=pl.col("both").list.mean()),
    )
    *_, last = _page(chain).text.split("→")
    assert last.endswith("needs bothadds mean")
    assert _page(chain).hints["mean"] == "Float64"


def test_long_values_are_cut() -> None:
    page = _page(ops.microprice([[0.001 * k for k in range(-200, 201)]]))
    assert max(map(len, page.code)) <= 160
    assert any(code.endswith("…") for code in page.code)
