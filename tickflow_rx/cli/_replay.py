"""``tickflow-rx replay``: a recording through a pipeline, into files."""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import polars as pl
from reactivex import Observable

import tickops as ops
from tickflow_rx import DEPTH, INTERLEAVED, QUOTES, Replay
from tickflow_rx.cli._choices import ReplayChannel
from tickflow_rx.cli._errors import CommandError, first_line
from tickflow_rx.cli._table_file import TableFile

_SCHEMAS: Final[dict[ReplayChannel, pl.Schema]] = {
    "quotes": QUOTES,
    "depth": DEPTH,
    "interleaved": INTERLEAVED,
}


@dataclass(frozen=True, kw_only=True)
class RunReplay:
    """The command; its parameters are those of ``tickflow_rx.cli._app.replay``."""

    recording: Path
    pipeline: str
    out: Path
    day: str | None
    symbols: list[str]
    speed: float | None
    channel: ReplayChannel

    def run(self) -> int:
        """Do it, and print what came of it."""
        made: Any = load(self.pipeline)
        symbols = " ".join(self.symbols).replace(",", " ").split()
        replay = Replay(
            self.recording,
            day=self.day,
            symbols=symbols or None,
            speed=self.speed,
            progress=sys.stderr.isatty(),
        )
        outputs = outputs_of(self.pipeline, made, replay, self.channel)
        if self.out.exists() and not self.out.is_dir():
            raise CommandError(f"--out {self.out} is a file: name a folder for the results")
        self.out.mkdir(parents=True, exist_ok=True)
        results = [Result(self.out / f"{name}.parquet", replay) for name in outputs]
        try:
            for result, output in zip(results, outputs.values(), strict=True):
                output.subscribe(result.take, result.fail)
            with replay:
                replay.wait()
            for result in results:
                result.close()
        finally:
            for result in results:
                result.discard()
        self._report(replay, results)
        return 0

    def _report(self, replay: Replay, results: list["Result"]) -> None:
        stats = replay.stats()
        print(f"{stats.quotes:,} quotes and {stats.depth:,} books in, from {self.recording}")
        if stats.set_aside:
            print(f"{stats.set_aside:,} frames left out: they could not be understood")
        for result in results:
            if result.rows is None:
                print(f"no rows for {result.path.name}, which is not written")
            else:
                print(f"{result.rows:,} rows out, to {result.path}")


class Result:
    """Rows of one output on their way to its file, which appears once all is over.

    Parameters
    ----------
    path
        The file.
    replay
        Closed when the rows cannot be written.

    Attributes
    ----------
    rows : int or None
        How many were written; None before the first.
    """

    def __init__(self, path: Path, replay: Replay) -> None:
        self.path = path
        self.rows: int | None = None
        self._replay = replay
        self._table: TableFile | None = None
        self._error: Exception | None = None

    def take(self, frame: pl.DataFrame) -> None:
        """Write rows."""
        if self._error is None:
            try:
                self._write(frame)
            except Exception as error:
                self.fail(error)

    def fail(self, error: Exception) -> None:
        """Note what ended the output, and end the rest."""
        self._error = error
        self._replay.close()

    def close(self) -> None:
        """Give the file its name.

        Raises
        ------
        Exception
            What ended the output.
        """
        if self._error is not None:
            raise self._error
        if self._table is not None:
            self._table.close()

    def discard(self) -> None:
        """Forget what has no name yet."""
        if self._table is not None:
            self._table.discard()

    def _write(self, frame: pl.DataFrame) -> None:
        if not isinstance(frame, pl.DataFrame):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise CommandError(
                f"{self.path.stem} must give polars.DataFrame, not {type(frame).__name__}"
            )
        if self._table is None:
            self._table = TableFile(self.path, frame.schema)
        self._table.write(frame)
        self.rows = self._table.rows


def load(name: str) -> object:
    """What ``module:name`` names; modules of the current folder are found.

    Raises
    ------
    CommandError
        There is no such module, it cannot be imported, or has no such name.
    """
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        raise CommandError(f"--pipeline must be MODULE:NAME, such as study:bars; got {name!r}")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name.partition(".")[0] and error.name != module_name:
            raise CommandError(f"{module_name} cannot be imported: {error}") from error
        raise CommandError(
            f"--pipeline {name}: there is no module {module_name!r} here or installed"
        ) from None
    except Exception as error:
        kind = type(error).__name__
        raise CommandError(f"{module_name} cannot be imported: {kind}: {error}") from error
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise CommandError(f"--pipeline {name}: {module_name} has no {attribute!r}") from None


def outputs_of(
    name: str, made: object, replay: Replay, channel: ReplayChannel
) -> dict[str, Observable[pl.DataFrame]]:
    """Outputs of a pipeline by name: of an operator, or of what a function of the source returns.

    Raises
    ------
    CommandError
        It is neither, or the operator does not fit the channel.
    """
    attribute = name.partition(":")[2]
    if isinstance(made, ops.Operator):
        try:
            made.output_schema(_SCHEMAS[channel])
        except ops.OperatorError as error:
            raise CommandError(
                f"{name} does not fit --channel {channel}: {first_line(error)}"
            ) from error
        return {attribute: getattr(replay, channel).pipe(made)}
    if not callable(made):
        raise CommandError(
            f"{name} must be an operator or a function of the source, not {type(made).__name__}"
        )
    returned: Any = made(replay)
    outputs = cast("Any", returned if isinstance(returned, Mapping) else {attribute: returned})
    for key, output in outputs.items():
        if not isinstance(output, Observable):
            raise CommandError(
                f"{name} must return an observable, or a dict of them by name;"
                f" {key!r} is {type(cast('object', output)).__name__}"
            )
        if not isinstance(key, str) or not key or Path(key).name != key:
            raise CommandError(f"{name}: {key!r} cannot be the name of a file")
    return dict(outputs)
