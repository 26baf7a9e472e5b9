import json
import math
from typing import Any

import polars as pl
import pytest

from tests import data
from tests.tickflow_rx.decoding import oracle
from tests.tickflow_rx.decoding.wire import (
    NEEDED_OF_A_BOOK,
    NEEDED_OF_A_QUOTE,
    book,
    decode,
    depth_of,
    frame,
    quote,
    quotes_of,
    recorded,
    rows,
    with_value,
)
from tickflow_rx.decoding import DEPTH, LARGEST_FRAME, QUOTES, Batch, Decoder, SetAside, warmup
from tickflow_rx.protocol.messages import ErrorMessage, SubscribedMessage


def reason(frame: bytes) -> str:
    (fault,) = decode(frame)
    assert isinstance(fault, SetAside)
    return fault.reason


def test_the_documented_quote() -> None:
    (row,) = quotes_of(decode(frame("quotes", quote()))).to_dicts()
    assert row["symbol"] == "600000.SH"
    assert row["amount"] == 422430500.0
    assert row["volume"] == 426585
    assert row["name"] == "浦发银行"
    assert row["session"] is None
    assert row["change_pct"] == -0.006135


def test_frames_have_the_schemas() -> None:
    assert quotes_of(decode(frame("quotes", quote()))).schema == QUOTES
    assert depth_of(decode(frame("depth", book()))).schema == DEPTH


def test_rows_keep_the_order_of_arrival_and_carry_time_and_connection() -> None:
    frames = [
        frame("quotes", quote("600000.SH"), quote("600001.SH")),
        frame("depth", book("600002.SH")),
        frame("quotes", quote("600003.SH")),
    ]
    (batch,) = Decoder().decode(frames, [10, 20, 30], connection=7)
    assert isinstance(batch, Batch)
    assert batch.quotes is not None
    assert batch.depth is not None
    assert batch.quotes["symbol"].to_list() == ["600000.SH", "600001.SH", "600003.SH"]
    assert batch.quotes["received"].dt.epoch("us").to_list() == [10, 10, 30]
    assert batch.depth["received"].dt.epoch("us").to_list() == [20]
    assert batch.quotes["connection"].to_list() == [7, 7, 7]


def test_a_decoder_takes_up_another_connection() -> None:
    decoder = Decoder()
    numbers: list[int] = []
    for connection in (0, 1, 1, 2):
        decoded = decoder.decode([frame("quotes", quote())], [0], connection)
        numbers += quotes_of(decoded)["connection"].to_list()
    assert numbers == [0, 1, 1, 2]


def test_columns_of_an_earlier_batch_do_not_change() -> None:
    decoder = Decoder()
    first = quotes_of(decoder.decode([frame("quotes", quote(last_price=1.0))], [0], 1))
    kept = first.to_dicts()
    for k in range(50):
        decoder.decode([frame("quotes", quote(f"{k:06}.SZ", last_price=2.0))], [1], 1)
    assert first.to_dicts() == kept


def test_columns_without_nulls_are_numpy_without_a_copy() -> None:
    # Operators live on that.
    quotes = quotes_of(decode(frame("quotes", *(quote() for _ in range(50)))))
    for name in ("last_price", "volume", "amount", "change_pct"):
        quotes[name].to_numpy(allow_copy=False)
    assert quotes.null_count().sum_horizontal().item() == len(quotes)  # the sessions


