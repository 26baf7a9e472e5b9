"""`stateful` against plain loops, and what it says of functions that cannot be right."""
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false

from __future__ import annotations

import math
import os
import pickle
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numba
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tickops as ops
from tests.oracles import rows as oracle
from tests.oracles import strategies
from tests.oracles.compare import assert_same, left_out
from tests.oracles.frames import QUOTES, TUESDAY, quote, quotes
from tests.oracles.market import Row, rows_of
from tickops.exceptions import LateRowError, OperatorError, SchemaError, SnapshotError
from tickops.testing import check_operator

if TYPE_CHECKING:
    from collections.abc import Callable

COMPILED = not os.environ.get("NUMBA_DISABLE_JIT")
LATENESS: st.SearchStrategy[Literal["drop", "include"]] = st.sampled_from(["drop", "include"])
LATE = quote("10:00:00", last=1.0), quote("10:00:06", last=2.0), quote("10:00:03", last=5.0)
LIMIT = 3.0
MICROSECONDS = 1_000_000

njit: Any = numba.njit  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


@ops.stateful(inputs=["last_price"], outputs=["ema"], state={"mean": 0.0, "seen": 0})
def ema(row: Any, state: Any, out: Any, alpha: float = 0.1) -> None:
    """Mean in which the past fades."""
    if state.seen == 0:
        state.mean = row.last_price
    else:
        state.mean += alpha * (row.last_price - state.mean)
    state.seen += 1
    out.ema = state.mean


@ops.stateful(
    inputs={"volume": int, "timestamp": int, "amount": float},
    outputs={"turnover": float, "trades": int, "busy": bool},
    state={"before": -1, "at": 0, "trades": np.int32, "recent": np.full(3, -1.0), "open": False},
)
def turnover(row: Any, state: Any, out: Any, *, least: int) -> None:
    """Uses all kinds of input, output, state and parameter."""
    if not state.open:
        state.open = True
    elif row.volume != state.before:
        state.trades += 1
        seconds = (row.timestamp - state.at) / 1_000_000
        if seconds > 0 and not math.isnan(row.amount):
            out.turnover = (row.volume - state.before) / seconds
        state.recent[state.trades % 3] = row.volume
    out.trades = state.trades
    if state.trades >= least:
        out.busy = state.recent.min() > 2
    state.before, state.at = row.volume, row.timestamp


def emas(*rows: Row, **parameters: Any) -> list[float | None]:
    return ema(**parameters).apply(quotes(rows))["ema"].to_list()


@oracle.EXAMPLES
@given(data=st.data(), frame=strategies.quotes(max_size=20))
def test_equals_a_plain_loop(data: st.DataObject, frame: pl.DataFrame) -> None:
    late, daily = data.draw(LATENESS), data.draw(st.booleans())
    least = data.draw(st.integers(0, 2))
    added = ["turnover", "trades", "busy"]
    expected = oracle.walk(
        rows_of(frame),
        added,
        lambda seen: in_plain_python(oracle.of_day(seen, daily=daily), least),
        late=late,
    )
    op = turnover(least=least, late=late, daily=daily)
    run, parts = op.start(), list[pl.DataFrame]()
    for part in data.draw(strategies.cuts(frame)):
        parts.append(run.push(part))
        run = op.start(run.snapshot())
    assert_same(pl.concat(parts), expected.rows)
    assert run.counts.get("turnover.late", 0) == expected.late


def in_plain_python(history: oracle.History, least: int) -> list[Any]:
    """From all rows of the symbol with a volume, all over again."""
    if history[-1].row["volume"] is None:
        return [None, None, None]
    known = [seen for seen in history if seen.row["volume"] is not None]
    moved = [(old, new) for old, new in pairwise(known) if old.row["volume"] != new.row["volume"]]
    rate = None
    if moved and moved[-1][1] is known[-1] and known[-1].row["amount"] is not None:
        old, new = moved[-1]
        seconds = (new.time - old.time).total_seconds()
        rate = (new.row["volume"] - old.row["volume"]) / seconds if seconds > 0 else None
    recent = [new.row["volume"] for _, new in moved][-3:]
    busy = min([*recent, *[-1] * (3 - len(recent))]) > 2 if len(moved) >= least else None
    return [rate, len(moved), busy]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ema(alpha=0.5),
        lambda: turnover(least=0, daily=True, late="include"),
        lambda: ops.chain(turnover(least=1), ema(late="include")),
    ],
)
def test_obeys_every_law(make: Callable[[], ops.Operator]) -> None:
    check_operator(make(), max_examples=2 if strategies.SMALL else 3)


