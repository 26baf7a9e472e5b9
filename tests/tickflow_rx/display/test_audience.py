"""Who looks at a widget."""

from tickflow_rx.display._audience import Audience


def test_somebody_may_look_before_anyone_has_said_so() -> None:
    assert Audience().watching


def test_one_visible_view_is_enough() -> None:
    audience = Audience()
    audience.seen("a", True)
    audience.seen("b", False)
    assert audience.watching
    audience.seen("a", False)
    assert not audience.watching
    audience.seen("b", True)
    assert audience.watching


def test_a_view_that_is_gone_looks_no_more() -> None:
    audience = Audience()
    audience.seen("a", True)
    audience.gone("a")
    assert not audience.watching
    audience.gone("never seen")
    assert not audience.watching
