"""From the journal to typed Parquet."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from tickflow_rx.decoding import Decoder
from tickflow_rx.exceptions import JournalError
from tickflow_rx.journal import Damage, Journal
from tickflow_rx.journal._files import FOLDER as JOURNAL
from tickflow_rx.parquet._delta import open_tables
from tickflow_rx.parquet._done import FOLDER, Done, Harm, done_path, is_done, read_done, write_done
from tickflow_rx.parquet._files import remove_temporary
from tickflow_rx.parquet._layout import CHANNELS, channel_of, segment_name
from tickflow_rx.parquet._parts import PartWriter
from tickflow_rx.parquet._progress import Progress
from tickflow_rx.parquet._segment import SegmentRows, grouped, read_ahead

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["CompactStats", "compact"]


@dataclass(frozen=True, slots=True)
class CompactStats:
    """What a run of `compact` has done.

    Attributes
    ----------
    segments
        Files of the journal that were compacted; those of earlier runs are not counted.
    left
        Files of the journal that are still being written: for a later run.
    quotes, depth, ticks
        Rows written, and ticks of the clock.
    files, bytes
        Parquet files written.
    set_aside
        Frames that could not be decoded: they stay in the journal.
    damage
        Places in the journal that could not be read.
    delta_segments
        Files of the journal whose rows were put into the Delta tables.
    """

    segments: int = 0
    left: int = 0
    quotes: int = 0
    depth: int = 0
    ticks: int = 0
    files: int = 0
    bytes: int = 0
    set_aside: int = 0
    damage: tuple[Damage, ...] = ()
    delta_segments: int = 0


def compact(
    folder: str | Path, *, delta: str | Path | None = None, progress: bool = False
) -> CompactStats:
    """Write the rows of a journal as Parquet, beside it.

    What is compacted already is left alone, so that this can run as often as one likes, also
    while a recorder writes: the file that it is writing waits for a later run. A run that is
    killed harms nothing, and the next one goes on.

    Parameters
    ----------
    folder
        That the recorder was given.
    delta
        Folder for Delta tables with the same rows: ``quotes``, ``depth`` and ``clock`` in it.
        Needs the extra ``delta``.
    progress
        Show a bar on stderr, in a terminal.

    Raises
    ------
    JournalError
        There is no journal in the folder, it is of a later version, another process compacts it
        now, or a file of it is another than was compacted under its name.
    OSError
        Something cannot be written.
    ImportError
        `delta` is given, and the package deltalake is not installed.

    Notes
    -----
    Files are ``quotes/date=2026-11-24/2026-11-24-000001-0001.parquet``, and so for ``depth`` and
    ``clock``. The date is the trading day, which is the local date of ``timestamp`` in the market
    of the row's region; for ticks of the clock it is the date in UTC. The name begins with the
    day and number of the file of the journal. Rows are in order of arrival. ``place`` numbers
    those that arrived together (with the same ``received``), so that ``ORDER BY received, place``
    gives this order to whoever reads the files as they are; `scan_quotes` and `scan_depth`
    give the rows as the feed did. Books have a column for each level, ``bid_price_1`` to
    ``ask_volume_5``; texts are plain texts.

    Row groups have 65,536 rows, and the least and greatest value of each column: a filter by
    ``received`` or ``timestamp`` reads little more than it needs; one by ``symbol`` passes over
    the groups without such symbols, which the whole market, in order of arrival, hardly has.

    ``compacted/`` has a small file for each file of the journal that is done, written after its
    rows. Where one of the Parquet files is missing, they are written again from the journal.

    A Delta table takes the rows of a file of the journal in one commit, with a transaction
    identifier of this file: what is in it already is not put there again.

    Examples
    --------
    >>> import tempfile
    >>> from tickflow_rx import scan_quotes
    >>> from tickflow_rx._queue import RawFrame
    >>> from tickflow_rx.journal import JournalWriter
    >>> quote = b'''{"op":"quotes","data":[{"symbol":"600000.SH","region":"CN","last_price":9.72,
    ... "prev_close":9.78,"open":9.78,"high":9.78,"low":9.68,"volume":426585,"amount":4.2e8,
    ... "timestamp":1776754802000}]}'''
    >>> folder = tempfile.mkdtemp()
    >>> journal = JournalWriter(folder)
    >>> journal.frames([RawFrame(quote, 1776754802123456, 1)])
    >>> journal.close()
    >>> compact(folder).quotes, compact(folder).quotes
    (1, 0)
    >>> scan_quotes(folder, day="2026-04-21").select("symbol", "last_price").collect().rows()
    [('600000.SH', 9.72)]
    """
    journal = Journal(folder)
    tables = None if delta is None else open_tables(Path(delta))
    segments = journal.segments()
    with _alone(journal.folder):
        remove_temporary(journal.folder / name for name in (*CHANNELS, FOLDER))
        (journal.folder / FOLDER).mkdir(exist_ok=True)
        waiting = [path for path in segments if not is_done(journal.folder, path)]
        left = 0
        # The recorder is looked for after the listing: what it begins then is not in the list.
        if waiting and waiting[-1] == segments[-1] and _recorded(journal.folder):
            left = 1
            waiting.pop()
        decoder = Decoder()
        with Progress(sum(path.stat().st_size for path in waiting), shown=progress) as bar:
            done = [_compact_segment(journal, segment, decoder, bar) for segment in waiting]
        added = 0 if tables is None else tables.update(journal.folder)
        return _stats(done, left, tuple(journal.damage), added)


def _compact_segment(journal: Journal, segment: Path, decoder: Decoder, bar: Progress) -> Done:
    segment_bytes, began_us = segment.stat().st_size, _began_us(journal, segment)
    harmed = len(journal.damage)
    with PartWriter(journal.folder, segment_name(segment)) as writer:
        rows = SegmentRows(decoder, writer)
        with closing(read_ahead(grouped(journal.read_segments([segment])))) as groups:
            for records in groups:
                rows.take(records)
                bar.at(journal.bytes_read)
        files = writer.close()
    damage = [Harm(d.offset, d.reason, d.torn) for d in journal.damage[harmed:]]
    done = Done(began_us, segment_bytes, files, rows.set_aside, damage)
    write_done(done_path(journal.folder, segment), done)
    return done


def _began_us(journal: Journal, segment: Path) -> int | None:
    """When a segment began.

    Raises
    ------
    JournalError
        Another one of this name was compacted: its rows must not be replaced.
    """
    began_us = journal.began_us(segment)
    done = read_done(done_path(journal.folder, segment))
    if done is not None and began_us != done.began_us and None not in (began_us, done.began_us):
        raise JournalError(
            f"{segment} is not the file that was compacted under this name, which must have been"
            " removed from the journal: rename it to a number that is free in"
            f" {done_path(journal.folder, segment).parent}"
        )
    return began_us


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """One compaction of a folder at a time."""
    lock = FileLock(folder / ".compact.lock", blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise JournalError(
            f"another process compacts {folder} now: wait until it is done"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _recorded(folder: Path) -> bool:
    """Whether a recorder is alive that writes to the journal."""
    path = folder / JOURNAL / ".lock"
    if not path.exists():
        return False
    lock = FileLock(path, blocking=False, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


def _stats(done: list[Done], left: int, damage: tuple[Damage, ...], delta: int) -> CompactStats:
    files = [file for segment in done for file in segment.files]
    rows = dict.fromkeys(CHANNELS, 0)
    for file in files:
        rows[channel_of(file.path)] += file.rows
    return CompactStats(
        segments=len(done),
        left=left,
        quotes=rows["quotes"],
        depth=rows["depth"],
        ticks=rows["clock"],
        files=len(files),
        bytes=sum(file.bytes for file in files),
        set_aside=sum(segment.set_aside for segment in done),
        damage=damage,
        delta_segments=delta,
    )
