"""Every law is tried on operators that break it, and on some that obey."""

import pytest

from tests.tickops.testing.broken import ALSO, BROKEN
from tests.tickops.testing.simple import Chain, Highest, Minutes, Simple, Totals
from tickops.testing import LAWS, Law, check_operator, quotes
from tickops.testing import _check as check

RIGHT = [Totals(), Minutes(), Chain(Totals(), Minutes()), Chain(Minutes(), Highest())]
FRAMES = quotes(max_rows=10, symbols=2, late=True, corrections=True)
CASES = [(law, operator) for law in LAWS for operator in BROKEN.get(law.name, [])]


@pytest.mark.parametrize("operator", RIGHT, ids=repr)
def test_right_operators_obey_all_laws(operator: Simple) -> None:
    check_operator(operator, max_examples=6)


@pytest.mark.parametrize(
    ("law", "operator"), CASES, ids=lambda value: getattr(value, "name", repr(value))
)
def test_a_broken_operator_is_caught_by_its_law(
    law: Law, operator: Simple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_SHRINK_SECONDS", 0.3)
    with pytest.raises(AssertionError) as caught:
        check_operator(operator, laws=[law], frames=FRAMES, max_examples=20)
    first, doc, *rest = str(caught.value).splitlines()
    assert first == f"law {law.name!r} is broken by {operator!r}"
    assert doc == law.doc
    assert any(line.startswith("smallest input found") for line in rest)


@pytest.mark.parametrize(
    ("law", "operator"), CASES, ids=lambda value: getattr(value, "name", repr(value))
)
def test_a_broken_operator_obeys_the_other_laws(law: Law, operator: Simple) -> None:
    broken = {law.name, *ALSO.get(type(operator).__name__, ())}
    others = [other for other in LAWS if other.name not in broken]
    check_operator(operator, laws=others, frames=FRAMES, max_examples=3)


def test_every_law_has_an_operator_that_breaks_it() -> None:
    assert set(BROKEN) == {law.name for law in LAWS}