# What is set aside.


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "truncated"),
        (b" ", "truncated"),
        (b"hello", "malformed"),
        (b"{", "truncated"),
        (b'{"op":"quotes","data":[', "truncated"),
        (frame("quotes", quote())[:-1], "truncated"),
        (frame("quotes", quote()) + b"x", "trailing"),
        (frame("quotes", quote()) * 2, "trailing"),
        (b"\xef\xbb\xbf" + frame("quotes", quote()), "malformed"),
        (frame("quotes", quote()) + b"\0", "trailing"),
        (frame("quotes", quote(symbol="\0")).replace(b"\\u0000", b"\0"), "malformed"),
        (b"\xff\xfe", "malformed"),
    ],
)
def test_text_that_is_no_json(text: bytes, why: str) -> None:
    assert why in reason(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"null", "Expected `object`"),
        (b"1", "Expected `object`"),
        (b"[]", "Expected `object`"),
        (b'"quotes"', "Expected `object`"),
        (b"{}", "missing required field `op`"),
        (b'{"data":[]}', "missing required field `op`"),
        (b'{"op":"quotes"}', "missing required field `data`"),
        (b'{"op":"quotes","data":null}', "Expected `array`"),
        (b'{"op":"quotes","data":{}}', "Expected `array`"),
        (b'{"op":"quotes","data":[1]}', "Expected `object`"),
        (b'{"op":"quotes","data":[null]}', "Expected `object`"),
        (b'{"op":"subscribed","symbols":[1]}', "Expected `str`"),
        (b'{"op":"error","message":{}}', "Expected `str"),
    ],
)
def test_json_of_another_shape(text: bytes, why: str) -> None:
    assert why in reason(text)


@pytest.mark.parametrize("op", ["trades", "quote", "QUOTES", "", "quotes\\u0000"])
def test_unknown_op(op: str) -> None:
    assert "Invalid value" in reason(b'{"op":"%s","data":[]}' % op.encode())


@pytest.mark.parametrize("op", ["1", "null", "[]", "{}", "true"])
def test_op_of_a_wrong_type(op: str) -> None:
    assert "op" in reason(b'{"op":%s,"data":[]}' % op.encode())


@pytest.mark.parametrize("name", NEEDED_OF_A_QUOTE)
def test_a_quote_without_a_needed_field(name: str) -> None:
    row = quote()
    del row[name]
    assert name in reason(frame("quotes", row))


@pytest.mark.parametrize("name", NEEDED_OF_A_BOOK)
def test_a_book_without_a_needed_field(name: str) -> None:
    row = book()
    del row[name]
    assert name in reason(frame("depth", row))


@pytest.mark.parametrize("value", ['"1"', "true", "[]", "{}", "null", '""', "[1]"])
@pytest.mark.parametrize(
    "name",
    ["last_price", "prev_close", "open", "high", "low", "amount", "volume", "timestamp"],
)
def test_a_wrong_type_where_a_number_is_needed(name: str, value: str) -> None:
    assert name in reason(with_value(name, value))


@pytest.mark.parametrize("value", ["1", "true", "[]", "{}", "1.5"])
@pytest.mark.parametrize("name", ["symbol", "region", "session"])
def test_a_wrong_type_where_a_text_is_needed(name: str, value: str) -> None:
    assert name in reason(with_value(name, value))


@pytest.mark.parametrize("value", ["1", '"x"', "[]", "true"])
def test_an_ext_that_is_no_object(value: str) -> None:
    assert "ext" in reason(with_value("ext", value))


@pytest.mark.parametrize("member", ['"name":1', '"type":[]', '"change_pct":"x"', '"amplitude":{}'])
def test_an_ext_with_a_wrong_type(member: str) -> None:
    assert "ext" in reason(with_value("ext", "{" + member + "}"))


@pytest.mark.parametrize("value", ["1", '"x"', "{}", '["1"]', "[[]]", "[true]", "[1,{}]"])
@pytest.mark.parametrize("name", NEEDED_OF_A_BOOK[3:])
def test_a_wrong_type_where_a_list_of_numbers_is_needed(name: str, value: str) -> None:
    assert name in reason(with_value(name, value))


@pytest.mark.parametrize(
    "token", ["NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999", "9" * 400]
)
@pytest.mark.parametrize("name", ["last_price", "amount", "volume"])
def test_numbers_that_are_none(name: str, token: str) -> None:
    reason(with_value(name, token))


@pytest.mark.parametrize("token", ["NaN", "1e999", "[1e999]", "[1,2,3,4,5,6,1e999]", "[NaN]"])
def test_prices_that_are_no_numbers(token: str) -> None:
    reason(with_value("bid_prices", token))


