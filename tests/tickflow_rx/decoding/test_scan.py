"""The scan takes a frame to the values that the strict decoder and the oracle read, or leaves it.

Frames are printed and spoilt in many ways; only documented outcomes come out.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.tickflow_rx.decoding import oracle
from tests.tickflow_rx.decoding.wire import book, frame, quote, rows
from tickflow_rx.decoding import Batch, Decoder, SetAside
from tickflow_rx.decoding._strict import read

# One decoder for all examples: no batch may change what another comes to.
DECODER = Decoder()

floats = st.floats(allow_nan=False, allow_infinity=False)
prices = st.one_of(
    floats,
    st.integers(-(2**70), 2**70),
    st.integers(0, 10**7).map(lambda cents: cents / 100),
    st.integers(1, 10**6).map(lambda cents: cents / 100 * 1.1),
)
whole = st.one_of(
    st.integers(1 - 2**63, 2**63 - 1),
    st.integers(0, 10**8),
    st.integers(-(2**53) + 1, 2**53 - 1).map(float),
)
times = st.integers(-62_135_596_800_000, 253_402_300_799_999)
texts = st.one_of(
    st.sampled_from(["600000.SH", "CN", "", "浦发银行", "😀", "a\\b", '"', "\n"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), prices, texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


def just(value: str) -> st.SearchStrategy[Any]:
    return st.just(value)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values)


extensions = st.fixed_dictionaries(
    {},
    optional={
        "type": maybe(texts),
        "name": maybe(texts),
        "change_pct": maybe(prices),
        "change_amount": maybe(prices),
        "amplitude": maybe(prices),
        "turnover_rate": maybe(prices),
        "more": anything,
    },
)
quotes = st.fixed_dictionaries(
    {
        "symbol": texts,
        "region": texts,
        "last_price": prices,
        "prev_close": prices,
        "open": prices,
        "high": prices,
        "low": prices,
        "volume": whole,
        "amount": prices,
        "timestamp": times,
    },
    optional={"ext": maybe(extensions), "session": maybe(texts), "more": anything},
)
side_prices = maybe(st.lists(maybe(prices), max_size=7))
side_volumes = maybe(st.lists(maybe(whole), max_size=7))
books = st.fixed_dictionaries(
    {
        "symbol": texts,
        "region": texts,
        "timestamp": times,
        "bid_prices": side_prices,
        "bid_volumes": side_volumes,
        "ask_prices": side_prices,
        "ask_volumes": side_volumes,
    },
    optional={"more": anything},
)
messages: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"op": st.just("quotes"), "data": st.lists(quotes, max_size=3)}),
    st.fixed_dictionaries({"op": st.just("depth"), "data": st.lists(books, max_size=3)}),
    st.fixed_dictionaries(
        {"op": just("subscribed")},
        optional={"channel": maybe(texts), "symbols": st.lists(texts), "total": st.integers()},
    ),
    st.fixed_dictionaries({"op": just("error")}, optional={"message": maybe(texts)}),
    st.fixed_dictionaries({"op": texts, "data": anything}),
)


@st.composite
def printed(draw: st.DrawFn, of: st.SearchStrategy[Any] = messages) -> bytes:
    """A message, its members in any order, printed in any way."""
    message = _shuffled(draw, draw(of))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]))
    ascii_only = draw(st.booleans())
    return json.dumps(message, separators=separators, ensure_ascii=ascii_only).encode()


def _shuffled(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict):
        members: list[Any] = [*value.items()]  # pyright: ignore[reportUnknownArgumentType]
        if draw(st.booleans()):
            members = draw(st.permutations(members))
        return {key: _shuffled(draw, inner) for key, inner in members}
    if isinstance(value, list):
        return [_shuffled(draw, inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    return value


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A frame with some of its bytes cut out, repeated, or replaced."""
    text = draw(st.one_of(printed(), st.sampled_from([frame("quotes", quote()), BOOKS])))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        piece = draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from([b"", b"NaN", b"null", b"1e999", b'"', b"\\", b"}", b"]", b"-"]),
                st.just(text[start:end] * 2),
            )
        )
        text = text[:start] + piece + text[end:]
    return text