def test_by_hand() -> None:
    rows = [quote(f"10:00:0{n}", last=price) for n, price in enumerate([1.0, 3.0, 3.0])]
    assert emas(*rows, alpha=0.5) == [1.0, 2.0, 2.5]
    assert emas(*rows) == [1.0, pytest.approx(1.2), pytest.approx(1.38)]


def test_is_of_the_symbol_and_with_daily_of_the_day() -> None:
    rows = [
        quote("10:00:00", last=1.0),
        quote("10:00:00", last=9.0, symbol="000001.SZ"),
        quote("10:00:03", last=3.0),
        quote("10:00:00", last=8.0, day=TUESDAY),
    ]
    assert emas(*rows, alpha=0.5) == [1.0, 9.0, 2.0, 5.0]
    assert emas(*rows, alpha=0.5, daily=True) == [1.0, 9.0, 2.0, 8.0]


def test_null_floats_are_nan_and_what_is_not_finite_is_null() -> None:
    @ops.stateful(inputs=["last_price"], outputs=["seen"], state={"count": 0})
    def of_nan(row: Any, state: Any, out: Any) -> None:
        state.count += 1
        out.seen = math.inf if math.isnan(row.last_price) else row.last_price / (state.count - 3)

    rows = [quote(f"10:00:0{n}", last=price) for n, price in enumerate([2.0, None, 5.0, 6.0])]
    # x / 0 is an infinity: null
    assert of_nan().apply(quotes(rows))["seen"].to_list() == [-1.0, None, None, 6.0]


def test_rows_with_null_integers_or_booleans_are_left_alone() -> None:
    @ops.stateful(inputs={"flag": bool, "volume": int}, outputs={"count": int}, state={"count": 0})
    def counted(row: Any, state: Any, out: Any) -> None:
        state.count += 1 if row.flag else 10
        out.count = state.count

    rows = [quote(f"10:00:0{n}", volume) for n, volume in enumerate([1, None, 3, 4])]
    frame = quotes(rows).with_columns(flag=pl.Series([True, True, None, False]))
    assert counted().apply(frame)["count"].to_list() == [1, None, None, 11]
    with pytest.raises(SchemaError, match="'flag' to be Boolean"):
        counted().apply(frame.with_columns(flag=1.0))
    with pytest.raises(SchemaError, match="needs column 'flag'"):
        counted().apply(frame.drop("flag"))


@pytest.mark.parametrize("broken", [{"symbol": None}, {"timestamp": None}])
def test_row_without_symbol_or_time_is_kept_and_does_not_count(broken: Row) -> None:
    rows = quote("10:00:00", last=1.0), quote("10:00:03", last=9.0) | broken
    assert emas(*rows, quote("10:00:06", last=3.0), alpha=0.5) == [1.0, None, 2.0]


def test_late_row_is_dropped_included_or_an_error() -> None:
    run = ema(alpha=0.5).start()
    assert run.push(quotes(LATE))["ema"].to_list() == [1.0, 1.5]
    assert left_out(run) == {"ema.late": 1}
    assert emas(*LATE, alpha=0.5, late="include") == [1.0, 1.5, 3.25]
    with pytest.raises(LateRowError, match=r"ema\(late='raise'\): .*600000\.SH"):
        emas(*LATE, late="raise")


def test_a_late_row_that_is_included_is_as_of_the_newest_time() -> None:
    @ops.stateful(inputs={"timestamp": int}, outputs={"at": int}, state={"none": 0})
    def clock(row: Any, state: Any, out: Any) -> None:
        out.at = row.timestamp

    newest = LATE[1]["timestamp"].timestamp() * MICROSECONDS
    assert clock(late="include").apply(quotes(LATE))["at"].to_list()[1:] == [newest, newest]


def test_output_schema() -> None:
    op = turnover(least=1)
    added = {"turnover": pl.Float64(), "trades": pl.Int64(), "busy": pl.Boolean()}
    assert op.output_schema(QUOTES) == pl.Schema({**QUOTES, **added})
    out = op.apply(quotes(LATE[:2]))
    assert out.schema == op.output_schema(QUOTES)
    assert out.select(QUOTES.names()).equals(quotes(LATE[:2]))