@pytest.mark.parametrize("token", ["01", "1.", ".5", "+1", "1e", "1e+", "-", "--1", "0x1", "1_0"])
@pytest.mark.parametrize("name", ["last_price", "volume", "timestamp"])
def test_numbers_that_json_has_not(name: str, token: str) -> None:
    reason(with_value(name, token))


@pytest.mark.parametrize(
    "token", ["1.5", "-0.1", str(2**63), str(-(2**63)), "1" * 30, "1e30", str(2**53) + ".0"]
)
def test_volumes_that_are_no_int64(token: str) -> None:
    reason(with_value("volume", token))
    reason(with_value("bid_volumes", f"[{token}]"))


@pytest.mark.parametrize("token", [str(2**62), "-62135596800001", "253402300800000", "1e18", "1.5"])
def test_timestamps_that_are_no_time(token: str) -> None:
    assert "timestamp" in reason(with_value("timestamp", token))


@pytest.mark.parametrize("time_ms", [-62135596800000, 253402300799999, 0, -1])
def test_timestamps_at_the_ends_of_time(time_ms: int) -> None:
    quotes = quotes_of(decode(frame("quotes", quote(timestamp=time_ms))))
    assert quotes["timestamp"].dt.epoch("ms").to_list() == [time_ms]
    assert quotes["timestamp"].to_list()[0].year in (1, 9999, 1970, 1969)


@pytest.mark.parametrize(
    "text", [r"\ud800", r"\udc00x", r"\ud800\u0041", r"\q", r"\u12", "\\", "a\nb", "\ud800"]
)
@pytest.mark.parametrize("name", ["symbol", "region", "session"])
def test_strings_that_are_none(name: str, text: str) -> None:
    reason(with_value(name, f'"{text}"'))


def test_names_that_are_no_text() -> None:
    good = frame("quotes", quote())
    bad = good.replace("浦发银行".encode(), b"\xff\xfe")
    assert "utf-8" in reason(bad)
    # What was learnt to be none stays one, and what is good beside it comes.
    decoder = Decoder()
    for _ in range(3):
        fault, batch = decoder.decode([bad, good], [0, 0], 1)
        assert isinstance(fault, SetAside)
        assert quotes_of([batch])["name"].to_list() == ["浦发银行"]


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_depth_bomb(opening: str) -> None:
    deep = opening * 200_000
    assert reason(f'{{"op":"quotes","data":{deep}'.encode())
    assert "recursion" in reason(f'{{"op":"quotes","more":{deep}'.encode())
    assert "recursion" in reason(frame("quotes", quote())[:-3] + f',"more":{deep}'.encode())


def test_a_20_mb_frame() -> None:
    large = frame("quotes", quote(name="x" * (20 << 20)))
    fault, batch = decode(large, frame("quotes", quote()))
    assert isinstance(fault, SetAside)
    assert str(len(large)) in fault.reason
    assert str(LARGEST_FRAME) in fault.reason
    assert quotes_of([batch]).height == 1


def test_a_frame_of_the_largest_size() -> None:
    row = frame("quotes", quote())
    padded = row + b" " * (LARGEST_FRAME - len(row))
    assert quotes_of(decode(padded)).height == 1
    assert isinstance(decode(padded + b" ")[0], SetAside)


def test_a_binary_frame_as_the_feed_marks_it() -> None:
    assert "malformed" in reason(b"\0binary:" + frame("quotes", quote()))


def test_what_was_set_aside_shows_its_first_200_characters() -> None:
    (fault,) = decode("浦发银行".encode() * 1000)
    assert isinstance(fault, SetAside)
    assert fault.start == "浦发银行" * 50
    (fault,) = decode(b"\xff" * 1000)
    assert isinstance(fault, SetAside)
    assert fault.start == "\N{REPLACEMENT CHARACTER}" * 200


