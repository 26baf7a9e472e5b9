from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tickflow_rx import events
from tickflow_rx.protocol import Session
from tickflow_rx.protocol.messages import ErrorMessage, SubscribedMessage

A, B, C = "600000.SH", "000001.SZ", "AAPL.US"


def said(commands: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(command) for command in commands]


def subscribe(channel: str, *symbols: str) -> dict[str, Any]:
    return {"op": "subscribe", "channel": channel, "symbols": [*symbols]}


def unsubscribe(channel: str, *symbols: str) -> dict[str, Any]:
    return {"op": "unsubscribe", "channel": channel, "symbols": [*symbols]}


def connected(**wanted: list[str]) -> Session:
    session = Session()
    for channel, symbols in wanted.items():
        session.subscribe(channel, symbols)  # pyright: ignore[reportArgumentType]
    session.connect()
    return session


def test_nothing_is_sent_before_a_connection() -> None:
    session = Session()
    assert session.subscribe("quotes", [A]) == []
    assert session.unsubscribe("quotes", [A]) == []


def test_a_connection_gets_one_command_a_channel() -> None:
    session = Session()
    session.subscribe("quotes", [A, B])
    session.subscribe("quotes", [C])
    session.subscribe("depth", [B])
    assert said(session.connect()) == [subscribe("quotes", A, B, C), subscribe("depth", B)]


def test_a_connection_with_no_subscriptions_gets_no_command() -> None:
    assert Session().connect() == []


def test_only_what_is_new_is_sent() -> None:
    session = connected(quotes=[A])
    assert said(session.subscribe("quotes", [A, B])) == [subscribe("quotes", B)]
    assert session.subscribe("quotes", [B, A]) == []
    assert said(session.subscribe("depth", [A])) == [subscribe("depth", A)]


def test_only_what_is_there_is_unsubscribed() -> None:
    session = connected(quotes=[A, B])
    assert said(session.unsubscribe("quotes", [B, C])) == [unsubscribe("quotes", B)]
    assert session.unsubscribe("quotes", [B]) == []
    assert session.wanted("quotes") == (A,)


def test_symbols_given_twice_are_sent_once() -> None:
    session = connected()
    assert said(session.subscribe("quotes", [A, B, A])) == [subscribe("quotes", A, B)]


def test_no_symbols_is_no_command() -> None:
    assert connected().subscribe("quotes", []) == []


def test_a_new_connection_gets_everything_again() -> None:
    session = connected(quotes=[A, B])
    session.unsubscribe("quotes", [A])
    session.disconnect()
    session.subscribe("depth", [C])
    assert said(session.connect()) == [subscribe("quotes", B), subscribe("depth", C)]


def test_5400_symbols_are_one_command() -> None:
    symbols = [f"{k:06}.SZ" for k in range(5400)]
    assert said(connected().subscribe("quotes", symbols)) == [subscribe("quotes", *symbols)]


def test_symbols_from_a_generator() -> None:
    session = connected()
    assert said(session.subscribe("quotes", (s for s in [A, B]))) == [subscribe("quotes", A, B)]


# The older endpoint.


def test_the_older_endpoint_names_no_channel() -> None:
    session = Session("quotes")
    session.subscribe("quotes", [A])
    assert said(session.connect()) == [{"op": "subscribe", "symbols": [A]}]
    assert said(session.unsubscribe("quotes", [A])) == [{"op": "unsubscribe", "symbols": [A]}]
    event = session.receive(SubscribedMessage(None, [], 0))
    assert event == events.Subscribed("quotes", (), 0)


def test_the_older_endpoint_has_no_books() -> None:
    with pytest.raises(ValueError, match=r"'depth' needs endpoint='stream'.*'quotes'"):
        Session("quotes").subscribe("depth", [A])


# Answers.