BOOKS = frame("depth", book(), book("000001.SZ"))


def decoded(text: bytes) -> oracle.Rows | None:
    """What the decoder makes of a frame; None if it is set aside."""
    results = DECODER.decode([text], [0], 1)
    if not results:
        return oracle.Rows("", [])
    (result,) = results
    if isinstance(result, SetAside):
        return None
    if isinstance(result, Batch):
        of_quotes = [] if result.quotes is None else rows(result.quotes)
        return oracle.Rows("", of_quotes + ([] if result.depth is None else rows(result.depth)))
    return oracle.Rows("", [])


def expected(text: bytes) -> oracle.Rows | None:
    """What the oracle makes of a frame; None if it is to be set aside."""
    try:
        return oracle.decode(text)
    except oracle.Malformed:
        return None


def same(text: bytes) -> bool:
    ours, theirs = decoded(text), expected(text)
    if ours is None or theirs is None:
        return ours is None and theirs is None
    return ours.rows == theirs.rows


@settings(max_examples=300, deadline=None)
@given(printed())
@example(b'{"op":"quotes","data":[]}')
def test_every_message_is_read_as_the_oracle_reads_it(text: bytes) -> None:
    assert same(text)


@settings(max_examples=300, deadline=None)
@given(printed())
def test_what_is_printed_the_plain_way_says_the_same(text: bytes) -> None:
    plain = read(text)
    if isinstance(plain, bytes):
        assert same(plain)
        ours, again = decoded(text), decoded(plain)
        assert ours is not None
        assert again is not None
        assert ours.rows == again.rows


@settings(max_examples=500, deadline=None)
@given(spoilt())
def test_a_spoilt_frame_is_set_aside_or_read_as_the_oracle_reads_it(text: bytes) -> None:
    ours, theirs = decoded(text), expected(text)
    if ours is None and theirs is not None:
        assert _odd_keys(text)
    elif ours is not None and theirs is None:
        # Texts that nobody asked for are not looked into.
        assert _is_utf8(text) is False
    elif ours is not None and theirs is not None:
        assert ours.rows == theirs.rows


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(text: bytes) -> None:
    assert (decoded(text) is None) == (expected(text) is None)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(printed(), spoilt(), st.binary(max_size=20)), max_size=8))
def test_a_batch_is_its_frames_one_by_one(texts: list[bytes]) -> None:
    together = DECODER.decode(texts, range(len(texts)), 3)
    alone = [result for k, text in enumerate(texts) for result in DECODER.decode([text], [k], 3)]
    assert _flat(together) == _flat(alone)


def _flat(results: list[Any]) -> list[Any]:
    """Rows by channel, between what is no rows: how they are cut into batches does not count."""
    flat: list[Any] = []
    quotes: list[Any] = []
    depth: list[Any] = []
    for result in results:
        if isinstance(result, Batch):
            quotes += [] if result.quotes is None else result.quotes.to_dicts()
            depth += [] if result.depth is None else result.depth.to_dicts()
        else:
            flat += [quotes, depth, result]
            quotes, depth = [], []
    return [*flat, quotes, depth]


def _odd_keys(text: bytes) -> bool:
    """Whether keys are repeated, with a malformed value perhaps, or are no text."""
    odd = False

    def look(members: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal odd
        keys = [key for key, _ in members]
        odd |= len(set(keys)) < len(keys) or any("\ud800" <= c <= "\udfff" for c in "".join(keys))
        return dict(members)

    json.loads(text, object_pairs_hook=look)
    return odd


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=500, deadline=None)
@given(
    st.from_regex(r"\A-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?\Z")
    | floats.map(repr)
)
def test_every_number_is_rounded_correctly(token: str) -> None:
    text = frame("quotes", quote(last_price="@@")).replace(b'"@@"', token.encode())
    results = DECODER.decode([text], [0], 1)
    if abs(float(token)) == float("inf"):
        assert isinstance(results[0], SetAside)
    else:
        assert isinstance(results[0], Batch)
        assert results[0].quotes is not None
        assert results[0].quotes["last_price"].to_list() == [float(token)]