def test_the_others_of_a_batch_pass_in_order() -> None:
    decoded = decode(
        frame("quotes", quote("600000.SH")),
        b"not JSON",
        b'{"op":"subscribed","channel":"quotes","symbols":["600000.SH"],"total":1}',
        frame("depth", book("600001.SH")),
        frame("quotes", quote("600002.SH")),
        b'{"op":"error","message":"no permission for channel: depth"}',
        b"[]",
    )
    first, fault, subscribed, second, error, last = decoded
    assert quotes_of([first])["symbol"].to_list() == ["600000.SH"]
    assert isinstance(fault, SetAside)
    assert subscribed == SubscribedMessage("quotes", ["600000.SH"], 1)
    assert isinstance(second, Batch)
    assert second.quotes is not None
    assert second.depth is not None
    assert second.quotes["symbol"].to_list() == ["600002.SH"]
    assert second.depth["symbol"].to_list() == ["600001.SH"]
    assert error == ErrorMessage("no permission for channel: depth")
    assert isinstance(last, SetAside)


# What is accepted.


@pytest.mark.parametrize(
    "extra",
    ["1", '"x"', "null", "true", "false", "-1.5e-3", "{}", "[]", '{"a":[1,{"b":null}]}', r'"\n"'],
)
def test_unknown_fields(extra: str) -> None:
    plain = rows(quotes_of(decode(frame("quotes", quote()))))
    member = f'"more":{extra}'.encode()
    text = frame("quotes", quote())
    for more in (
        text.replace(b'{"op"', b'{"op"', 1)[:-1] + b"," + member + b"}",
        text.replace(b'"data"', member + b',"data"', 1),
        text.replace(b'{"symbol"', b"{" + member + b',"symbol"', 1),
        text.replace(b'"volume"', member + b',"volume"', 1),
        text.replace(b'"name"', member + b',"name"', 1),
        text.replace(b"}}]}", b"," + member + b"}," + member + b"}]}"),
    ):
        assert rows(quotes_of(decode(more))) == plain


@pytest.mark.parametrize("ext", [None, {}, {"type": None}, {"type": "crypto", "strange": [1]}])
def test_ext_null_empty_or_of_an_unknown_type(ext: dict[str, Any] | None) -> None:
    (row,) = rows(quotes_of(decode(frame("quotes", quote(ext=ext)))))
    assert row["instrument_type"] == (ext or {}).get("type")
    assert row["name"] is None
    assert row["amplitude"] is None


def test_no_ext() -> None:
    row = quote()
    del row["ext"]
    assert quotes_of(decode(frame("quotes", row, quote())))["name"].to_list() == [None, "浦发银行"]


def test_unknown_region_and_session() -> None:
    quotes = quotes_of(decode(frame("quotes", quote(region="MARS", session="siesta"), quote())))
    assert quotes["region"].to_list() == ["MARS", "CN"]
    assert quotes["session"].to_list() == ["siesta", None]


@pytest.mark.parametrize("given", [[], [1.5], [1.5, None, 2], [None] * 5, [1, 2, 3, 4, 5, 6, 7]])
def test_lists_shorter_and_longer_than_five(given: list[float | None]) -> None:
    expected = ([0.0 if price is None else float(price) for price in given] + [0.0] * 5)[:5]
    depth = depth_of(decode(frame("depth", book(bid_prices=given), book())))
    assert depth["bid_prices"].to_list() == [expected, [9.72, 9.71, 9.7, 9.69, 9.68]]


@pytest.mark.parametrize("given", [[], [1], [1, None, 2], [None] * 5, [1, 2, 3, 4, 5, 6, 7]])
def test_volumes_shorter_and_longer_than_five(given: list[int | None]) -> None:
    expected = ([volume or 0 for volume in given] + [0] * 5)[:5]
    depth = depth_of(decode(frame("depth", book(ask_volumes=given))))
    assert depth["ask_volumes"].to_list() == [expected]


def test_a_list_that_is_null_is_an_absent_side() -> None:
    (row,) = rows(depth_of(decode(frame("depth", book(bid_prices=None, bid_volumes=None)))))
    assert row["bid_prices"] == [0.0] * 5
    assert row["bid_volumes"] == [0] * 5


@pytest.mark.parametrize("token", ["426585", "426585.0", "4.26585e5", "426585.000", "42658500e-2"])
def test_an_integer_however_it_is_printed(token: str) -> None:
    assert quotes_of(decode(with_value("volume", token)))["volume"].to_list() == [426585]


