"""Choices of the command line. Imports nothing, so that ``--help`` answers at once."""

from typing import Literal, TypeAlias

__all__ = ["Profile", "ReplayChannel"]

Profile: TypeAlias = Literal["tdx", "split_auction", "dolphindb"]
ReplayChannel: TypeAlias = Literal["quotes", "depth", "interleaved"]
