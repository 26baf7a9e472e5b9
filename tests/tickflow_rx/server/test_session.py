import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickflow_rx.server import Batch, Channel
from tickflow_rx.server._messages import CHANNELS, data_messages
from tickflow_rx.server._session import Session, Snapshots

A, B, C = "600000.SH", "000001.SZ", "920001.BJ"
SYMBOLS = (A, B, C)


def row(symbol: str, number: int = 0) -> bytes:
    return b'{"symbol":"%s", "last_price": %d.0}' % (symbol.encode(), number)


def batch(channel: Channel, *rows: tuple[str, int]) -> Batch:
    return Batch(0, channel, [s for s, _ in rows], [row(s, n) for s, n in rows])


def say(session: Session, op: str, *symbols: str, **more: Any) -> list[dict[str, Any]]:
    return hear(session, json.dumps({"op": op, **more, "symbols": symbols}))


def hear(session: Session, message: str | bytes) -> list[dict[str, Any]]:
    return [json.loads(answer) for answer in session.receive(message)]


def ack(channel: str, *symbols: str) -> dict[str, Any]:
    return {"op": "subscribed", "channel": channel, "symbols": [*symbols], "total": len(symbols)}


def error(message: str) -> dict[str, Any]:
    return {"op": "error", "message": message}


class NaiveServer:
    """Oracle: keeps everything, and filters with a loop."""

    def __init__(self) -> None:
        self.lists: dict[str, list[str]] = {"quotes": [], "depth": []}
        self.sent: dict[str, list[tuple[str, int]]] = {"quotes": [], "depth": []}

    def subscribe(self, channel: Channel, symbols: list[str]) -> list[dict[str, Any]]:
        new: list[str] = []
        for symbol in symbols:
            if symbol not in self.lists[channel]:
                self.lists[channel].append(symbol)
                new.append(symbol)
        newest = dict(self.sent[channel])
        rows = [json.loads(row(s, newest[s])) for s in new if s in newest]
        return [
            ack(channel, *self.lists[channel]),
            *([{"op": channel, "data": rows}] if rows else []),
        ]

    def unsubscribe(self, channel: Channel, symbols: list[str]) -> list[dict[str, Any]]:
        self.lists[channel] = [s for s in self.lists[channel] if s not in symbols]
        return [ack(channel, *self.lists[channel])]

    def push(self, channel: Channel, rows: list[tuple[str, int]]) -> list[bytes]:
        self.sent[channel] += rows
        return [row(s, n) for s, n in rows if s in self.lists[channel]]


lists = st.lists(st.sampled_from(SYMBOLS), max_size=4)
steps = st.one_of(
    st.tuples(st.sampled_from(["subscribe", "unsubscribe"]), st.sampled_from(CHANNELS), lists),
    st.tuples(
        st.just("push"),
        st.sampled_from(CHANNELS),
        st.lists(st.tuples(st.sampled_from(SYMBOLS), st.integers(0, 99)), max_size=4),
    ),
)


@given(st.lists(steps, max_size=20))
def test_equals_the_naive_server(steps: list[tuple[str, Channel, Any]]) -> None:
    naive, snapshots = NaiveServer(), Snapshots()
    session = Session(snapshots)
    for what, channel, items in steps:
        if what == "push":
            pushed = batch(channel, *items)
            snapshots.update(pushed)
            assert list(session.select(pushed)) == naive.push(channel, items)
        else:
            answers = hear(session, json.dumps({"op": what, "channel": channel, "symbols": items}))
            assert answers == getattr(naive, what)(channel, items)
    assert {c: list(s) for c, s in session.symbols.items()} == naive.lists
    assert session.subscriptions == sum(map(len, naive.lists.values()))


def test_subscribing_is_additive_and_acknowledges_the_whole_list() -> None:
    session = Session(Snapshots())
    assert say(session, "subscribe", A, channel="quotes") == [ack("quotes", A)]
    assert say(session, "subscribe", B, A, B, channel="quotes") == [ack("quotes", A, B)]
    assert say(session, "subscribe", C, channel="depth") == [ack("depth", C)]
    assert say(session, "unsubscribe", A, C, channel="quotes") == [ack("quotes", B)]
    assert say(session, "unsubscribe", channel="quotes") == [ack("quotes", B)]


