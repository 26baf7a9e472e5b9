"""``tickflow-rx bars``: bars of recorded quotes."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import tickops as ops
from tickflow_rx.cli._choices import Profile
from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._quotes_files import QuotesFiles, open_quotes
from tickflow_rx.cli._table_file import TableFile, check_output

_REASONS: Final = {
    "deltas.late": "older than a row of their symbol before them",
    "bars.late": "of a bar that was closed",
    "bars.outside": "outside the sessions",
    "bars.null": "without a symbol or a time",
}
"""What the counts of the operators mean."""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of the rows.

    Attributes
    ----------
    rows, bars
        How many were read and written.
    left_out
        Rows left out, by operator and reason.
    """

    rows: int
    bars: int
    left_out: dict[str, int]


@dataclass(frozen=True)
class MakeBars:
    """The command; its parameters are those of ``tickflow_rx.cli._app.bars``."""

    input: Path
    out: Path
    every: str = field(default="1m", kw_only=True)
    profile: Profile = field(default="tdx", kw_only=True)
    unit: int | None = field(default=None, kw_only=True)
    fill: bool = field(default=False, kw_only=True)

    def run(self) -> int:
        """Do it, and print what came of it."""
        operator = ops.chain(
            ops.deltas(unit=self.unit),
            ops.bars(self.every, profile=self.profile, unit=self.unit, fill=self.fill),
        )
        check_output(self.out)
        quotes = open_quotes(self.input)
        _check_apart(self.out, quotes)
        made = make(operator, quotes, self.out)
        self._report(made, quotes)
        return 0

    def _report(self, made: Made, quotes: QuotesFiles) -> None:
        for note in quotes.notes:
            print(f"tickflow-rx: {note}", file=sys.stderr)
        print(f"{made.rows:,} rows in, from {_named(quotes.paths)}")
        for reason, count in made.left_out.items():
            if count:
                print(f"{count:,} rows left out: {_REASONS.get(reason, reason)}")
        print(f"{made.bars:,} bars out, to {self.out}")


def make(operator: ops.Operator, quotes: QuotesFiles, out: Path) -> Made:
    """Run an operator over recorded quotes into a file."""
    schema = operator.output_schema(quotes.schema())
    run = operator.start()
    rows = 0
    with TableFile(out, schema) as table:
        for frame in quotes.frames():
            rows += frame.height
            table.write(run.push(frame))
        rest = run.finish()
        if rest.height:
            table.write(rest)
    return Made(rows, table.rows, run.counts)


def _check_apart(out: Path, quotes: QuotesFiles) -> None:
    if out.exists() and any(out.samefile(path) for path in quotes.paths):
        raise CommandError(f"--out {out} is the input itself: choose another file")


def _named(paths: list[Path]) -> str:
    return str(paths[0]) if len(paths) == 1 else f"{len(paths)} files"
