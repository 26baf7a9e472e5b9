"""What the commands are called and take; what they do is imported when they run.

Nothing here may import Polars or numba, directly or not: ``--help`` has to be quick.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from cyclopts import App, Parameter
from cyclopts.types import NonNegativeInt, PositiveFloat, PositiveInt

import tickflow_rx
from tickflow_rx.cli._choices import Profile, ReplayChannel

Port: TypeAlias = Annotated[NonNegativeInt, Parameter(metavar="PORT")]
Key: TypeAlias = Annotated[
    str | None, Parameter(env_var="TICKFLOW_API_KEY", metavar="KEY", show_default=False)
]

_EXAMPLES: Final = """\
Examples:
  tickflow-rx demo                                 the whole way, without a key
  tickflow-rx serve --port 8765 --key secret       a server of your own
  tickflow-rx watch 600000.SH 000001.SZ            TickFlow, live
  tickflow-rx record 600000.SH --out data/         its frames, to disk
  tickflow-rx replay data/ --pipeline study:bars --out results/
  tickflow-rx compact data/                        those as Parquet, by day
  tickflow-rx bars quotes.parquet --out bars.parquet

tickflow-rx COMMAND --help says more. python -m tickflow_rx is the same program."""

app: Final = App(
    "tickflow-rx",
    help="TickFlow market data as streams of Polars frames.",
    help_epilogue=_EXAMPLES,
    help_format="plaintext",
    version=lambda: tickflow_rx.__version__,
    exit_on_error=False,
    print_error=False,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


@app.command(
    sort_key=1,
    help_epilogue="""\
Examples:
  tickflow-rx demo
  tickflow-rx demo --seconds 60 --symbols 30 --out /tmp/demo""",
)
def demo(
    *,
    seconds: PositiveFloat = 20.0,
    symbols: PositiveInt = 12,
    speed: PositiveFloat = 120.0,
    seed: NonNegativeInt = 0,
    out: Path = Path("demo-output"),
) -> int:
    """Run the main job without a key: server, feed, operators, live table, Parquet.

    A server with a simulated A-share market starts on this machine, shortly
    before the opening auction ends at 09:25. A feed connects to it over a real
    socket; spread, imbalance, VWAP and minute bars are computed as rows come.
    It ends by itself and says what it wrote.

    Parameters
    ----------
    seconds
        How long to run.
    symbols
        How many instruments the market has.
    speed
        Seconds of the market a second: at 120, 20 seconds are 40 minutes.
    seed
        Another seed is another market.
    out
        Folder for quotes.parquet, depth.parquet and bars.parquet.
    """
    from tickflow_rx.cli._demo import Demo

    return Demo(seconds=seconds, symbols=symbols, speed=speed, seed=seed, out=out).run()


@app.command(
    sort_key=2,
    help_epilogue="""\
Examples:
  tickflow-rx serve --port 8765 --key secret
  tickflow-rx serve --key secret --symbols 500 --speed 10
  tickflow-rx serve --key secret --source data/ --speed 10
  tickflow-rx serve --key secret --source day.wire.jsonl.gz --speed 60
  tickflow-rx serve --key secret --source day.quotes.parquet --lot 100

Then, for whoever is to use it:
  export TICKFLOW_API_KEY=secret TICKFLOW_BASE_URL=http://127.0.0.1:8765
  tickflow-rx watch 600000.SH""",
)
def serve(
    *,
    port: Port = 8765,
    key: Key = None,
    host: str = "127.0.0.1",
    source: str = "simulated",
    symbols: PositiveInt | None = None,
    speed: PositiveFloat = 1.0,
    seed: NonNegativeInt | None = None,
    start: datetime | None = None,
    lot: PositiveInt | None = None,
) -> int:
    """Serve the TickFlow protocol until Ctrl-C: a simulated market, or a recording.

    Both endpoints and both channels, for TickFlow's own client too. Time begins
    when the first client subscribes; nights are cut to 5 minutes. If there are
    X.quotes.parquet and X.depth.parquet in one folder, either brings the other.

    Parameters
    ----------
    port
        Where to listen; 0 takes a free port.
    key
        API key that clients have to give. It is never shown.
    host
        Address to listen on; 0.0.0.0 lets other machines in.
    source
        "simulated", a folder that `record` wrote to, a recording of wire frames (.jsonl,
        .jsonl.gz), or quotes or depth Parquet.
    symbols
        How many instruments the simulated market has; 20 by default.
    speed
        Seconds of the market a second; inf for as fast as the clients take it.
    seed
        Another seed is another simulated market; 0 by default.
    start
        When the simulated market begins, in Shanghai; 2026-03-02T09:24:30 by default.
    lot
        Divides the volumes of Parquet: 100 where it has shares, since the feed has lots.
    """
    from tickflow_rx.cli._serve import Serve, SourceOptions

    options = SourceOptions(symbols=symbols, speed=speed, seed=seed, start=start, lot=lot)
    return Serve(port=port, key=key, host=host, source=source, options=options).run()


@app.command(
    sort_key=3,
    usage="Usage: tickflow-rx watch [OPTIONS] SYMBOL...",
    help_epilogue="""\
