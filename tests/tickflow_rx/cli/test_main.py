"""Exit codes, and the one line that goes with them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tickflow_rx.cli import main
from tickflow_rx.cli._app import app
from tickflow_rx.exceptions import AuthenticationError
from tickops.exceptions import SchemaError


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """Run a command that raises."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("tickflow_rx.cli._app.app", fail)
    return main(["bars"])


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("every must be\n  a duration"), "every must be a duration"),
        (SchemaError("no column 'volume'"), "no column 'volume'"),
        (FileNotFoundError(2, "No such file or directory", "x"), "x: No such file or directory"),
        (OSError("no space"), "no space"),
        (AuthenticationError("It is Feed(api_key=…) or KEY"), "It is --api-key or KEY"),
    ],
)
def test_what_a_caller_can_mend_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    line: str,
) -> None:
    assert failing(monkeypatch, error) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"tickflow-rx: {line}\n")


def test_an_error_of_ours_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyError):
        failing(monkeypatch, KeyError("a bug"))


def test_ctrl_c(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert failing(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["nonsense"],
            "Available commands: demo, serve, watch, record, compact, replay, bars.",
        ),
        (["bars"], 'Command "bars" parameter INPUT requires an argument. Try tickflow-rx bars'),
        (["bars", "a"], "parameter --out requires an argument. Try tickflow-rx bars --help."),
        (["bars", "a", "b", "--out", "c"], "One argument too many: b. Try tickflow-rx bars"),
        (["bars", "a", "--out", "c", "--profile", "x"], '"x" for --profile. Choose from: "tdx"'),
        (["bars", "a", "--out", "c", "--unit", "0"], 'Invalid value "0" for --unit. Must be > 0'),
        (["bars", "a", "--out", "c", "--unit", "x"], 'unable to convert "x" into int'),
        (["bars", "a", "--every"], "--every requires an argument"),
        (["demo", "--secons", "3"], "Unknown option: --secons. Did you mean --seconds?"),
        (["demo", "--seconds", "0"], 'Invalid value "0.0" for --seconds. Must be > 0'),
        (["serve", "--port", "x"], 'unable to convert "x" into int'),
        (["watch"], 'Command "watch" parameter SYMBOL requires an argument'),
    ],
)
def test_bad_arguments(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("tickflow-rx: ")
    assert said in err


def test_entry_point_is_this() -> None:
    script = Path(sys.executable).with_name("tickflow-rx")
    asked = ["--version"]
    by_script = subprocess.run([script, *asked], capture_output=True, text=True, check=True)
    by_module = subprocess.run(
        [sys.executable, "-m", "tickflow_rx", *asked], capture_output=True, text=True, check=True
    )
    assert by_script.stdout == by_module.stdout
    assert app.version


def test_exit_code_of_the_process() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tickflow_rx", "bars", "nothing.parquet", "--out", "x.csv"],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 2
    assert ended.stderr == "tickflow-rx: no such file or folder: nothing.parquet\n"


def test_a_reader_that_goes_away() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tickflow_rx", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
