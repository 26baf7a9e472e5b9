"""Socket bytes to frames, against ``json.loads`` and a DataFrame of dicts."""

from __future__ import annotations

import json

import polars as pl

from tests.benchmarks._days import SYMBOLS, names
from tests.benchmarks._measure import Result, against
from tickflow_rx.decoding import Decoder

__all__ = ["quote_frames", "run"]


def quote_frames(count: int, quotes: int) -> list[bytes]:
    """So many wire frames of so many quotes each, of all symbols in turn, as TickFlow prints."""
    symbols = names()
    frames: list[bytes] = []
    for k in range(count):
        rows = [
            {
                "symbol": symbols[(k * quotes + i) % SYMBOLS],
                "region": "CN",
                "last_price": round(9.72 + i / 100, 2),
                "prev_close": 9.78,
                "open": 9.78,
                "high": round(9.78 + i / 100, 2),
                "low": 9.68,
                "volume": 426_585 + k,
                "amount": 422_430_500 + 1_000 * k,
                "timestamp": 1_776_735_000_000 + 3_000 * (k * quotes // SYMBOLS),
                "ext": {
                    "type": "cn_equity",
                    "name": "浦发银行",
                    "change_pct": -0.006135,
                    "change_amount": -0.06,
                    "amplitude": 0.010225,
                    "turnover_rate": 0.001281,
                },
            }
            for i in range(quotes)
        ]
        message = json.dumps({"op": "quotes", "data": rows}, ensure_ascii=False)
        frames.append(message.encode())
    return frames


def run() -> list[Result]:
    """Lines of the table for decoding."""
    return [
        _line("decode, 100 quotes a frame, one frame at a time", quote_frames(540, 100), 1, 8),
        _line("decode, 100 quotes a frame, ten at a time", quote_frames(540, 100), 10, 8),
        _line("decode, 1 quote a frame, 500 at a time", quote_frames(1_000, 1), 500, None),
    ]


def _line(what: str, frames: list[bytes], at_a_time: int, wanted: float | None) -> Result:
    decoder = Decoder()
    groups = [frames[i : i + at_a_time] for i in range(0, len(frames), at_a_time)]

    def ours() -> None:
        for group in groups:
            decoder.decode(group, [0] * len(group), 1)

    def theirs() -> None:
        for frame in frames:
            pl.DataFrame(json.loads(frame)["data"])

    rows = sum(frame.count(b'"symbol"') for frame in frames)
    return against(what, "json.loads + pl.DataFrame(dicts)", ours, theirs, rows=rows, wanted=wanted)