Examples:
  TICKFLOW_API_KEY=... tickflow-rx watch 600000.SH 000001.SZ
  tickflow-rx watch 600000.SH --no-depth
  tickflow-rx watch 600000.SH --base-url http://127.0.0.1:8765
  tickflow-rx watch 600000.SH | tee quotes.txt""",
)
def watch(
    symbols: Annotated[list[str], Parameter(name="SYMBOL", negative=())],
    /,
    *,
    base_url: Annotated[
        str | None, Parameter(env_var="TICKFLOW_BASE_URL", metavar="URL", show_default=False)
    ] = None,
    api_key: Key = None,
    depth: bool = True,
) -> int:
    """Show quotes, spread, imbalance, VWAP and bars as they come, until Ctrl-C.

    A live table in a terminal; anywhere else plain lines, of what has changed.

    Parameters
    ----------
    symbols
        Instruments, such as 600000.SH 000001.SZ.
    base_url
        Server; TickFlow's by default.
    api_key
        TickFlow API key. Better in the environment: others here can read arguments.
    depth
        Also subscribe to the books, for spread and imbalance.
    """
    from tickflow_rx.cli._watch import Watch

    return Watch(symbols=symbols, base_url=base_url, api_key=api_key, depth=depth).run()


@app.command(
    sort_key=4,
    usage="Usage: tickflow-rx record [OPTIONS] [SYMBOL...] --out FOLDER",
    help_epilogue="""\
Examples:
  TICKFLOW_API_KEY=... tickflow-rx record 600000.SH 000001.SZ --out data/
  tickflow-rx record --quotes @all.txt --depth 600000.SH,000001.SZ --out data/

Then, with public tools:
  zstdcat data/journal/*/*.zst | jq 'select(.frame.op == "quotes")'""",
)
def record(
    symbols: Annotated[list[str], Parameter(name="SYMBOL", negative=())] = [],  # noqa: B006
    /,
    *,
    out: Annotated[Path, Parameter(metavar="FOLDER")],
    quotes: Annotated[list[str], Parameter(negative=(), show_default=False)] = [],  # noqa: B006
    depth: Annotated[list[str], Parameter(negative=(), show_default=False)] = [],  # noqa: B006
    base_url: Annotated[
        str | None, Parameter(env_var="TICKFLOW_BASE_URL", metavar="URL", show_default=False)
    ] = None,
    api_key: Key = None,
    flush_every: PositiveFloat = 1.0,
) -> int:
    """Record what TickFlow sends, exactly as it comes, until Ctrl-C.

    Raw frames with their receive times, and what happened to the connection, as
    zstd-compressed JSON lines: a file a day, or more. A new run goes on in a new
    file. After a crash at most the last second is missing.

    Parameters
    ----------
    symbols
        Instruments whose quotes and books to record, or @FILE with a list of them.
    out
        Folder; it is made if it is not there. One recorder at a time.
    quotes
        More instruments, quotes alone; names with commas between, or @FILE.
    depth
        More instruments, books alone.
    base_url
        Server; TickFlow's by default.
    api_key
        TickFlow API key. Better in the environment: others here can read arguments.
    flush_every
        Seconds after which what has come is on disk.
    """
    from tickflow_rx.cli._record import Record

    return Record(
        symbols=symbols,
        quotes=quotes,
        depth=depth,
        out=out,
        base_url=base_url,
        api_key=api_key,
        flush_every=flush_every,
    ).run()


@app.command(
    sort_key=5,
    help_epilogue="""\
Examples:
  tickflow-rx compact data/
  tickflow-rx compact data/ --delta tables/

Then, with DuckDB:
  select * from 'data/quotes/*/*.parquet' where symbol = '600000.SH'""",
)
def compact(
    folder: Annotated[Path, Parameter(name="FOLDER")],
    /,
    *,
    delta: Annotated[Path | None, Parameter(metavar="FOLDER", show_default=False)] = None,
) -> int:
    """Write what was recorded as Parquet: quotes and books, by trading day.

    It can be repeated at any time, also while a recorder runs: what is new is
    added, and the file that is being written waits for a later run.

    Parameters
    ----------
    folder
        That `record` wrote to; Parquet goes to quotes/, depth/ and clock/ in it.
    delta
        Also put the rows into Delta tables in this folder; needs tickflow-rx[delta].
    """
    from tickflow_rx.cli._compact import Compact

    return Compact(folder, delta).run()


