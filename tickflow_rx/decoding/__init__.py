"""Wire bytes to frames: typed, checked, and quick. Pure: no sockets, threads or clocks."""

from tickflow_rx.decoding._decoder import LARGEST_FRAME, Batch, Decoded, Decoder, warmup
from tickflow_rx.decoding._schema import DEPTH, INTERLEAVED, QUOTES
from tickflow_rx.decoding._strict import BINARY_MARK, Answer, SetAside

__all__ = [
    "BINARY_MARK",
    "DEPTH",
    "INTERLEAVED",
    "LARGEST_FRAME",
    "QUOTES",
    "Answer",
    "Batch",
    "Decoded",
    "Decoder",
    "SetAside",
    "warmup",
]