@pytest.mark.parametrize("volume", [0, -1, 2**63 - 1, -(2**63 - 1), 2**53 + 1, 10**18, 10**18 + 1])
def test_integers_of_any_size(volume: int) -> None:
    assert quotes_of(decode(with_value("volume", str(volume))))["volume"].to_list() == [volume]
    depth = depth_of(decode(with_value("bid_volumes", f"[{volume}]")))
    assert depth["bid_volumes"].to_list() == [[volume, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    "token",
    [
        "85.40999999999998", "87.29999999999998", "0.1", "1e22", "1e23", "-0.0", "0", "-0",
        "9007199254740993", "123456789012345678901234567890", "2.2250738585072014e-308",
        "5e-324", "1e-400", "1.7976931348623157e308", "0.30000000000000004", "1E+2", "100e-2",
        "9.780000000000001", "55.199999999999996", "0.000000000000000000000000000001",
    ],
)  # fmt: skip
def test_numbers_are_not_changed(token: str) -> None:
    quotes = quotes_of(decode(with_value("last_price", token), with_value("amount", token)))
    assert quotes["last_price"][0] == float(token)
    assert quotes["amount"][1] == float(token)
    depth = depth_of(decode(with_value("ask_prices", f"[1.5,{token}]")))
    assert depth["ask_prices"][0].to_list()[:2] == [1.5, float(token)]


def test_keys_in_another_order_and_white_space() -> None:
    row = quote(session="regular")
    expected = rows(quotes_of(decode(frame("quotes", row))))
    backwards = dict(reversed(row.items()))
    spaced = json.dumps({"op": "quotes", "data": [backwards]}, indent="\t\r\n ", ensure_ascii=True)
    turned = json.dumps({"data": [row], "op": "quotes"})
    colons = json.dumps({"op": "quotes", "data": [row]}, separators=(" , ", " : "))
    for text in (spaced, turned, colons, f" \n{colons}\t "):
        assert rows(quotes_of(decode(text.encode()))) == expected


def test_keys_spelt_with_escapes() -> None:
    text = frame("quotes", quote(session="regular")).replace(b'"session"', rb'"sess\u0069on"')
    assert quotes_of(decode(text))["session"].to_list() == ["regular"]


def test_texts_spelt_with_escapes() -> None:
    texts = ['"\\/\b\n', "浦发", "😀", "a\u2028b", ""]
    for ascii_only in (True, False):
        data = [quote(ext={"name": text}) for text in texts]
        text = json.dumps({"op": "quotes", "data": data}, ensure_ascii=ascii_only)
        assert quotes_of(decode(text.encode()))["name"].to_list() == texts


def test_a_repeated_key_has_its_last_value() -> None:
    text = frame("quotes", quote()).replace(b'"high":9.78', b'"high":1.0,"high":2.0')
    assert quotes_of(decode(text))["high"].to_list() == [2.0]


# Where nothing happens.


def test_no_frames() -> None:
    assert decode() == []


def test_empty_data() -> None:
    assert decode(frame("quotes"), frame("depth"), b'{"data": [ ], "op": "quotes"}') == []


def test_symbols_never_seen() -> None:
    decoder = Decoder()
    for start in range(0, 20_000, 4_000):
        symbols = [f"{k:06}.SZ" for k in range(start, start + 4_000)]
        some = [quote(symbol, ext={"name": f"名{symbol}"}) for symbol in symbols]
        quotes = quotes_of(decoder.decode([frame("quotes", *some)], [0], 1))
        assert quotes["symbol"].to_list() == symbols
        assert quotes["name"].to_list() == [f"名{symbol}" for symbol in symbols]


def test_long_texts_and_many_long_numbers() -> None:
    name = "长" * 10_000
    some = [quote(last_price=0.1 + k / 3, ext={"name": name + str(k)}) for k in range(500)]
    quotes = quotes_of(decode(*(frame("quotes", row) for row in some)))
    assert quotes["last_price"].to_list() == [row["last_price"] for row in some]
    assert quotes["name"].to_list() == [row["ext"]["name"] for row in some]


def test_the_shortest_rows_have_room() -> None:
    short = dict.fromkeys(NEEDED_OF_A_QUOTE, 0) | {"symbol": "", "region": ""}
    assert quotes_of(decode(frame("quotes", *[short] * 50_000))).height == 50_000
    levels: dict[str, Any] = {name: [] for name in NEEDED_OF_A_BOOK[3:]}
    empty = {"symbol": "", "region": "", "timestamp": 0} | levels
    assert depth_of(decode(frame("depth", *[empty] * 50_000))).height == 50_000


def test_a_small_batch_after_a_large_one() -> None:
    decoder = Decoder()
    decoder.decode([frame("quotes", *[quote()] * 50_000)], [0], 1)
    assert quotes_of(decoder.decode([frame("quotes", quote())], [0], 1)).height == 1


def test_warmup() -> None:
    warmup()


# The real data, against the oracle and against the Parquet it was made from.


@pytest.mark.parametrize("name", data.SETS)
def test_real_frames_are_what_the_oracle_reads(name: str) -> None:
    frames, received = recorded(name)
    sample = range(0, len(frames), 97)
    decoded = Decoder().decode([frames[k] for k in sample], [received[k] for k in sample], 1)
    (batch,) = decoded
    assert isinstance(batch, Batch)
    expected: dict[str, list[oracle.Row]] = {"quotes": [], "depth": []}
    for k in sample:
        of_frame = oracle.decode(frames[k])
        expected[of_frame.channel] += of_frame.rows
    assert batch.quotes is not None
    assert batch.depth is not None
    assert rows(batch.quotes) == expected["quotes"]
    assert rows(batch.depth) == expected["depth"]


@pytest.mark.parametrize("name", data.SETS)
@pytest.mark.parametrize("size", [1, 13, 100_000])
def test_real_frames_are_the_rows_of_the_parquet(name: str, size: int) -> None:
    frames, received = recorded(name)
    if size == 1:
        frames, received = frames[:3_000], received[:3_000]
    decoder = Decoder()
    batches = [
        batch
        for start in range(0, len(frames), size)
        for batch in decoder.decode(frames[start : start + size], received[start : start + size], 1)
    ]
    assert all(isinstance(batch, Batch) for batch in batches)
    got = [batch for batch in batches if isinstance(batch, Batch)]
    for channel, expected in (("quotes", data.quotes(name)), ("depth", data.depth(name))):
        parts = [part for part in (getattr(batch, channel) for batch in got) if part is not None]
        _assert_same_rows(pl.concat(parts), expected, partly=size == 1)


def _assert_same_rows(got: pl.DataFrame, expected: pl.DataFrame, *, partly: bool) -> None:
    """Same rows by symbol, whose order in the wire file is that of arrival; lots are shares."""
    names = [name for name in expected.columns if name in got.columns and name != "region"]
    got = got.select(names).with_columns(pl.col("symbol").cast(pl.String))
    expected = expected.select(names).with_columns(pl.col("symbol").cast(pl.String))
    for name in names:
        if "volume" in name:
            nested = expected.schema[name].is_nested()
            lots = pl.col(name).arr.eval(pl.element() // 100) if nested else pl.col(name) // 100
            expected = expected.with_columns(lots.cast(got.schema[name]))
        if expected.schema[name] == pl.Float64:
            expected = expected.with_columns(pl.col(name).fill_null(0.0))
    for (symbol,), of_symbol in got.group_by("symbol", maintain_order=True):
        wanted = expected.filter(pl.col("symbol") == symbol)
        if partly:
            wanted = wanted.head(len(of_symbol))
        assert of_symbol.to_dicts() == wanted.to_dicts()


def test_nothing_is_nan() -> None:
    # Null where there is no value: NaN is what the scan notes it by.
    quotes = quotes_of(decode(frame("quotes", quote(ext=None), quote())))
    values = [value for row in quotes.to_dicts() for value in row.values()]
    assert not any(isinstance(value, float) and math.isnan(value) for value in values)