@app.command(
    sort_key=6,
    help_epilogue="""\
Examples:
  tickflow-rx replay data/ --pipeline study:bars --out results/
  tickflow-rx replay data/ --day 2026-04-21 --pipeline study:bars --out results/
  tickflow-rx replay data/ --pipeline study:book --channel depth --out results/

Where study.py in the current folder has an operator, or a function:
  bars = ops.chain(ops.deltas(), ops.bars("1m"))
  def two(feed): return {"bars": feed.quotes.pipe(bars), "more": ...}""",
)
def replay(
    recording: Annotated[Path, Parameter(name="RECORDING")],
    /,
    *,
    pipeline: Annotated[str, Parameter(metavar="MODULE:NAME")],
    out: Annotated[Path, Parameter(metavar="FOLDER")],
    day: Annotated[str | None, Parameter(metavar="YYYY-MM-DD", show_default=False)] = None,
    symbols: Annotated[list[str], Parameter(negative=(), show_default=False)] = [],  # noqa: B006
    speed: Annotated[PositiveFloat | None, Parameter(show_default=False)] = None,
    channel: ReplayChannel = "quotes",
) -> int:
    """Run a pipeline over a recording, into Parquet files.

    The same operators as live give the same rows, those that close by time too.
    Each result appears as FOLDER/NAME.parquet once all is done.

    Parameters
    ----------
    recording
        Folder with a journal, or with what compact made of one; or wire frames (.jsonl, .jsonl.gz).
    pipeline
        An operator, or a function of the source that returns an observable or a dict of them.
    out
        Folder for the results; it is made if it is not there.
    day
        Only rows of this trading day.
    symbols
        Only rows of these; names with commas between.
    speed
        Recorded seconds a second: 1 as it was. As fast as possible by default.
    channel
        What an operator is applied to.
    """
    from tickflow_rx.cli._replay import RunReplay

    return RunReplay(
        recording=recording,
        pipeline=pipeline,
        out=out,
        day=day,
        symbols=symbols,
        speed=speed,
        channel=channel,
    ).run()


@app.command(
    sort_key=7,
    help_epilogue="""\
Examples:
  tickflow-rx bars quotes.parquet --every 1m --profile tdx --out bars.parquet
  tickflow-rx bars quotes.parquet --unit 1 --out bars.csv    volume in shares
  tickflow-rx bars days/ --every 5m --out bars.parquet       all in a folder
  tickflow-rx bars day.wire.jsonl.gz --fill --out bars.parquet""",
)
def bars(
    input_: Annotated[Path, Parameter(name="INPUT")],
    /,
    *,
    every: Annotated[str, Parameter(metavar="DURATION")] = "1m",
    profile: Profile = "tdx",
    unit: PositiveInt | None = None,
    fill: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    out: Annotated[Path, Parameter(metavar="FILE")],
) -> int:
    """Make bars of recorded quotes, also of files larger than memory.

    Rows are taken in the order they stand in, the files of a folder by name.
    timestamp is epoch milliseconds or a Datetime (without a zone: UTC). Rows that
    are late or outside the sessions are left out, and their number is printed.

    Parameters
    ----------
    input_
        Quotes Parquet, a folder of them, or wire frames as JSON lines (.jsonl, .jsonl.gz).
    every
        Length of a bar: 1m, 5m, 1h30m.
    profile
        How the minutes of A-shares are laid out.
    unit
        Shares per unit of volume; by default 100 for region CN, else 1.
    fill
        Give minutes without a trade a bar too.
    out
        File to write, .parquet or .csv.
    """
    from tickflow_rx.cli._bars import MakeBars

    return MakeBars(input_, out, every=every, profile=profile, unit=unit, fill=fill).run()
