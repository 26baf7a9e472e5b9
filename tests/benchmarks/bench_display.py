"""What displays cost a kernel that follows the whole market at its rate."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from typing import Any, Final

from tests.benchmarks._days import names
from tests.benchmarks._kernel import Kernel, kernel
from tests.benchmarks._measure import Result

__all__ = ["run"]

_ROUNDS: Final = 5
_PERIOD_S: Final = 6
_MEMORY_S: Final = int(os.environ.get("DISPLAY_MEMORY_SECONDS", "60"))
_MIB: Final = 2**20
_WIDGETS: Final = {
    "table": "display.show(feed.quotes)",
    "chart": f"display.candles(bars, {names()[0]!r})",
    "book": f"display.book(feed.depth, {names()[0]!r})",
}
_SETUP: Final = """
import gc, time
import psutil
import tickops as ops
from reactivex.operators import share
from tickflow_rx import Feed, display

symbols = {symbols}
feed = Feed(quotes=symbols, depth=symbols, api_key="demo", base_url={url!r}, clock=None)
traded = ops.chain(ops.deltas(), ops.vwap(window="1m"))
bars = feed.quotes.pipe(traded, ops.bars("1m")).pipe(share())
feed.quotes.pipe(traded).subscribe(lambda frame: None)
feed.depth.pipe(ops.spread(), ops.imbalance()).subscribe(lambda frame: None)
bars.subscribe(lambda frame: None)
pump = {{}}

def see(frame):
    pump["cpu"] = time.thread_time()
    pump["rows"] = pump.get("rows", 0) + frame.height

feed.depth.subscribe(see)
feed.__enter__()
feed.wait(8)

def measured(make, seconds):
    widget = make()
    feed.wait(1)
    before = dict(pump), time.process_time(), time.monotonic()
    feed.wait(seconds)
    after = dict(pump), time.process_time(), time.monotonic()
    if widget is not None:
        widget.close()
    wall = after[2] - before[2]
    return {{
        "pump": (after[0]["cpu"] - before[0]["cpu"]) / (after[0]["rows"] - before[0]["rows"]),
        "cpu": (after[1] - before[1]) / wall,
        "rows": (after[0]["rows"] - before[0]["rows"]) / wall,
    }}
"""
_MEMORY: Final = """
def rss():
    gc.collect()
    return psutil.Process().memory_info().rss

shown = [{widgets}]
feed.wait({settle})
before = rss()
feed.wait({seconds})
after = rss()
"""


def run() -> list[Result]:
    """Lines of the table for the displays."""
    command = [sys.executable, "-m", "tests.benchmarks._market", "--endless"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            with kernel() as running:
                running.run(_SETUP.format(symbols=names(), url=url))
                return [*_costs(running), _memory(running)]
        finally:
            process.kill()


def _costs(running: Kernel) -> list[Result]:
    """Periods without a display and with each, in turn."""
    periods: dict[str, list[dict[str, float]]] = {"nothing": [], **{w: [] for w in _WIDGETS}}
    for _ in range(_ROUNDS):
        for name, some in periods.items():
            make = _WIDGETS.get(name, "None")
            some.append(running.run("", f"measured(lambda: {make}, {_PERIOD_S})"))
    # The least of a thread's time a row: what else runs on the machine only adds to it.
    pump = {name: min(period["pump"] for period in some) for name, some in periods.items()}
    cpu = {name: statistics.median(p["cpu"] for p in some) for name, some in periods.items()}
    results: list[Result] = []
    for name in _WIDGETS:
        results += [
            Result(
                f"thread of a feed at full-market rate, beside a {name}",
                "the same without it",
                f"{1e6 * pump[name]:.2f} µs a row",
                f"{1e6 * pump['nothing']:.2f} µs a row",
                pump["nothing"] / pump[name],
                0.95,
            ),
            _share(name, cpu[name] - cpu["nothing"]),
        ]
    return results


def _share(name: str, cost: float) -> Result:
    return Result(
        f"{name} at full-market rate, in the kernel",
        "20 % of a core at most",
        f"{100 * cost:.1f} %",
        "20 %",
        0.2 / max(cost, 0.001),
        1,
    )


def _memory(running: Kernel) -> Result:
    widgets = ", ".join(_WIDGETS.values())
    before = running.messages
    code = _MEMORY.format(widgets=widgets, settle=15, seconds=_MEMORY_S)
    memory: dict[str, Any] = running.run(code, "dict(before=before, after=after)")
    grown = (memory["after"] - memory["before"]) / _MIB
    messages = running.messages - before
    return Result(
        f"memory of a kernel with three displays, {_MEMORY_S} s, {messages} messages",
        "flat",
        f"{grown:+.1f} MiB of {memory['before'] / _MIB:.0f} MiB",
        "",
        None,
        None,
    )
