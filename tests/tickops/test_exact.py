"""The exact product of two floats, compiled or not, against fractions."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import strategies
from tickops._kernels._exact import product
from tickops._kernels._jit import kernel

LARGEST, SMALLEST, LEAST = 1.7976931348623157e308, 2.2250738585072014e-308, 5e-324


@kernel
def compiled(a: float, b: float) -> tuple[float, float]:
    return product(a, b)


def bits(*values: float) -> bytes:
    """Every bit of them, but of NaN only that it is one."""
    return struct.pack(f"{len(values)}d", *(math.nan if math.isnan(x) else x for x in values))


def scaled(exponents: st.SearchStrategy[int]) -> st.SearchStrategy[float]:
    """Floats of 53 random bits, so that products do have something to round away."""
    mantissas = st.integers(-(2**53) + 1, 2**53 - 1)
    return st.builds(math.ldexp, mantissas, exponents)


ANY = st.floats() | scaled(st.integers(-1074, 970))
NEAR_THE_LIMITS = scaled(st.sampled_from([-1074, -900, -600, -550, -480, -440, 390, 440, 480, 970]))
# Exponents that make up for each other: products that are none too small, of numbers that are.
BALANCED = st.integers(-870, 870).flatmap(
    lambda e: st.tuples(scaled(st.just(e)), scaled(st.integers(-100, 100).map(lambda d: d - e)))
)


@strategies.EXAMPLES
@given(st.tuples(ANY | NEAR_THE_LIMITS, ANY | NEAR_THE_LIMITS) | BALANCED)
def test_what_is_rounded_away_is_exact_or_rounded_once(factors: tuple[float, float]) -> None:
    a, b = factors
    p, e = product(a, b)
    assert bits(p) == bits(a * b)
    if math.isfinite(p):
        assert bits(e) == bits(float(Fraction(a) * Fraction(b) - Fraction(p)))
    assert bits(p, e) == bits(*compiled(a, b))


@strategies.EXAMPLES
@given(scaled(st.integers(-300, 200)), scaled(st.integers(-300, 200)))
def test_parts_add_up_to_the_product(a: float, b: float) -> None:
    p, e = product(a, b)
    assert Fraction(p) + Fraction(e) == Fraction(a) * Fraction(b)
    assert bits(p, e) == bits(*compiled(a, b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (0.0, -1.0),
        (-0.0, 0.0),
        (LARGEST, 2.0),
        (-LARGEST, LARGEST),
        (LARGEST, 1.0),
        (LARGEST, 0.1),
        (1e-160, 1.1e-160),
        (-1e-160, 1.1e-160),
        (1e-170, -1e-170),
        (SMALLEST, 0.3),
        (LEAST, 0.5),
        (LEAST, 1e300),
        (-1.1e-310, 1.3e300),
        (math.inf, 0.0),
        (math.inf, -2.0),
        (math.nan, 1.0),
    ],
)
def test_at_the_limits(a: float, b: float) -> None:
    for x, y in ((a, b), (b, a)):
        p, e = product(x, y)
        assert bits(p, e) == bits(*compiled(x, y))
        if math.isfinite(p):
            assert bits(e) == bits(float(Fraction(x) * Fraction(y) - Fraction(p)))
        else:
            assert e == -p or math.isnan(e)
