import traceback

import pytest

from tickflow_rx._address import KEY_VARIABLE, Address, Key
from tickflow_rx.exceptions import AuthenticationError

SECRET = "s3cr/t key+?&=%"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKFLOW_API_KEY", raising=False)
    monkeypatch.delenv("TICKFLOW_BASE_URL", raising=False)


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("https://api.tickflow.org", "wss://api.tickflow.org/v1/ws/stream"),
        ("https://api.tickflow.org/", "wss://api.tickflow.org/v1/ws/stream"),
        ("http://127.0.0.1:8765", "ws://127.0.0.1:8765/v1/ws/stream"),
        ("ws://localhost:1", "ws://localhost:1/v1/ws/stream"),
        ("wss://host", "wss://host/v1/ws/stream"),
        ("https://host/behind/a/proxy/", "wss://host/behind/a/proxy/v1/ws/stream"),
        ("HTTPS://host", "wss://host/v1/ws/stream"),
        (" https://host\n", "wss://host/v1/ws/stream"),
        ("http://[::1]:80", "ws://[::1]:80/v1/ws/stream"),
    ],
)
def test_urls(base_url: str, url: str) -> None:
    assert Address(base_url, Key("key"), "stream").url == url


def test_the_older_endpoint() -> None:
    assert Address("http://h", Key("key"), "quotes").url == "ws://h/v1/ws/quotes"


@pytest.mark.parametrize(
    "base_url",
    ["ftp://host", "host", "host:80", "https://", "//host", "https:host", "file:///etc/passwd",
     f"https://host?api_key={SECRET}", f"https://host/#{SECRET}", "https://s3cr:x@host", "https://x:s3cr@host",
     f"https://host/v1/ws/stream?api_key={SECRET}"],
)  # fmt: skip
def test_what_is_no_base_url(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url") as raised:
        Address(base_url, Key(), "stream")
    assert "https://api.tickflow.org" in str(raised.value)
    assert "s3cr" not in str(raised.value)


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Address(None, Key(), "stream").url == "wss://api.tickflow.org/v1/ws/stream"
    monkeypatch.setenv("TICKFLOW_BASE_URL", "https://other")
    monkeypatch.setenv("TICKFLOW_API_KEY", "from-environment")
    assert Address(None, Key(), "stream").with_key() == (
        "wss://other/v1/ws/stream?api_key=from-environment"
    )
    assert Address("http://given", Key("given"), "stream").with_key() == (
        "ws://given/v1/ws/stream?api_key=given"
    )


def test_the_key_is_quoted_in_the_url() -> None:
    address = Address("http://h", Key(SECRET), "stream")
    assert address.with_key().endswith("?api_key=s3cr%2Ft%20key%2B%3F%26%3D%25")


@pytest.mark.parametrize(
    ("base_url", "loopback"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9", True),
        ("http://localhost", True),
        ("http://[::1]", True),
        ("https://api.tickflow.org", False),
        ("http://10.0.0.1", False),
        ("http://127.evil.com.example", False),
    ],
)
def test_loopback(base_url: str, loopback: bool) -> None:
    assert Address(base_url, Key("key"), "stream").loopback is loopback


def test_no_key() -> None:
    address = Address("http://h", Key(), "stream")
    with pytest.raises(AuthenticationError) as raised:
        address.require_key()
    assert "api_key=" in str(raised.value)
    assert KEY_VARIABLE in str(raised.value)
    Address("http://h", Key("key"), "stream").require_key()


def test_the_key_is_hidden() -> None:
    address = Address("http://h", Key(SECRET), "stream")
    assert SECRET not in repr(address)
    quoted = address.with_key().rpartition("=")[2]
    assert address.hide_key(f"a {SECRET} b {quoted} c") == "a *** b *** c"
    assert Address("http://h", Key(), "stream").hide_key("nothing to hide") == "nothing to hide"


def test_no_frame_of_an_error_knows_the_key() -> None:
    # Debuggers and error reporters show the locals of frames.
    with pytest.raises(ValueError, match="base_url") as raised:
        Address("ftp://host", Key(SECRET), "stream")
    shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert SECRET not in "".join(shown.format())


def test_a_key_does_not_show_itself() -> None:
    key = Key(SECRET)
    assert repr(key) == str(key) == f"{key}" == "Key(***)"
    assert not hasattr(key, "__dict__")
    assert Key(f"  {SECRET}\n").quoted() == key.quoted()
    assert not Key("")
    assert not Key(" \n")


def test_a_key_that_is_no_text() -> None:
    key = Key(SECRET.encode())  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="of type bytes") as raised:
        Address("http://h", key, "stream")
    shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert SECRET not in "".join(shown.format())
