"""``tickflow-rx serve``: the TickFlow protocol from a simulated market or a recording."""

import errno
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from tickflow_rx._waiting import Latch
from tickflow_rx.cli._ctrl_c import until_ctrl_c
from tickflow_rx.cli._errors import CommandError
from tickflow_rx.cli._parquet_quotes import read_schema
from tickflow_rx.server import (
    JournalRecording,
    ParquetRecording,
    Server,
    SimulatedMarket,
    Source,
    WireRecording,
)

START: Final = datetime(2026, 3, 2, 9, 24, 30)
"""When a simulated market begins, in Shanghai: shortly before the opening auction's match."""

_LONGEST_PAUSE: Final = 300.0
_LOOK_EVERY: Final = 0.25
_PARQUET: Final = ".parquet"
_WIRE: Final = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """What `make_source` makes; None is the default of the source, if it knows the option."""

    symbols: int | None = None
    speed: float = 1.0
    seed: int | None = None
    start: datetime | None = None
    lot: int | None = None


@dataclass(frozen=True, kw_only=True)
class Serve:
    """The command; its parameters are those of ``tickflow_rx.cli._app.serve``."""

    port: int
    key: str | None
    host: str
    source: str
    options: SourceOptions

    def run(self) -> int:
        """Serve until Ctrl-C."""
        if not self.key:
            raise CommandError(
                "clients need a key: give --key, or put one into the environment variable"
                " TICKFLOW_API_KEY"
            )
        if self.port > 65535:
            raise CommandError(f"--port must be from 0 to 65535, not {self.port}")
        source = make_source(self.source, self.options)
        server = Server(
            source, keys=[self.key], host=self.host, port=self.port, max_wait=_LONGEST_PAUSE
        )
        try:
            server.start()
        except OSError as error:
            raise CommandError(self._refused(error)) from error
        try:
            with until_ctrl_c() as stopped:
                print(_greeting(server, source, self.source), flush=True)
                self._wait(server, stopped)
        finally:
            server.close()
        return 0

    def _wait(self, server: Server, stopped: Latch) -> None:
        while not (stopped.is_set() or server.finished.wait(_LOOK_EVERY)):
            pass
        if server.error is not None:
            raise CommandError(f"{self.source} broke off: {server.error}")
        if not stopped.is_set():
            print("All of it was sent; newest rows stay on offer. Ctrl-C ends it.", flush=True)
        stopped.wait()

    def _refused(self, error: OSError) -> str:
        match error.errno:
            case errno.EADDRINUSE:
                return (
                    f"port {self.port} on {self.host} is in use: give another with --port,"
                    " or --port 0 for a free one"
                )
            case errno.EACCES:
                return f"port {self.port} needs more rights: give one above 1023 with --port"
            case _:
                return f"cannot listen on {self.host}, port {self.port}: {error.strerror or error}"


def make_source(name: str, options: SourceOptions) -> Source:
    """Make the source of a server from what ``--source`` says.

    Raises
    ------
    CommandError
        There is no such file, it is neither a recording nor Parquet of quotes or depth, or an
        option is given that the source does not have.
    """
    if name == "simulated":
        return _simulated(options)
    given = {"--symbols": options.symbols, "--seed": options.seed, "--start": options.start}
    if wrong := [option for option, value in given.items() if value is not None]:
        raise CommandError(f"{wrong[0]} is for the simulated market, not for --source {name}")
    path = Path(name)
    if path.is_dir():
        _refuse_lot(options, name)
        return JournalRecording(path, speed=options.speed)
    if not path.is_file():
        raise CommandError(
            f"--source is 'simulated', a folder with a journal, or a file; there is no file"
            f" {name!r}"
        )
    if path.suffix == _PARQUET:
        return _parquet(path, options)
    if path.name.endswith(_WIRE):
        _refuse_lot(options, name)
        return WireRecording(path, speed=options.speed)
    raise CommandError(f"--source {name} is neither .parquet nor {' nor '.join(_WIRE)}")


def _simulated(options: SourceOptions) -> SimulatedMarket:
    _refuse_lot(options, "simulated")
    return SimulatedMarket(
        count=20 if options.symbols is None else options.symbols,
        seed=options.seed or 0,
        start=options.start or START,
        speed=options.speed,
        days=None,
        wait_for_subscriber=True,
    )


def _parquet(path: Path, options: SourceOptions) -> ParquetRecording:
    files = {channel: _of_channel(path, channel) for channel in ("quotes", "depth")}
    if not any(files.values()):
        raise CommandError(
            f"--source {path} has neither quotes (last_price, volume, amount, …) nor books"
            " (bid_prices, ask_prices, …)"
        )
    return ParquetRecording(
        files["quotes"],
        files["depth"],
        speed=options.speed,
        lot=1 if options.lot is None else options.lot,
    )


def _of_channel(path: Path, channel: str) -> Path | None:
    """File with the rows of a channel: `path` itself, or its companion named after the other."""
    telling = {"quotes": "last_price", "depth": "bid_prices"}[channel]
    if telling in read_schema(path):
        return path
    for other in ("quotes", "depth"):
        if path.name.endswith(ending := f".{other}{_PARQUET}"):
            companion = path.with_name(path.name.removesuffix(ending) + f".{channel}{_PARQUET}")
            if companion.is_file() and telling in read_schema(companion):
                return companion
    return None


def _refuse_lot(options: SourceOptions, name: str) -> None:
    if options.lot is not None:
        raise CommandError(f"--lot is for Parquet, not for --source {name}")


def _greeting(server: Server, source: Source, name: str) -> str:
    match source:
        case SimulatedMarket():
            what = f"a simulated market of {len(source.symbols or ())} symbols, from {source.start}"
            some = list(source.symbols or ())[:2]
        case ParquetRecording():
            what = " and ".join(str(path) for path in (source.quotes, source.depth) if path)
            some = ["SYMBOL"]
        case _:
            what, some = name, ["SYMBOL"]
    return "\n".join(
        (
            f"Serving {what}, at {source.speed:g} x, on {server.url}",
            "It begins when the first client subscribes. Connect with the key that you gave:",
            f"  TICKFLOW_API_KEY=... tickflow-rx watch {' '.join(some)} --base-url {server.url}",
            "Ctrl-C ends it.",
        )
    )