@pytest.mark.parametrize("column", ["symbol", "timestamp", "last_price"])
def test_missing_column_is_named(column: str) -> None:
    with pytest.raises(SchemaError, match=column):
        ema().apply(quotes(LATE).drop(column))


def test_operators_are_values() -> None:
    op = ema(alpha=0.5, late="include")
    assert repr(op) == "ema(alpha=0.5, late='include')"
    assert repr(ema()) == "ema()"
    assert repr(turnover(least=2)) == "turnover(least=2)"
    assert op == ema(late="include", alpha=0.5)
    assert hash(op) == hash(ema(late="include", alpha=0.5))
    assert ema(alpha=1) == ema(alpha=1.0) != ema()
    assert pickle.loads(pickle.dumps(op)) == op
    assert ema.__doc__ == "Mean in which the past fades."
    with pytest.raises(AttributeError):
        op.alpha = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_functions_and_constants_of_ones_own() -> None:
    step = 2.0

    @njit
    def doubled(x: float) -> float:
        return x * 2

    @ops.stateful(inputs=["last_price"], outputs=["found"], state={"none": 0})
    def calling(row: Any, state: Any, out: Any) -> None:
        out.found = min(doubled(row.last_price) + step, LIMIT)

    rows = quote("10:00:00", last=0.25), quote("10:00:03", last=9.0)
    assert calling().apply(quotes(rows))["found"].to_list() == [2.5, 3.0]


def test_an_index_out_of_bounds_is_an_error_and_ends_the_run() -> None:
    @ops.stateful(inputs={"volume": int}, outputs=["x"], state={"ring": np.zeros(3)})
    def beyond(row: Any, state: Any, out: Any) -> None:
        state.ring[row.volume] = 1.0

    run = beyond().start()
    assert run.push(quotes([quote("10:00:00", 2)]))["x"].to_list() == [None]
    with pytest.raises(IndexError):
        run.push(quotes([quote("10:00:03", 3)]))
    with pytest.raises(OperatorError, match="this run is over"):
        run.push(quotes([]))


@pytest.mark.parametrize("daily", [False, True])
def test_goes_on_from_a_snapshot(daily: bool) -> None:
    op = ema(alpha=0.5, daily=daily)
    run = op.start()
    run.push(quotes([quote("10:00:00", last=1.0)]))
    rest = op.start(run.snapshot()).push(quotes([quote("10:00:03", last=3.0)]))
    assert rest["ema"].to_list() == [2.0]


def test_what_it_remembers_does_not_outlive_its_run() -> None:
    """A counter outside would go on; and what is compiled sees only its first value."""
    rows = quote("10:00:00", last=1.0), quote("10:00:03", last=3.0)
    assert emas(*rows, alpha=0.5) == emas(*rows, alpha=0.5) == [1.0, 2.0]


def define(function: Callable[..., None]) -> Any:
    state = {"a": 0.0, "c": np.zeros(3)}
    return ops.stateful(inputs=["last_price"], outputs=["x"], state=state)(function)


def version(source: str, **constants: Any) -> bytes:
    """Of a function that has no file."""
    space: dict[str, Any] = dict(constants)
    exec(source, space)
    return define(space["f"]).definition.version


def test_versions_differ_by_code_and_constants() -> None:
    plain = "def f(row, state, out, by=1.0):\n    out.x = row.last_price * by\n"
    versions = [
        version(plain),
        version(plain.replace("* by", "* 2.0")),
        version(plain.replace("1.0", "2.0")),
        version(plain.replace("*", "+")),
        version(plain.replace("* by", "* K"), K=1.0),
        version(plain.replace("* by", "* K"), K=2.0),
        version(plain.replace("* by", "* K[0]"), K=np.ones(1)),
        version(plain.replace("* by", "* K[0]"), K=np.zeros(1)),
    ]
    assert len(set(versions)) == len(versions)
    assert version(f"# a comment\n\n{plain}") == versions[0]


def written_once() -> Any:
    def same(row: Any, state: Any, out: Any) -> None:
        """Say what it does."""
        out.x = row.last_price * LIMIT

    return define(same)


def written_again() -> Any:
    def same(row: Any, state: Any, out: Any) -> None:
        """Say it in other words."""
        # and why
        out.x = row.last_price * LIMIT

    return define(same)


def using(constant: Any) -> Any:
    def same(row: Any, state: Any, out: Any) -> None:
        out.x = constant(row.last_price) if callable(constant) else constant

    return define(same)


