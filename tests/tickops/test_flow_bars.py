"""What bars that close by what was traded have in common, and all of them against plain Python."""

from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tickops as ops
from tests import data
from tests.oracles import flow_bars as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import DELTAS, MONDAY, QUOTES, TUESDAY, at, micros, quote, quotes, traded
from tests.oracles.market import Row, rows_of
from tickops._bar_columns import bar_schema
from tickops.exceptions import LateRowError, SchemaError

SUMS = 1e-6
"""Sums of amounts that cancel are as exact as the amounts are."""

FEW = settings(strategies.EXAMPLES, max_examples=10 if strategies.SMALL else 40)


@dataclass(frozen=True)
class Kind:
    """One of the operators with its threshold, and what closes its bars in the oracle."""

    operator: type[Any]
    reached: oracle.Reached
    threshold: float
    of: str | None = None

    def make(self, **others: Any) -> ops.Operator:
        if self.of is None:
            return self.operator(self.threshold, **others)
        return self.operator(self.of, threshold=self.threshold, **others)

    def __repr__(self) -> str:
        return "-".join(filter(None, [self.operator.__name__, self.of]))


def kinds(*, rows: int, volume: int, amount: float) -> list[Kind]:
    flows = [("tick", rows), ("volume", volume), ("amount", amount)]
    totals = [ops.tick_bars, ops.volume_bars, ops.amount_bars]
    found = [
        Kind(operator, oracle.total(of, threshold), threshold)
        for operator, (of, threshold) in zip(totals, flows, strict=True)
    ]
    for of, threshold in flows:
        found += [
            Kind(ops.imbalance_bars, oracle.imbalance(of, threshold), threshold, of),
            Kind(ops.runs_bars, oracle.runs(of, threshold), threshold, of),
        ]
    return found


every_kind = pytest.mark.parametrize("kind", kinds(rows=3, volume=20, amount=25_000.0), ids=repr)


def bars_of(*rows: Row, op: ops.Operator) -> list[Row]:
    """Bars of the frame that the rows make, `deltas` before them."""
    return ops.chain(ops.deltas(gap_after="2h", late="include"), op).apply(quotes(rows)).to_dicts()


@every_kind
@FEW
@given(draws=st.data(), frame=strategies.quotes(max_size=30))
def test_equals_the_oracle(draws: st.DataObject, kind: Kind, frame: pl.DataFrame) -> None:
    daily, late = draws.draw(st.booleans()), draws.draw(st.sampled_from(["drop", "include"]))
    unit = draws.draw(st.sampled_from([None, 1, {"600000.SH": 200}]))
    rows = ops.deltas(late="include").apply(frame)
    if draws.draw(st.booleans()):
        rows = rows.with_columns(
            trade_side=pl.Series(
                [draws.draw(st.sampled_from([1, -1, 0, None])) for _ in range(rows.height)],
                dtype=pl.Int64,
            )
        )
    run = kind.make(daily=daily, unit=unit, late=late).start()
    out = pl.concat([*map(run.push, draws.draw(strategies.cuts(rows))), run.finish()])
    answer = oracle.flow_bars(rows_of(rows), kind.reached, daily=daily, unit=unit, late=late)
    assert_same(out, answer.bars, absolute=SUMS)
    counts = {"late": answer.late, "outside": answer.outside, "null": answer.null}
    name = repr(run.operator).partition("(")[0]
    assert left_out(run) == {f"{name}.{why}": count for why, count in counts.items() if count}


@every_kind
@FEW
@given(frame=strategies.markets())
def test_equals_the_oracle_in_all_markets(kind: Kind, frame: pl.DataFrame) -> None:
    rows = ops.deltas().apply(frame)
    answer = oracle.flow_bars(rows_of(rows), kind.reached)
    assert_same(kind.make().apply(rows), answer.bars, absolute=SUMS)


@pytest.mark.real_data
@pytest.mark.parametrize("name", data.SETS)
@pytest.mark.parametrize("kind", kinds(rows=6, volume=5000, amount=1e5), ids=repr)
def test_equals_the_oracle_on_real_days(name: str, kind: Kind) -> None:
    frame = data.quotes(name)
    frame = frame.filter(pl.col("symbol") == frame["symbol"][0])[:600]
    rows = ops.deltas(unit=1).apply(frame)
    answer = oracle.flow_bars(rows_of(rows), kind.reached, unit=1)
    assert len(answer.bars) > 5
    assert_same(kind.make(unit=1).apply(rows), answer.bars, absolute=1e-4)


