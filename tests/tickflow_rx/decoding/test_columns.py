import numpy as np
import polars as pl
import pytest

from tickflow_rx.decoding._columns import COLUMNS, PublicColumns, QuickColumns
from tickops import SYMBOL

COUNTS = [1, 7, 100]


def frame(make: PublicColumns, rows: int) -> pl.DataFrame:
    values = np.arange(rows, dtype=np.float64)
    holes = np.where(values % 3 == 0, np.nan, values)
    ints = np.arange(rows, dtype=np.int64)
    known = pl.Series("symbol", [None, "600000.SH", "000001.SZ"], dtype=SYMBOL)
    return make.frame(
        [
            make.floats("floats", values),
            make.optional_floats("optional_floats", holes),
            make.ints("ints", ints),
            make.times("times", ints, pl.Datetime("us", "UTC")),
            make.levels("prices", np.arange(5.0 * rows)),
            make.levels("volumes", np.arange(5 * rows)),
            make.take(known, (ints % 3).astype(np.uint32)),
            make.repeat(known.alias("repeated"), 1, rows),
        ]
    )


@pytest.mark.parametrize("rows", COUNTS)
def test_both_ways_make_the_same_frame(rows: int) -> None:
    quick, public = frame(QuickColumns(), rows), frame(PublicColumns(), rows)
    assert quick.schema == public.schema
    assert quick.equals(public)
    assert quick["optional_floats"].null_count() == (rows + 2) // 3
    assert quick["symbol"].to_list()[:1] == [None]


def test_this_polars_has_the_quick_way() -> None:
    # If not the decoder still works, at a third of the speed: look what the way is now.
    assert isinstance(COLUMNS, QuickColumns)


def test_another_polars_gets_the_public_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("polars._plr.PySeries")
    with pytest.raises(AttributeError):
        QuickColumns()
