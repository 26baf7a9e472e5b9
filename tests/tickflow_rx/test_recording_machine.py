"""Record, rotate, kill, compact, replay and resume in any order, against a list."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import tickops as ops
from tests.tickflow_rx.feeds import SECONDS, A, B, quote
from tickflow_rx import Journal, Replay, compact, scan_quotes
from tickflow_rx._queue import RawFrame
from tickflow_rx.decoding import QUOTES, Batch, Decoder
from tickflow_rx.journal import JournalWriter, Noted
from tickops.testing import assert_identical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tickops import Run

OPENING_MS = 1_776_735_000_000  # 2026-04-21 09:30 in Shanghai
PIPELINE = ops.chain(ops.deltas(), ops.vwap(window="5m"), ops.bars("1m", grace="5s"))


class _Killed(Exception):
    """The process of the pipeline ends here."""


class RecordingMachine(RuleBasedStateMachine):
    """What a journal must hold is known: a list of frames and ticks (times, as integers)."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.kept: list[RawFrame | int] = []
        self.waiting: list[RawFrame | int] = []
        self.writer: JournalWriter | None = None
        self.connections_before = self.connection = 0
        self.time_ms, self.volume = OPENING_MS, 0
        self.segment_bytes = 1 << 20

    @initialize(segment_bytes=st.sampled_from([1, 300, 1 << 20]))
    def choose_size(self, segment_bytes: int) -> None:
        self.segment_bytes = segment_bytes

    @rule(
        rows=st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 9)), min_size=1),
        seconds=st.integers(0, 90),
    )
    def record(self, rows: list[tuple[str, int]], seconds: int) -> None:
        writer = self._recorder()
        self.time_ms += seconds * 1_000 + 1
        data = list[object]()
        for symbol, traded in rows:
            self.volume += traded
            price = 9 + self.volume % 7 / 100
            data.append(
                quote(
                    symbol,
                    last_price=price,
                    high=price,
                    low=price,
                    volume=self.volume,
                    amount=self.volume * 900.0,
                    timestamp=self.time_ms,
                )
            )
        text = json.dumps({"op": "quotes", "data": data}).encode()
        frame = RawFrame(text, self.time_ms * 1_000, self.connection)
        writer.frames([frame])
        number = self.connections_before + self.connection
        self.waiting.append(frame._replace(connection=number))

    @rule(seconds=st.integers(1, 90))
    def tick(self, seconds: int) -> None:
        writer = self._recorder()
        self.time_ms += seconds * 1_000
        writer.tick(self.time_ms * 1_000)
        self.waiting.append(self.time_ms * 1_000)

    @precondition(lambda self: self.writer is not None)
    @rule()
    def reconnect(self) -> None:
        self.connection += 1

    @precondition(lambda self: self.writer is not None)
    @rule()
    def flush(self) -> None:
        assert self.writer is not None
        self.writer.flush()
        self._keep(self.waiting)

    @precondition(lambda self: self.writer is not None)
    @rule()
    def end(self) -> None:
        assert self.writer is not None
        self.writer.close()
        self.writer = None
        self._keep(self.waiting)

    @precondition(lambda self: self.writer is not None)
    @rule()
    def kill_the_recorder(self) -> None:
        """What was not flushed may be lost, but only from the end."""
        assert self.writer is not None
        self.writer.abandon()
        self.writer = None
        found = _items(Journal(self.folder))
        assert found[: len(self.kept)] == self.kept
        more = found[len(self.kept) :]
        assert self.waiting[: len(more)] == more
        self._keep(more)
        self.waiting = []

    @precondition(lambda self: self.writer is None and self.kept)
    @rule()
    def compact_all(self) -> None:
        compact(self.folder)
        if any(isinstance(item, RawFrame) for item in self.kept):
            found = scan_quotes(self.folder).collect()
            assert_identical(found, _rows(self.kept), "what was compacted")
            replayed = self._replayed(source="parquet")
            assert_identical(replayed, self._expected(), "replayed from Parquet")

    @precondition(lambda self: self.writer is not None and self.kept)
    @rule()
    def compact_while_recording(self) -> None:
        compact(self.folder)

    @precondition(lambda self: self.kept)
    @rule()
    def replay(self) -> None:
        if self.writer is not None:
            self.flush()
        assert_identical(self._replayed(), self._expected(), "what was replayed")

    @precondition(lambda self: self.kept)
    @rule(after=st.integers(0, 12))
    def run_the_pipeline_and_kill_it(self, after: int) -> None:
        self._go_on(kill_after=after)

    @invariant()
    def nothing_is_twice(self) -> None:
        numbers = self._union()["position"].to_list() if self._parts() else []
        assert numbers == list(range(len(numbers)))

    def teardown(self) -> None:
        try:
            if self.writer is not None:
                self.end()
            if self.kept:
                self._go_on(kill_after=None)
                union = self._union() if self._parts() else pl.DataFrame()
                expected = self._expected()
                assert union.height == expected.height
                if expected.height:
                    assert_identical(union.drop("position"), expected, "after all kills")
        finally:
            shutil.rmtree(self.folder)

    def _recorder(self) -> JournalWriter:
        """The one that writes, or a new one, which counts its connections from 1."""
        if self.writer is None:
            self.writer = JournalWriter(self.folder, segment_bytes=self.segment_bytes)
            numbers = [item.connection for item in self.kept if isinstance(item, RawFrame)]
            self.connections_before, self.connection = max(numbers, default=0), 1
        return self.writer

    def _go_on(self, *, kill_after: int | None) -> None:
        """Catch up from the checkpoint; die after so many frames of the recording, or end."""
        state = ops.checkpoint(self.folder / "state", every="1us")
        replay = Replay(self.folder, after=state.position(), source="journal")
        left = [kill_after]

        def die(frame: pl.DataFrame) -> pl.DataFrame:
            if left[0] is not None:
                left[0] -= 1
                if left[0] < 0:
                    raise _Killed
            return frame

        source = ops.Frames(
            lambda observer, _=None: replay.quotes.subscribe(
                lambda frame: observer.on_next(die(frame)),
                observer.on_error,
                # A killed process sees no end either.
                observer.on_completed if kill_after is None else None,
            ),
            replay.quotes.clock,
        )
        pipe = source.pipe(PIPELINE, ops.sink_parquet(self.folder / "out"), state)
        subscription = pipe.subscribe(on_error=lambda error: _reraise(error))
        with replay:
            assert replay.wait(SECONDS)
        subscription.dispose()

    def _replayed(self, source: str | None = None) -> pl.DataFrame:
        replay = Replay(self.folder, source=source)  # pyright: ignore[reportArgumentType]
        out = list[pl.DataFrame]()
        replay.quotes.pipe(PIPELINE).subscribe(out.append, _reraise)
        with replay:
            assert replay.wait(SECONDS)
        return pl.concat(out) if out else self._expected().clear()

    def _expected(self) -> pl.DataFrame:
        run = PIPELINE.start(schema=QUOTES)
        out = [_told(run, item) for item in self.kept]
        return pl.concat([*out, run.finish()])

    def _keep(self, items: Sequence[RawFrame | int]) -> None:
        self.kept += items
        self.waiting = []

    def _parts(self) -> list[Path]:
        return sorted((self.folder / "out").glob("*.parquet"))

    def _union(self) -> pl.DataFrame:
        return pl.concat([pl.read_parquet(part) for part in self._parts()])


def _told(run: Run, item: RawFrame | int) -> pl.DataFrame:
    return run.advance(item) if isinstance(item, int) else run.push(_rows([item]))


def _rows(items: Sequence[RawFrame | int]) -> pl.DataFrame:
    decoder, frames = Decoder(), [pl.DataFrame(schema=QUOTES)]
    for item in items:
        if isinstance(item, RawFrame):
            for decoded in decoder.decode([item.data], [item.received_us], item.connection):
                assert isinstance(decoded, Batch)
                assert decoded.quotes is not None
                frames.append(decoded.quotes)
    return pl.concat(frames)


def _items(journal: Journal) -> list[RawFrame | int]:
    found = list[RawFrame | int]()
    for record in journal.read():
        if isinstance(record, RawFrame):
            found.append(record)
        elif isinstance(record, Noted):
            found.append(record.time_us)
    return found


def _reraise(error: Exception) -> None:
    if not isinstance(error, _Killed):
        raise error


def test_nothing_is_lost_or_twice() -> None:
    run_state_machine_as_test(
        RecordingMachine,
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, derandomize=True, database=None
        ),
    )
