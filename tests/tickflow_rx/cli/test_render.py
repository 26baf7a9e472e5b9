"""Lines as text and as a table."""

import io
from datetime import datetime

import pytest
from rich.console import Console

from tickflow_rx.cli._board import Bar, Line
from tickflow_rx.cli._render import plain, table

BAR = Bar(datetime(2026, 3, 2, 9, 36), 9.71, 9.8, 9.7, 9.755, 12_345)
FULL = Line(
    "600000.SH",
    time=datetime(2026, 3, 2, 9, 36, 3),
    last=9.72,
    change_pct=-0.61,
    spread_bps=10.28,
    imbalance=-0.001,
    vwap=9.7141,
    bar=BAR,
)
EMPTY = Line("[red]A")


def drawn(*lines: Line, width: int, height: int = 30, caption: str = "connected") -> list[str]:
    console = Console(width=width, height=height, record=True, file=io.StringIO())
    console.print(table(lines, "A title", caption, width=width, height=height))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_plain() -> None:
    assert plain(FULL) == (
        "600000.SH  09:36:03  last 9.72  change -0.61%  spread 10.3 bps  imbalance +0.00"
        "  vwap 9.714  bar 09:36 9.71 9.80 9.70 9.755 volume 12345"
    )
    assert plain(EMPTY) == ("[red]A     -  last -  change -  spread -  imbalance -  vwap -")


def test_wide() -> None:
    title, header, _, full, empty, caption = drawn(FULL, EMPTY, width=120)
    assert title.strip() == "A title"
    assert " ".join(header.split()) == (
        "symbol time last change % spread bps imbalance vwap bar open high low close volume"
    )
    assert " ".join(full.split()) == (
        "600000.SH 09:36:03 9.72 -0.61 10.3 +0.00 9.714 09:36 9.71 9.80 9.70 9.755 12,345"
    )
    assert empty.split() == ["[red]A", *["-"] * 12]
    assert caption == "connected"


def test_in_eighty_columns_nothing_is_cut_off() -> None:
    dear = Line("600519.SH", FULL.zone, FULL.time, 1853.10, 10.01, 1234.5, -1.0, 1853.148, BAR)
    lines = drawn(FULL, dear, EMPTY, width=80)
    assert lines[1].split()[-2:] == ["bar", "close"]
    assert "1853.148 09:36   9.755" in lines[4]
    assert not [line for line in lines if "…" in line or len(line) > 80]


def test_volume_where_there_is_room() -> None:
    assert drawn(FULL, width=95)[1].split()[-3:] == ["bar", "close", "volume"]


@pytest.mark.parametrize("height", [1, 10, 24])
def test_only_lines_that_fit(height: int) -> None:
    many = [Line(f"{number:06d}.SH") for number in range(50)]
    lines = drawn(*many, width=80, height=height)
    shown = [line for line in lines if ".SH" in line]
    assert len(shown) == max(height - 7, 1)
    assert f"{50 - len(shown)} more symbols do not fit" in " ".join(lines)
    assert len(lines) <= max(height - 1, 6)


def test_red_is_up() -> None:
    up, down = Line("A", change_pct=1.0), Line("B", change_pct=-1.0)
    console = Console(width=80, force_terminal=True, color_system="standard")
    with console.capture() as captured:
        console.print(table([up, down], "", "", width=80, height=20))
    assert "\x1b[31m" in captured.get().partition("B ")[0]
    assert "\x1b[32m" in captured.get().partition("B ")[2]