def test_versions_do_not_differ_by_comments_but_by_what_is_around() -> None:
    assert written_once().definition.version == written_again().definition.version
    constants = 1.0, 2.0, np.ones(2), lambda x: x + 1.0, lambda x: x + 2.0  # pyright: ignore[reportUnknownLambdaType, reportUnknownVariableType]
    versions = [using(one).definition.version for one in constants]  # pyright: ignore[reportUnknownVariableType]
    assert len(set(versions)) == len(versions)
    assert using(2.0).definition.version == versions[1]


def snapshot_of(op: ops.Operator) -> bytes:
    run = op.start()
    run.push(quotes(LATE[:2]))
    return run.snapshot()


def test_a_snapshot_does_not_fit_other_names_parameters_or_states() -> None:
    snapshot = snapshot_of(ema(alpha=0.5))
    with pytest.raises(SnapshotError, match=r"of ema\(alpha=0\.5\), the run of ema\(\)"):
        ema().start(snapshot)

    def f(row: Any, state: Any, out: Any) -> None:
        out.x = state.a

    one, other = (
        ops.stateful(inputs=["last_price"], outputs=["x"], state={"a": first})(f)()
        for first in (0.0, 1.0)
    )
    with pytest.raises(SnapshotError, match="other code"):
        other.start(snapshot_of(one))


def no_such_column(row: Any, state: Any, out: Any) -> None:
    out.x = row.lastprice  # HERE


def no_such_state(row: Any, state: Any, out: Any) -> None:
    state.b += 1  # HERE


def writes_to_the_row(row: Any, state: Any, out: Any) -> None:
    row.last_price = 0.0  # HERE


def opens_a_file(row: Any, state: Any, out: Any) -> None:
    with open("x"):  # HERE
        pass


def adds_text(row: Any, state: Any, out: Any) -> None:
    out.x = "a" + row.last_price  # HERE


def undefined(row: Any, state: Any, out: Any) -> None:
    state.a += 1
    out.x = nobody(state.a)  # type: ignore  # noqa: F821  # HERE


def imports(row: Any, state: Any, out: Any) -> None:
    import os  # HERE

    out.x = os.getpid()


def two_types(row: Any, state: Any, out: Any) -> None:
    y = 1.0 if row.last_price > 0 else "a"  # HERE
    out.x = y


def array_of_one(row: Any, state: Any, out: Any) -> None:
    out.x = 1.0
    state.c = 1.0  # HERE


def line_here(function: Any) -> str:
    """What an error must show of a function of this file."""
    with open(__file__, encoding="utf-8") as file:
        lines = file.read().splitlines()
    first = function.__code__.co_firstlineno
    at = next(n for n in range(first, first + 9) if lines[n - 1].endswith("# HERE"))
    return f'File "{__file__}", line {at}\n    {lines[at - 1].strip()}'


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (no_such_column, "row has no 'lastprice'; it has last_price"),
        (no_such_state, "state has no 'b'; it has a, c"),
        (writes_to_the_row, r"row\.last_price must not be set"),
        (opens_a_file, "`with` cannot be compiled"),
    ],
)
def test_what_is_wrong_is_told_when_it_is_decorated(function: Any, says: str) -> None:
    with pytest.raises(OperatorError, match=f"{function.__name__} cannot .*{says}") as raised:
        define(function)
    assert line_here(function) in str(raised.value)


@pytest.mark.skipif(not COMPILED, reason="plain Python is compiled as it runs")
@pytest.mark.parametrize(
    ("function", "says"),
    [
        (adds_text, "No implementation of .*add"),
        (undefined, "there is no 'nobody'"),
        (imports, "IMPORT_NAME"),
        (two_types, "Cannot unify"),
        (array_of_one, "Cannot cast float64 to nestedarray"),
    ],
)
def test_what_does_not_compile_is_told_when_an_operator_is_made(function: Any, says: str) -> None:
    factory = define(function)
    with pytest.raises(OperatorError, match=f"{function.__name__} cannot .*{says}") as raised:
        factory()
    assert line_here(function) in str(raised.value)
    assert len(str(raised.value).splitlines()) == 3
    assert isinstance(raised.value.__cause__, Exception)


def fine(row: Any, state: Any, out: Any) -> None:
    out.x = row.a + state.c


