"""`with_columns`: Polars expressions of one row at a time, and no others."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import strategies
from tests.oracles.frames import QUOTES, quote, quotes
from tickops.exceptions import SchemaError

PRICE = pl.col("last_price")
FRAME = quotes([quote("10:00:00", 1), quote("10:00:03", 2, 11.0), quote("10:00:06", 3, None)])

BY_ROW = {
    "arithmetic": (PRICE * 100).round(2).alias("cents"),
    "several columns": (pl.col("high", "low") / 2).name.suffix("_half"),
    "when": pl.when(PRICE > 10).then(1).otherwise(0).alias("up"),
    "a literal": pl.lit(1).alias("one"),
    "a literal of another type": pl.lit("x").alias("text"),
    "horizontal": pl.max_horizontal("high", "low", "last_price").alias("largest"),
    "string": pl.col("symbol").cast(pl.String).str.slice(0, 6).alias("code"),
    "time": pl.col("timestamp").dt.hour().alias("hour"),
    "time zone": pl.col("timestamp").dt.convert_time_zone("Asia/Shanghai").dt.date().alias("date"),
    "fill with a value": PRICE.fill_null(0.0).alias("filled"),
    "null": PRICE.is_null().alias("missing"),
    "is in": pl.col("symbol").is_in(["600000.SH"]).alias("mine"),
    "cast": pl.col("volume").cast(pl.Float64).alias("floats"),
    "clip": PRICE.clip(0.0, 10.0).alias("clipped"),
    "struct": pl.struct("open", "high").alias("both"),
}

BY_FRAME = {
    "shift": PRICE.shift(),
    "diff": PRICE.diff(),
    "pct_change": PRICE.pct_change(),
    "cum_sum": PRICE.cum_sum(),
    "over": PRICE.over("symbol"),
    "sum over": PRICE.sum().over("symbol"),
    "sum": PRICE.sum(),
    "mean": PRICE.mean(),
    "max": PRICE.max(),
    "deep inside": (PRICE - PRICE.mean()) / 2,
    "rolling": PRICE.rolling_mean(3),
    "ewm": PRICE.ewm_mean(alpha=0.5),
    "forward_fill": PRICE.forward_fill(),
    "backward_fill": PRICE.backward_fill(),
    "fill with a strategy": PRICE.fill_null(strategy="forward"),
    "interpolate": PRICE.interpolate(),
    "rank": PRICE.rank(),
    "sort": PRICE.sort(),
    "reverse": PRICE.reverse(),
    "head": PRICE.head(1),
    "first": PRICE.first(),
    "last": PRICE.last(),
    "get": PRICE.get(0),
    "gather": PRICE.gather([0]),
    "len": pl.len(),
    "count": PRICE.count(),
    "n_unique": PRICE.n_unique(),
    "unique": PRICE.unique(),
    "is_duplicated": PRICE.is_duplicated(),
    "is_first_distinct": PRICE.is_first_distinct(),
    "row number": pl.int_range(pl.len()),
    "quantile": PRICE.quantile(0.5),
    "filter": PRICE.filter(PRICE > 10),
    "sample": PRICE.sample(1),
    "shuffle": PRICE.shuffle(),
    "map_batches": PRICE.map_batches(lambda series: series),
    "when of a mean": pl.when(PRICE.mean() < PRICE).then(1).otherwise(0),
    "a Series": pl.lit(pl.Series([1, 2, 3])) + PRICE,
    "sort_by": PRICE.sort_by("volume"),
    "any": (PRICE > 10).any(),
    "rle_id": PRICE.rle_id(),
    "hist": PRICE.hist(bin_count=2),
    "arg_max": PRICE.arg_max(),
    "peaks": PRICE.peak_max(),
    "std": PRICE.std(),
    "implode": PRICE.implode(),
    "value_counts": PRICE.value_counts(),
    "search_sorted": PRICE.search_sorted(10.0),
    "correlation": pl.corr("high", "low"),
    "cum_count": PRICE.cum_count(),
    "first null": PRICE.is_null().arg_true(),
    "slice": PRICE.slice(0, 1),
    "mode": PRICE.mode(),
    "rolling by time": PRICE.rolling_mean_by("timestamp", "1m"),
}


@strategies.EXAMPLES
@given(data=st.data(), frame=strategies.quotes())
def test_equals_polars(data: st.DataObject, frame: pl.DataFrame) -> None:
    parts = data.draw(strategies.cuts(frame))
    for name, expression in BY_ROW.items():
        run = ops.with_columns(expression).start()
        out = pl.concat([run.push(part) for part in parts])
        assert out.equals(frame.with_columns(expression)), name
        assert out.schema == frame.with_columns(expression).schema, name


@pytest.mark.parametrize("name", BY_FRAME)
def test_refuses_expressions_that_look_at_other_rows(name: str) -> None:
    """Alone, and wherever it stands in another expression."""
    inner = BY_FRAME[name]
    nested = [inner, inner > 10, inner < PRICE, inner.is_null(), inner + PRICE, -inner]
    conditional = pl.when(inner.is_not_null()).then(1).otherwise(PRICE)
    for expression in [*nested, conditional, pl.coalesce(inner, PRICE), pl.struct(inner, PRICE)]:
        with pytest.raises(ValueError, match="one row"):
            ops.with_columns(expression.alias("made"))


def test_takes_several_expressions_and_names() -> None:
    op = ops.with_columns((PRICE * 2).alias("double"), half=PRICE / 2)
    assert op.apply(FRAME).equals(FRAME.with_columns((PRICE * 2).alias("double"), half=PRICE / 2))


def test_replaces_a_column_in_its_place() -> None:
    out = ops.with_columns(PRICE * 2).apply(FRAME)
    assert out.columns == FRAME.columns
    assert out["last_price"].to_list() == [20.0, 22.0, None]


def test_output_schema() -> None:
    op = ops.with_columns(up=PRICE > 10)
    expected = pl.Schema({**QUOTES, "up": pl.Boolean()})
    assert op.output_schema(QUOTES) == expected
    assert op.apply(FRAME.clear()).schema == expected


def test_missing_column_is_named() -> None:
    with pytest.raises(SchemaError, match="spread_bps") as caught:
        ops.with_columns(wide=pl.col("spread_bps") > 5).apply(FRAME)
    assert "spread" in str(caught.value).replace("spread_bps", "")


def test_leaves_the_input_alone() -> None:
    before = FRAME.clone()
    ops.with_columns(PRICE * 2).apply(FRAME)
    assert FRAME.equals(before)


def test_operators_after_it_see_the_new_columns() -> None:
    halved = ops.with_columns(pl.col("volume") // 2)
    out = ops.chain(halved, ops.deltas()).apply(
        quotes([quote("10:00:00", 2), quote("10:00:03", 8)])
    )
    assert out["delta_volume"].to_list() == [None, 3]
