"""Help, quick and complete."""

import re
from importlib.metadata import version
from typing import get_args

import pytest

from tests.tickflow_rx.test_init import imported_by
from tickflow_rx.cli import main
from tickflow_rx.cli._choices import Profile
from tickops._sessions import Profile as ProfileOfBars

COMMANDS = ("demo", "serve", "watch", "record", "compact", "replay", "bars")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_help_names_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    help_of_all = shown(capsys, "--help")
    assert help_of_all == shown(capsys)
    places = [help_of_all.index(f"│ {command} ") for command in COMMANDS]
    assert places == sorted(places)
    assert "Examples:" in help_of_all


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(capsys: pytest.CaptureFixture[str], command: str) -> None:
    text = shown(capsys, command, "--help")
    assert f"Usage: tickflow-rx {command}" in text
    examples = text.partition("Examples:\n")[2]
    assert f"tickflow-rx {command} " in examples
    # Every parameter is explained: after its name and type comes a text.
    for line in re.findall(r"│ \*? *(?:--[a-z-]+ )+ *([A-Z]+)? *(.*?) *│", text):
        assert line[1], text


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_fit_a_terminal(capsys: pytest.CaptureFixture[str], command: str) -> None:
    text = shown(capsys, command, "--help")
    assert max(map(len, text.splitlines())) <= 80
    examples = text.partition("Examples:\n")[2].splitlines()
    assert all(line.startswith("  ") or line.endswith(":") or not line for line in examples)


def test_help_imports_neither_polars_nor_numba() -> None:
    asked = [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)]
    code = f"from tickflow_rx.cli import main\nfor asked in {asked}: assert main(asked) == 0"
    modules = {module.partition(".")[0] for module in imported_by(code)}
    assert "cyclopts" in modules
    assert not modules & {"polars", "numba", "numpy", "tickops", "reactivex", "websockets"}


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "--version") == f"{version('tickflow-rx')}\n"


def test_profiles_are_those_of_bars() -> None:
    assert get_args(Profile) == get_args(ProfileOfBars)
