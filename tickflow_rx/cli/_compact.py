"""``tickflow-rx compact``: a journal as typed Parquet."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tickflow_rx import CompactStats, compact
from tickflow_rx.cli._errors import CommandError

_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Compact:
    """The command; its parameters are those of ``tickflow_rx.cli._app.compact``."""

    folder: Path
    delta: Path | None = None

    def run(self) -> int:
        """Compact what is new, and print what came of it."""
        try:
            stats = compact(self.folder, delta=self.delta, progress=sys.stderr.isatty())
        except ImportError as error:
            if self.delta is None:
                raise
            raise CommandError(str(error)) from error
        for damage in stats.damage:
            print(
                f"tickflow-rx: {damage.segment}: {damage.reason} (from byte {damage.offset:,} on)",
                file=sys.stderr,
            )
        for line in _lines(stats, self.folder):
            print(line, flush=True)
        return 0


def _lines(stats: CompactStats, folder: Path) -> list[str]:
    lines: list[str] = []
    if stats.set_aside:
        lines.append(
            f"{_count(stats.set_aside, 'frame')} could not be decoded, and stay in the journal"
        )
    if stats.left:
        lines.append("the file that is being recorded is left for a later run")
    if stats.delta_segments:
        lines.append(f"{_count(stats.delta_segments, 'file')} of the journal put into Delta tables")
    if not stats.segments:
        return [*lines, f"nothing new to compact in {folder}/journal"]
    rows = stats.quotes + stats.depth
    return [
        *lines,
        f"{_count(rows, 'row')} ({_count(stats.quotes, 'quote')}, {_count(stats.depth, 'book')})"
        f" in {_count(stats.files, 'file')}, {stats.bytes / _MEBIBYTE:,.1f} MiB,"
        f" from {_count(stats.segments, 'file')} of the journal, under {folder}",
    ]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