def test_a_bar() -> None:
    rows = [
        quote("10:00:00", 100, 10.0),
        quote("10:00:03", 110, 10.1, amount=110_100.0, high=99.0, low=1.0),
        quote("10:00:06", 110, 88.0, amount=110_100.0),
        quote("10:00:09", 130, 9.8, amount=129_700.0, connection=2),
        quote("10:00:12", 131, 9.9, amount=130_690.0, connection=2),
    ]
    bar = bars_of(*rows, op=ops.volume_bars(30))[0]
    assert bar == {
        "symbol": "600000.SH",
        "trading_day": MONDAY,
        "start": at("10:00:03"),
        "end": at("10:00:09"),
        "open": 10.1,
        "high": 10.1,
        "low": 9.8,
        "close": 9.8,
        "volume": 30,
        "amount": 29_700.0,
        "vwap": pytest.approx(9.9),
        "rows": 3,
        "partial": False,
        "gap": True,
        "region": "CN",
    }


@every_kind
def test_rows_that_did_not_trade_begin_none(kind: Kind) -> None:
    rows = quote("10:00:00", 100), quote("10:00:03", 100), quote("10:00:06", 90)
    run = ops.chain(ops.deltas(), kind.make()).start()
    assert run.push(quotes(rows)).is_empty()
    assert run.finish().is_empty()
    assert [count for name, count in left_out(run).items() if name.endswith("outside")] == [1]


def test_a_correction_takes_from_the_bar_that_is_open() -> None:
    volumes = [100, 108, 105, 109, 110]
    rows = [quote(f"10:00:0{n}", volume) for n, volume in enumerate(volumes)]
    bars = bars_of(*rows, op=ops.volume_bars(10))
    assert [(bar["volume"], bar["rows"], bar["partial"]) for bar in bars] == [(10, 4, False)]


def test_null_rows_are_rows_of_the_bar_that_is_open() -> None:
    rows = [
        quote("10:00:00", 100),
        quote("10:00:03", None),
        quote("10:00:06", 105),
        quote("10:00:09", None),
        quote("10:00:12", 110),
    ]
    bars = bars_of(*rows, op=ops.volume_bars(10))
    assert [(bar["volume"], bar["rows"], bar["start"]) for bar in bars] == [(10, 3, at("10:00:06"))]


@pytest.mark.parametrize("price", [0.0, None])
def test_a_bar_without_a_price_has_the_one_before(price: float | None) -> None:
    rows = [quote("10:00:00", 100), quote("10:00:03", 110, price)]
    rows += [quote("10:00:06", 120, 10.2), quote("10:00:09", 130, price)]
    bars = bars_of(*rows, op=ops.tick_bars(1))
    found = [[bar[name] for name in ("open", "high", "low", "close")] for bar in bars]
    assert found == [[None] * 4, [10.2] * 4, [10.2] * 4]


def test_a_bar_never_crosses_days() -> None:
    rows = [
        quote("14:59:00", 100),
        quote("14:59:57", 106),
        quote("15:00:03", 106),
        quote("08:45:00", 0, 0.0, day=TUESDAY),
        quote("09:30:03", 6, day=TUESDAY),
    ]
    bars = bars_of(*rows, op=ops.volume_bars(10))
    columns = "trading_day", "start", "end", "volume", "partial"
    assert [tuple(bar[name] for name in columns) for bar in bars] == [
        (MONDAY, at("14:59:57"), at("15:00:03"), 6, True),
        (TUESDAY, at("09:30:03", TUESDAY), at("09:30:03", TUESDAY), 6, True),
    ]
    (bar,) = bars_of(*rows, op=ops.volume_bars(10, daily=False))
    assert [bar[name] for name in columns] == [
        *[TUESDAY, at("14:59:57"), at("09:30:03", TUESDAY), 12, False]
    ]