def of_two(row: Any, state: Any) -> None: ...
def starred(row: Any, state: Any, out: Any, *more: Any) -> None: ...
def named_late(row: Any, state: Any, out: Any, late: float) -> None: ...
def named_apply(row: Any, state: Any, out: Any, apply: float) -> None: ...
def with_text(row: Any, state: Any, out: Any, by: str = "x") -> None: ...
def keyworded(*, row: Any, state: Any, out: Any) -> None: ...
def generating(row: Any, state: Any, out: Any) -> Any:
    yield out


class NoFunction:
    def __call__(self, row: Any, state: Any, out: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "error", "says"),
    [
        (of_two, TypeError, r"must take a row, a state and what is written: \(row, state, out\)"),
        (keyworded, TypeError, "must take a row"),
        (starred, TypeError, r"not take \*more"),
        (named_late, ValueError, "parameter 'late' .*rename it"),
        (named_apply, ValueError, "parameter 'apply' .*rename it"),
        (with_text, TypeError, "default of by must be .*'x'"),
        (generating, TypeError, "without yield"),
        (NoFunction(), TypeError, "decorates a function, not <"),
    ],
)
def test_signatures_that_cannot_be_right(function: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        define(function)


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"inputs": []}, ValueError, "inputs must name at least one column"),
        ({"inputs": "a"}, TypeError, "inputs must be as .*'a'"),
        ({"inputs": {"a": str}}, TypeError, r"inputs\['a'\] must be float, int or bool, not .*str"),
        ({"inputs": ["a", "symbol"]}, ValueError, "must not name 'symbol'"),
        ({"inputs": {"timestamp": float}}, TypeError, "must be int: epoch microseconds"),
        ({"inputs": ["a b"]}, ValueError, "names that can be attributes, not 'a b'"),
        ({"inputs": ["class"]}, ValueError, "not 'class'"),
        ({"inputs": [3]}, TypeError, "names, not 3"),
        ({"outputs": {}}, ValueError, "outputs must name at least one column"),
        ({"outputs": ["a"]}, ValueError, "other names than what is read, not a"),
        ({"outputs": ["timestamp"]}, ValueError, "not timestamp"),
        ({"state": {}}, TypeError, "state must be as"),
        ({"state": ["c"]}, TypeError, "state must be as"),
        ({"state": {"_c": 0}}, ValueError, "not '_c'"),
        ({"state": {"c": "text"}}, TypeError, r"state\['c'\] must be a number, .* not 'text'"),
        ({"state": {"c": np.zeros(0)}}, TypeError, r"state\['c'\]"),
        ({"state": {"c": str}}, TypeError, r"state\['c'\]"),
        ({"state": {"c": 1j}}, TypeError, r"state\['c'\]"),
    ],
)
def test_declarations_that_cannot_be_right(changed: Any, error: type[Exception], says: str) -> None:
    declared: dict[str, Any] = {"inputs": ["a"], "outputs": ["x"], "state": {"c": 0.0}}
    ops.stateful(**declared)(fine)
    with pytest.raises(error, match=says):
        ops.stateful(**declared | changed)(fine)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: turnover(least=1.5), TypeError, "least must be of type int, not 1.5"),
        (lambda: turnover(least=True), TypeError, "least must be of type int, not True"),
        (lambda: turnover(), TypeError, "least"),
        (lambda: ema(alpha="x"), TypeError, "alpha must be of type float, not 'x'"),  # pyright: ignore[reportArgumentType]
        (lambda: ema(beta=1), TypeError, "beta"),
        (lambda: ema(late="x"), ValueError, "late must be .*'x'"),  # pyright: ignore[reportArgumentType]
        (lambda: ema(daily=1), TypeError, "daily must be True or False, not 1"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_parameters_that_cannot_be_right(
    make: Callable[[], ops.Operator], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        make()


def test_parameters_without_default_or_type_are_of_the_type_given() -> None:
    @ops.stateful(inputs=["last_price"], outputs=["x"], state={"a": 0.0})
    def scaled(row: Any, state: Any, out: Any, by) -> None:
        out.x = row.last_price / by

    frame = quotes([quote("10:00:00", last=3.0)])
    assert scaled(by=2).apply(frame)["x"].item() == scaled(by=2.0).apply(frame)["x"].item() == 1.5
    assert repr(scaled(by=2)) == "scaled(by=2)"
    with pytest.raises(TypeError, match="by must be a float, an int or a bool, not 'x'"):
        scaled(by="x")  # pyright: ignore[reportArgumentType]
