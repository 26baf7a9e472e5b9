"""The instruments of a simulated market, and what kind each is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

Kind: TypeAlias = Literal["active", "thin", "idle", "limit_up", "limit_down"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

MAX_COUNT: Final = 8000
_SYMBOL: Final = re.compile(r"[0-9]{6}\.(SH|SZ|BJ)")
# First number and exchange of ten boards, dealt out in turn; far enough apart for MAX_COUNT.
_BOARDS: Final = (
    (600000, "SH"),
    (1, "SZ"),
    (601000, "SH"),
    (300001, "SZ"),
    (603000, "SH"),
    (2001, "SZ"),
    (688001, "SH"),
    (1200, "SZ"),
    (301001, "SZ"),
    (605001, "SH"),
)
_BEIJING: Final = 920001


@dataclass(frozen=True, slots=True)
class Universe:
    """Instruments as columns: item i of every array belongs to ``symbols[i]``.

    Prices are in ticks of 0.01 yuan, sizes in lots of 100 shares.

    Attributes
    ----------
    limit_percent
        Daily price limit of the board.
    prev_close
        Close of the day before the first.
    sigma
        Standard deviation of one step of the price, relative.
    activity
        Probability that anything changes in one step.
    trade
        Probability that a change has a trade in it.
    lots
        Mean lots of a trade and of a level of the book.
    spread, gap
        Mean ticks between the best prices, and between levels, above one tick.
    float_shares
        Shares in circulation.
    noisy
        Prices are printed with float noise (85.40999999999998).
    whole
        Amounts are printed as whole yuan, with no decimal point.
    odd
        Odd lots trade.
    minute_second
        Second of the minute at which rows come while nothing trades.
    """

    symbols: list[str]
    names: list[str]
    kinds: list[Kind]
    shanghai: Bools
    thin: Bools
    idle: Bools
    limit_percent: Ints
    prev_close: Ints
    sigma: Floats
    activity: Floats
    trade: Floats
    lots: Floats
    spread: Floats
    gap: Floats
    float_shares: Ints
    noisy: Bools
    whole: Bools
    odd: Bools
    minute_second: Ints

    def __len__(self) -> int:
        return len(self.symbols)


def make_symbols(count: int) -> list[str]:
    """Make up `count` symbols of all boards."""
    if not 1 <= count <= MAX_COUNT:
        raise ValueError(f"count must be from 1 to {MAX_COUNT}, got {count!r}")
    return [_made_up(index) for index in range(count)]


def check_symbols(symbols: Sequence[str]) -> list[str]:
    """Return the symbols if each names an A-share, once."""
    if isinstance(symbols, str) or not symbols:
        raise ValueError(f"symbols must be a list of at least one symbol, got {symbols!r}")
    for symbol in symbols:
        if not _SYMBOL.fullmatch(symbol):
            raise ValueError(f"symbols are like 600000.SH, 000001.SZ or 920001.BJ; got {symbol!r}")
    if len(set(symbols)) < len(symbols):
        raise ValueError("symbols must not repeat")
    return list(symbols)


def make_universe(
    symbols: list[str], kinds: Mapping[str, Kind], rng: np.random.Generator
) -> Universe:
    """Draw an instrument for each symbol; `kinds` overrides what its place would make it."""
    if unknown := sorted(set(kinds) - set(symbols)):
        raise ValueError(f"kinds names {unknown[0]!r}, which is not among the symbols")
    if wrong := sorted(set(kinds.values()) - set(KINDS)):
        raise ValueError(f"a kind is one of {', '.join(KINDS)}; got {wrong[0]!r}")
    listed: list[Kind] = [kinds.get(symbol, _kind(place)) for place, symbol in enumerate(symbols)]
    count = len(symbols)
    place = np.arange(count)
    thin = np.array([kind == "thin" for kind in listed])
    idle = np.array([kind == "idle" for kind in listed])
    prev_close = np.exp(rng.uniform(np.log(300), np.log(30_000), count)).astype(np.int64)
    lots = np.where(thin, 2.0, 3e5 / prev_close * rng.lognormal(0.0, 0.8, count))
    return Universe(
        symbols=symbols,
        names=[f"模拟{number:04d}" for number in range(1, count + 1)],
        kinds=listed,
        shanghai=np.array([symbol.endswith(".SH") for symbol in symbols]),
        thin=thin,
        idle=idle,
        limit_percent=np.array([_limit_percent(symbol) for symbol in symbols], np.int64),
        prev_close=prev_close,
        sigma=rng.uniform(2e-4, 5e-4, count),
        activity=np.where(idle, 0.0, np.where(thin, 0.08, rng.uniform(0.6, 0.98, count))),
        trade=np.where(thin, 0.25, rng.uniform(0.6, 0.95, count)),
        lots=np.maximum(lots, 1.5),
        spread=np.where(thin, 6.0, rng.uniform(0.0, 0.6, count)),
        gap=np.where(thin, 3.0, 0.15),
        float_shares=(rng.lognormal(20.0, 1.0, count).astype(np.int64) // 100 + 100_000) * 100,
        noisy=place % 3 == 2,
        whole=place % 4 == 1,
        odd=place % 5 < 3,
        minute_second=rng.integers(0, 60, count),
    )


def _made_up(index: int) -> str:
    if index % 50 == 44:
        return f"{_BEIJING + index // 50:06d}.BJ"
    base, exchange = _BOARDS[index % 10]
    return f"{base + index // 10:06d}.{exchange}"


def _kind(place: int) -> Kind:
    # Twenty symbols have all kinds; the first seven are active.
    match place % 100:
        case 11 | 32:
            return "limit_up"
        case 13 | 54:
            return "idle"
        case 15 | 76:
            return "limit_down"
        case 7 | 16 | 27 | 29 | 47 | 58 | 67 | 69 | 87:
            return "thin"
        case _:
            return "active"


def _limit_percent(symbol: str) -> int:
    if symbol.endswith(".BJ"):
        return 30
    return 20 if symbol[:3] in {"300", "301", "302", "688", "689"} else 10