def test_the_day_is_that_of_the_market() -> None:
    """In New York the day goes on when it has ended in London."""
    times = ["15:30:00", "18:30:00", "19:30:00"]
    rows = [quote(text, n, region="US", symbol="AAPL.US") for n, text in enumerate(times)]
    (bar,) = bars_of(*rows, op=ops.tick_bars(2))
    assert (bar["trading_day"], bar["partial"]) == (MONDAY, False)


def test_a_day_closes_a_bar_before_its_own_row_fills_another() -> None:
    rows = quote("10:00:00", 0), quote("10:00:03", 4), quote("09:30:00", 30, day=TUESDAY)
    bars = bars_of(*rows, op=ops.volume_bars(10))
    assert [(bar["volume"], bar["partial"]) for bar in bars] == [(4, True), (30, False)]


def test_time_closes_none() -> None:
    run = ops.chain(ops.deltas(), ops.tick_bars(2)).start()
    run.push(quotes([quote("10:00:00", 100), quote("10:00:03", 110)]))
    assert run.advance(micros("15:00:00", TUESDAY)).is_empty()
    assert run.finish()["partial"].to_list() == [True]


def test_late_rows() -> None:
    rows = [
        quote("10:00:00", 100),
        quote("10:00:06", 101),
        quote("10:00:03", 103),
        quote("10:00:09", 104),
    ]
    assert [bar["volume"] for bar in bars_of(*rows, op=ops.tick_bars(2))] == [2]
    bars = bars_of(*rows, op=ops.tick_bars(2, late="include"))
    assert [(bar["volume"], bar["start"], bar["end"]) for bar in bars] == [
        (3, at("10:00:06"), at("10:00:06")),
        (1, at("10:00:09"), at("10:00:09")),
    ]
    with pytest.raises(LateRowError, match=r"600000\.SH"):
        bars_of(*rows, op=ops.tick_bars(2, late="raise"))


def test_a_late_row_of_an_earlier_day_ends_no_day() -> None:
    rows = [
        quote("10:00:00", 100),
        quote("10:00:00", 5, day=TUESDAY),
        quote("10:00:03", 9),
        quote("10:00:06", 12, day=TUESDAY),
    ]
    (bar,) = bars_of(*rows, op=ops.tick_bars(3, late="include"))
    assert (bar["volume"], bar["trading_day"], bar["partial"]) == (12, TUESDAY, False)


def test_open_bars_come_out_in_order_of_names() -> None:
    other = {"symbol": "000001.SZ"}
    rows = [quote("10:00:00", 1), quote("10:00:00", 1) | other]
    rows += [quote("10:00:03", 2) | other, quote("10:00:03", 3)]
    bars = bars_of(*rows, op=ops.tick_bars(9))
    assert [(bar["symbol"], bar["volume"]) for bar in bars] == [
        ("000001.SZ", 1),
        ("600000.SH", 2),
    ]


@every_kind
@pytest.mark.parametrize("time", strategies.TIMESTAMPS)
def test_output_schema(kind: Kind, time: pl.Datetime) -> None:
    before = pl.Schema({**QUOTES, **DELTAS, "timestamp": time})
    expected = pl.Schema(bar_schema(before, {}))
    assert kind.make().output_schema(before) == expected
    assert kind.make().apply(pl.DataFrame(schema=before)).schema == expected


@every_kind
@pytest.mark.parametrize("column", ["last_price", "delta_volume", "delta_amount", "timestamp"])
def test_missing_column_is_named(kind: Kind, column: str) -> None:
    rows = [quote("10:00:00", 1) | {"delta_volume": 1, "delta_amount": 1.0}]
    with pytest.raises(SchemaError, match=column):
        kind.make().apply(traded(rows).drop(column))


def test_names_of_sides_are_no_sides() -> None:
    frame = ops.deltas().apply(quotes([quote("10:00:00", 1)])).with_columns(trade_side=pl.lit("B"))
    with pytest.raises(SchemaError, match="trade_side"):
        ops.runs_bars("tick", threshold=1).apply(frame)
    assert ops.tick_bars(1).apply(frame).is_empty()


def test_parameters_show_in_order() -> None:
    assert repr(ops.tick_bars(5, daily=False)) == "tick_bars(5, daily=False)"
    assert repr(ops.runs_bars("tick", threshold=2)) == "runs_bars('tick', threshold=2)"