def test_an_acknowledgement() -> None:
    session = connected(quotes=[A, B])
    event = session.receive(SubscribedMessage("quotes", [A, B], 2))
    assert event == events.Subscribed("quotes", (A, B), 2)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (SubscribedMessage("quotes", [A], None), events.Subscribed("quotes", (A,), 1)),
        (SubscribedMessage("quotes", None, 3), events.Subscribed("quotes", (), 3)),
        (SubscribedMessage(None, None, None), events.Subscribed("quotes", (), 0)),
        (SubscribedMessage("news", [A], 1), events.Subscribed("news", (A,), 1)),
        (ErrorMessage("oh"), events.ServerError("oh")),
        (ErrorMessage(None), events.ServerError("no message")),
        (ErrorMessage(""), events.ServerError("no message")),
    ],
)
def test_answers_that_nobody_waits_for(
    message: SubscribedMessage | ErrorMessage, event: events.Event
) -> None:
    assert Session().receive(message) == event


def test_an_error_belongs_to_the_oldest_command_without_an_answer() -> None:
    session = connected(quotes=[A], depth=[A])
    session.receive(SubscribedMessage("quotes", [A], 1))
    event = session.receive(ErrorMessage("no permission for channel: depth"))
    assert event == events.ServerError("no permission for channel: depth", "depth")
    assert session.receive(ErrorMessage("again")) == events.ServerError("again")


def test_what_was_refused_is_asked_for_again_when_wanted_again() -> None:
    session = connected(quotes=[A])
    session.receive(SubscribedMessage("quotes", [A], 1))
    session.subscribe("quotes", [B])
    session.receive(ErrorMessage("exceeded max 1 symbols"))
    assert said(session.subscribe("quotes", [A, B])) == [subscribe("quotes", B)]


def test_an_unsubscribe_that_was_refused_is_sent_again() -> None:
    session = connected(quotes=[A])
    session.receive(SubscribedMessage("quotes", [A], 1))
    session.unsubscribe("quotes", [A])
    session.receive(ErrorMessage("not now"))
    assert said(session.unsubscribe("quotes", [A])) == [unsubscribe("quotes", A)]


def test_what_the_server_did_not_take_is_asked_for_again_when_wanted_again() -> None:
    session = connected(quotes=[A, B])
    session.receive(SubscribedMessage("quotes", [A], 1))
    assert said(session.subscribe("quotes", [A, B])) == [subscribe("quotes", B)]


def test_a_list_that_is_out_of_date_says_nothing() -> None:
    session = connected(quotes=[A])
    session.subscribe("quotes", [B])
    session.receive(SubscribedMessage("quotes", [A], 1))  # of the first command
    assert session.subscribe("quotes", [B]) == []


def test_a_new_connection_waits_for_no_old_answers() -> None:
    session = connected(quotes=[A])
    session.disconnect()
    session.unsubscribe("quotes", [A])
    session.connect()
    assert session.receive(ErrorMessage("oh")) == events.ServerError("oh")


# What callers may ask for.


@pytest.mark.parametrize(
    "symbol", [A, B, C, "00700.HK", "BRK.B.US", "920001.BJ", "^SPX.US", "a-b.SH"]
)
def test_symbols(symbol: str) -> None:
    session = Session()
    session.subscribe("quotes", [symbol])
    assert session.wanted("quotes") == (symbol,)


@pytest.mark.parametrize(
    "symbol",
    ["", "600000", ".SH", "600000.", "600000.sh", "600000.S", " 600000.SH", "600000.SH\n", "浦.SH",
     "600000 .SH", "600000.SH,000001.SZ", "6" * 40 + ".SH", "600000.SH?x", None, 600000, b"1.SH"],
)  # fmt: skip
@pytest.mark.parametrize("how", ["subscribe", "unsubscribe"])
def test_what_can_be_no_symbol(symbol: Any, how: str) -> None:
    session = Session()
    with pytest.raises(ValueError, match=r"CODE\.MARKET") as raised:
        getattr(session, how)("quotes", [A, symbol])
    assert repr(symbol) in str(raised.value)
    assert session.wanted("quotes") == ()


