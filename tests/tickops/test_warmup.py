"""After warmup nothing is left to compile."""

import os
from typing import Any

import polars as pl
import pytest

import tickops as ops
from tests.tickops.test_rx import minute


@pytest.mark.skipif(bool(os.environ.get("NUMBA_DISABLE_JIT")), reason="nothing is compiled")
def test_real_rows_find_every_kernel_compiled() -> None:
    from tickops._kernels import bars, deltas, symbols, vwap

    op = ops.chain(ops.deltas(), ops.vwap(), ops.vwap(window="5m"), ops.bars("1m"))
    ops.warmup(op)
    kernels: list[Any] = [deltas.deltas, vwap.of_day, vwap.of_window, bars.push, bars.advance]
    kernels += [bars.finish, symbols.encode, symbols.localise]
    compiled = [len(kernel.signatures) for kernel in kernels]
    assert all(compiled)
    run = op.start()
    run.push(pl.concat([minute(0, 1), minute(3, 2), minute(70, 3)]))
    run.advance(2**60)
    run.finish()
    assert [len(kernel.signatures) for kernel in kernels] == compiled


def test_other_columns_need_a_schema() -> None:
    op = ops.filter(pl.col("mine") > 0)
    with pytest.raises(ops.SchemaError, match="mine"):
        ops.warmup(op)
    ops.warmup(op, schema={"mine": pl.Float64})
