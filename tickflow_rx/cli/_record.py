"""``tickflow-rx record``: a feed's raw frames, to disk."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tickflow_rx import Feed, Recorder
from tickflow_rx._status import Status
from tickflow_rx._waiting import Latch
from tickflow_rx.cli._ctrl_c import until_ctrl_c
from tickflow_rx.cli._errors import KEY_HELP, CommandError
from tickflow_rx.exceptions import AuthenticationError

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Record:
    """The command; its parameters are those of ``tickflow_rx.cli._app.record``."""

    symbols: list[str]
    quotes: list[str]
    depth: list[str]
    out: Path
    base_url: str | None
    api_key: str | None
    flush_every: float

    def run(self) -> int:
        """Record until Ctrl-C, or until the server refuses or the disk does."""
        both = _listed(self.symbols)
        quotes, depth = [*both, *_listed(self.quotes)], [*both, *_listed(self.depth)]
        if not quotes and not depth:
            raise CommandError(
                "nothing to record: name symbols, or lists with --quotes and --depth"
            )
        if not self.api_key and not os.environ.get("TICKFLOW_API_KEY"):
            raise AuthenticationError(f"no API key: {KEY_HELP}")
        feed = Feed(quotes=quotes, depth=depth, api_key=self.api_key, base_url=self.base_url)
        with (
            until_ctrl_c() as stopped,
            Recorder(feed, self.out, flush_every=self.flush_every) as recorder,
        ):
            _follow(feed, recorder, stopped)
        stats = recorder.stats()
        print(
            f"{stats.frames:,} frames, {stats.bytes / _MEBIBYTE:,.1f} MiB before compression,"
            f" in {stats.segments} file{'s'[: stats.segments != 1]} under {self.out}/journal",
            flush=True,
        )
        return 0


def _follow(feed: Feed, recorder: Recorder, stopped: Latch) -> None:
    status = Status()
    feed.status.subscribe(status.take, lambda _: None)
    try:
        with feed:
            while not stopped.is_set() and not feed.wait(0.2):
                _tell(status)
                for error in (recorder.error, status.error):
                    if error is not None:
                        raise error
    finally:
        _tell(status)


def _tell(status: Status) -> None:
    for line in status.news():
        print(f"tickflow-rx: {line}", file=sys.stderr, flush=True)


def _listed(given: list[str]) -> list[str]:
    """Symbols of arguments: names, several with commas, or a file of them after an @."""
    symbols: list[str] = []
    for argument in given:
        if argument.startswith("@"):
            path = Path(argument[1:])
            if not path.is_file():
                raise CommandError(f"{argument}: there is no file {str(path)!r}")
            lines = (line.partition("#")[0] for line in path.read_text("utf-8").splitlines())
            symbols += " ".join(lines).replace(",", " ").split()
        else:
            symbols += argument.replace(",", " ").split()
    return list(dict.fromkeys(symbols))
