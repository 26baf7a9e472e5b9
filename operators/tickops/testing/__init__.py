"""Laws of operators, frames to try them on, and comparisons.

>>> import tickops as ops
>>> from tickops.testing import check_operator
>>> check_operator(ops.spread(), max_examples=2)
"""

from tickops.testing._check import check_operator
from tickops.testing._compare import assert_identical, frames_equal
from tickops.testing._depth import depth
from tickops.testing._law import Case, Law, LawBroken, require, require_same
from tickops.testing._laws import LAWS
from tickops.testing._quotes import quotes
from tickops.testing._streams import OperatorLike, RunLike, Stream, cuts, joined, play

__all__ = [
    "LAWS",
    "Case",
    "Law",
    "LawBroken",
    "OperatorLike",
    "RunLike",
    "Stream",
    "assert_identical",
    "check_operator",
    "cuts",
    "depth",
    "frames_equal",
    "joined",
    "play",
    "quotes",
    "require",
    "require_same",
]
