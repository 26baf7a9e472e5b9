import json
from http import HTTPStatus
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickflow_rx.server._access import Access, Admitted, Keys, Refused

ACCESS = Access({"all": ("quotes", "depth"), "depth": ("depth",), "none": ()})


def status(target: str) -> HTTPStatus | None:
    answer = ACCESS.admit(target)
    return answer.status if isinstance(answer, Refused) else None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/v1/ws/stream?api_key=all", None),
        ("/v1/ws/stream?a=b&api_key=all&c", None),
        ("/v1/ws/quotes?api_key=all", None),
        ("/v1/ws/stream?api_key=depth", None),
        ("/v1/ws/quotes?api_key=depth", HTTPStatus.FORBIDDEN),
        ("/v1/ws/stream?api_key=none", HTTPStatus.FORBIDDEN),
        ("/v1/ws/stream?api_key=wrong", HTTPStatus.UNAUTHORIZED),
        ("/v1/ws/stream?api_key=", HTTPStatus.UNAUTHORIZED),
        ("/v1/ws/stream?key=all", HTTPStatus.UNAUTHORIZED),
        ("/v1/ws/stream", HTTPStatus.UNAUTHORIZED),
        ("/", HTTPStatus.NOT_FOUND),
        ("/v1/ws/stream/?api_key=all", HTTPStatus.NOT_FOUND),
        ("/v1/ws/trades?api_key=wrong", HTTPStatus.NOT_FOUND),
    ],
)
def test_rule(target: str, expected: HTTPStatus | None) -> None:
    assert status(target) == expected


def test_what_is_admitted() -> None:
    assert ACCESS.admit("/v1/ws/stream?api_key=depth") == Admitted(False, frozenset(["depth"]))
    assert ACCESS.admit("/v1/ws/quotes?api_key=all") == Admitted(
        True, frozenset(["quotes", "depth"])
    )


@given(st.text(min_size=1))
def test_keys_of_any_characters(key: str) -> None:
    target = f"/v1/ws/stream?api_key={quote(key, safe='+')}"
    assert isinstance(Access([key]).admit(target), Admitted)
    assert isinstance(Access([key + "x"]).admit(target), Refused)


def test_a_plus_sign_is_itself() -> None:
    assert isinstance(Access(["a+b"]).admit("/v1/ws/stream?api_key=a+b"), Admitted)


@given(st.text())
def test_any_target_is_decided(query: str) -> None:
    assert isinstance(ACCESS.admit(f"/v1/ws/stream?{query}"), Admitted | Refused)


def test_answers_do_not_show_the_key() -> None:
    answer = ACCESS.admit("/v1/ws/stream?api_key=hunter2")
    assert isinstance(answer, Refused)
    body = json.loads(answer.body())
    assert set(body) == {"code", "message"}
    assert "hunter2" not in repr(answer)
    assert "hunter2" not in repr(Access(["hunter2"]))


@pytest.mark.parametrize(
    "keys", ["demo", [], [""], {"": ("quotes",)}, {"k": ("trades",)}, {"k": "quotes"}]
)
def test_keys_that_cannot_be(keys: Keys) -> None:
    with pytest.raises(ValueError, match=r"key|channel"):
        Access(keys)