def test_snapshot_only_of_symbols_just_added() -> None:
    snapshots = Snapshots()
    snapshots.update(batch("quotes", (A, 1), (B, 2), (A, 3)))
    session = Session(snapshots)
    assert [m["op"] for m in say(session, "subscribe", A, channel="quotes")] == [
        "subscribed",
        "quotes",
    ]
    _, snapshot = say(session, "subscribe", A, B, C, channel="quotes")
    assert snapshot == {"op": "quotes", "data": [{"symbol": B, "last_price": 2.0}]}
    assert say(session, "subscribe", A, channel="depth") == [ack("depth", A)]


def test_snapshot_is_split_by_rows_per_message() -> None:
    snapshots = Snapshots()
    snapshots.update(batch("depth", (A, 1), (B, 2), (C, 3)))
    _, *messages = say(
        Session(snapshots, rows_per_message=2), "subscribe", *SYMBOLS, channel="depth"
    )
    assert [[r["symbol"] for r in message["data"]] for message in messages] == [[A, B], [C]]


def test_legacy_endpoint_has_no_channels() -> None:
    session = Session(Snapshots(), legacy=True)
    assert say(session, "subscribe", A) == [{"op": "subscribed", "symbols": [A], "total": 1}]
    answer = say(session, "subscribe", B, channel="depth")
    assert answer == [{"op": "subscribed", "symbols": [A, B], "total": 2}]
    assert session.select(batch("quotes", (A, 1))) == [row(A, 1)]
    assert not session.select(batch("depth", (A, 1)))


def test_channels_the_key_does_not_allow() -> None:
    session = Session(Snapshots(), channels=("quotes",))
    refused = [error("no permission for channel: depth")]
    assert say(session, "subscribe", A, channel="depth") == refused
    assert say(session, "unsubscribe", A, channel="depth") == refused
    assert say(session, "subscribe", A, channel="quotes") == [ack("quotes", A)]


def test_unknown_channel() -> None:
    session = Session(Snapshots())
    assert say(session, "subscribe", A, channel="trades") == [error("unknown channel: trades")]


def test_symbol_limit_refuses_the_whole_command() -> None:
    session = Session(Snapshots(), max_symbols=2)
    assert say(session, "subscribe", A, channel="quotes") == [ack("quotes", A)]
    assert say(session, "subscribe", B, C, channel="quotes") == [error("exceeded max 2 symbols")]
    assert say(session, "subscribe", A, B, channel="quotes") == [ack("quotes", A, B)]
    # The limit is a channel's.
    assert say(session, "subscribe", B, C, channel="depth") == [ack("depth", B, C)]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"op":"subscribe"}',
        '{"op":"subscribe","symbols":["600000.SH"]}',
        '{"op":"subscribe","channel":"quotes","symbols":"600000.SH"}',
        '{"op":"subscribe","channel":"quotes","symbols":[1]}',
        '{"op":"subscribe","channel":"quotes","symbols":[""]}',
        '{"op":"subscribe","channel":5,"symbols":[]}',
        '{"op":"sing","channel":"quotes","symbols":[]}',
        '{"op":"subscribe","x":' + "[" * 100_000,
        b'{"op":"subscribe","channel":"quotes","symbols":[]}',
    ],
)
def test_invalid_messages(message: str | bytes) -> None:
    session = Session(Snapshots())
    (answer,) = hear(session, message)
    assert answer["op"] == "error"
    assert answer["message"].startswith("invalid message: ")
    assert session.errors == 1
    assert session.subscriptions == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    st.text()
    | st.binary()
    | st.fixed_dictionaries(
        {},
        optional={
            "op": st.sampled_from(["subscribe", "unsubscribe", "x"]) | json_values,
            "channel": st.sampled_from(["quotes", "depth", "x"]) | json_values,
            "symbols": lists | json_values,
        },
    ).map(json.dumps)
)
def test_every_message_gets_one_answer(message: str | bytes) -> None:
    (answer,) = hear(Session(Snapshots()), message)
    assert answer["op"] in ("subscribed", "error")


@given(st.lists(st.integers(0, 9), max_size=12), st.none() | st.integers(1, 5))
def test_messages_hold_all_rows_in_order(numbers: list[int], limit: int | None) -> None:
    rows = [row(A, number) for number in numbers]
    messages = [json.loads(message) for message in data_messages("quotes", rows, limit)]
    assert [r["last_price"] for message in messages for r in message["data"]] == numbers
    assert all(0 < len(message["data"]) <= (limit or 99) for message in messages)
