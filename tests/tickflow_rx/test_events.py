import dataclasses
import inspect

import pytest

from tickflow_rx import events, exceptions

OF_STATUS = [getattr(events, name) for name in events.__all__ if name != "Event"]


def test_all_is_sorted_and_complete() -> None:
    defined = [
        name
        for name, value in vars(events).items()
        if inspect.isclass(value) and issubclass(value, events.Event)
    ]
    assert events.__all__ == sorted(defined)


@pytest.mark.parametrize("event", OF_STATUS)
def test_events_are_values(event: type[events.Event]) -> None:
    fields = dataclasses.fields(event)
    values = [k for k, _ in enumerate(fields)]
    one, same = event(*values), event(*values)  # pyright: ignore[reportCallIssue]
    assert one == same
    assert hash(one) == hash(same)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, fields[0].name, "other")


def test_the_event_server_error_is_not_the_exception() -> None:
    assert not issubclass(events.ServerError, Exception)
    assert issubclass(exceptions.ServerError, exceptions.TickFlowError)
