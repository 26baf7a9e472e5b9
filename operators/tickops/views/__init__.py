"""Views: functions from observable to observable that depend on how rows are cut into frames.

They are no operators: the one law does not hold for them.
"""

from tickops.views._clocked import clocked
from tickops.views._conflate import conflate
from tickops.views._latest import latest
from tickops.views._split_by_symbol import SymbolFrames, split_by_symbol

__all__ = ["SymbolFrames", "clocked", "conflate", "latest", "split_by_symbol"]