@pytest.mark.parametrize("symbols", [A, None, 1])
def test_symbols_that_are_no_list(symbols: Any) -> None:
    with pytest.raises(ValueError, match="must be a list") as raised:
        Session().subscribe("quotes", symbols)
    assert repr(symbols) in str(raised.value)


@pytest.mark.parametrize("channel", ["quote", "", "QUOTES", None, 1, ["quotes"]])
@pytest.mark.parametrize("how", ["subscribe", "unsubscribe"])
def test_unknown_channels(channel: Any, how: str) -> None:
    with pytest.raises(ValueError, match="'quotes', 'depth'") as raised:
        getattr(Session(), how)(channel, [A])
    assert repr(channel) in str(raised.value)


@pytest.mark.parametrize("endpoint", ["Stream", "", None, "depth", ["stream"]])
def test_unknown_endpoints(endpoint: Any) -> None:
    with pytest.raises(ValueError, match="'stream', 'quotes'") as raised:
        Session(endpoint)
    assert repr(endpoint) in str(raised.value)


# Whatever happens, a server that does as it is told has in the end what is wanted.


class Talk(RuleBasedStateMachine):
    """A session and a naive server that answers at once, or refuses."""

    @initialize()
    def begin(self) -> None:
        self.session = Session()
        self.wanted: dict[str, set[str]] = {"quotes": set(), "depth": set()}
        self.server: dict[str, set[str]] | None = None
        self.refused = False

    channels = st.sampled_from(["quotes", "depth"])
    symbols = st.lists(st.sampled_from([A, B, C]), max_size=3)

    @rule(channel=channels, symbols=symbols, refuse=st.booleans())
    def subscribe(self, channel: Any, symbols: list[str], refuse: bool) -> None:
        self.wanted[channel] |= set(symbols)
        self.serve(self.session.subscribe(channel, symbols), refuse=refuse)

    @rule(channel=channels, symbols=symbols, refuse=st.booleans())
    def unsubscribe(self, channel: Any, symbols: list[str], refuse: bool) -> None:
        self.wanted[channel] -= set(symbols)
        self.serve(self.session.unsubscribe(channel, symbols), refuse=refuse)

    @rule()
    def connect(self) -> None:
        if self.server is None:
            self.server = {"quotes": set(), "depth": set()}
            self.refused = False
            self.serve(self.session.connect(), refuse=False)

    @rule()
    def disconnect(self) -> None:
        self.server = None
        self.session.disconnect()

    def serve(self, commands: list[bytes], *, refuse: bool) -> None:
        assert self.server is not None or not commands
        for command in said(commands):
            assert self.server is not None
            has = self.server[command["channel"]]
            if refuse:
                self.refused = True
                self.session.receive(ErrorMessage("no"))
                continue
            change = set(command["symbols"])
            if command["op"] == "subscribe":
                assert not change & has, "what it has already is not asked for"
                has |= change
            else:
                assert change <= has, "what it has not is not given up"
                has -= change
            message = SubscribedMessage(command["channel"], sorted(has), len(has))
            self.session.receive(message)

    @invariant()
    def the_server_has_what_is_wanted(self) -> None:
        for channel in ("quotes", "depth"):
            assert set(self.session.wanted(channel)) == self.wanted[channel]
            if self.server is not None and not self.refused:
                assert self.server[channel] == self.wanted[channel]


def test_sessions_and_servers() -> None:
    run_state_machine_as_test(Talk, settings=settings(max_examples=200, deadline=None))


@given(st.lists(st.sampled_from([A, B, C])))
def test_subscribing_twice_is_subscribing_once(symbols: list[str]) -> None:
    session = connected()
    session.subscribe("quotes", symbols)
    assert session.subscribe("quotes", symbols) == []
    assert session.wanted("quotes") == tuple(dict.fromkeys(symbols))
