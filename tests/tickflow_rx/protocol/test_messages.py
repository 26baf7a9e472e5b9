import msgspec
import pytest

from tickflow_rx.protocol import CHANNELS, ENDPOINTS
from tickflow_rx.protocol.messages import (
    DepthMessage,
    ErrorMessage,
    Message,
    QuotesMessage,
    Subscribe,
    SubscribedMessage,
    Unsubscribe,
)

# As the vendor documents them.
QUOTES = b"""{"op": "quotes", "data": [{"symbol": "600000.SH", "region": "CN", "last_price": 9.72,
 "prev_close": 9.78, "open": 9.78, "high": 9.78, "low": 9.68, "volume": 426585, "amount": 422430500,
 "timestamp": 1776754802000, "ext": {"type": "cn_equity", "name": "n", "change_pct": -0.006135,
 "change_amount": -0.06, "amplitude": 0.010225, "turnover_rate": 0.001281}}]}"""
DEPTH = b"""{"op": "depth", "data": [{"symbol": "600000.SH", "region": "CN",
 "timestamp": 1776754802000, "bid_prices": [9.72, 9.71, 9.7, 9.69, 9.68],
 "bid_volumes": [3192, 3870, 26168, 5849, 5480], "ask_prices": [9.73, 9.74, 9.75, 9.76, 9.77],
 "ask_volumes": [74, 1602, 1148, 1209, 1109]}]}"""
SUBSCRIBED = b"""{"op": "subscribed", "channel": "quotes", "symbols": ["600000.SH", "000001.SZ"],
 "total": 2}"""
ERROR = b"""{"op": "error", "message": "no permission for channel: depth"}"""


def decode(text: bytes) -> Message:
    return msgspec.json.decode(text, type=Message)


def test_server_messages() -> None:
    quotes = decode(QUOTES)
    assert isinstance(quotes, QuotesMessage)
    assert quotes.data[0].amount == 422430500.0
    assert quotes.data[0].ext is not None
    assert quotes.data[0].ext.turnover_rate == 0.001281
    depth = decode(DEPTH)
    assert isinstance(depth, DepthMessage)
    assert depth.data[0].ask_volumes == [74, 1602, 1148, 1209, 1109]
    assert decode(SUBSCRIBED) == SubscribedMessage("quotes", ["600000.SH", "000001.SZ"], 2)
    assert decode(ERROR) == ErrorMessage("no permission for channel: depth")


@pytest.mark.parametrize("text", [QUOTES, DEPTH, SUBSCRIBED, ERROR])
def test_printed_again_they_say_the_same(text: bytes) -> None:
    assert decode(msgspec.json.encode(decode(text))) == decode(text)


def test_client_commands() -> None:
    assert (
        msgspec.json.encode(Subscribe(channel="quotes", symbols=["600000.SH"]))
        == b'{"op":"subscribe","channel":"quotes","symbols":["600000.SH"]}'
    )
    assert msgspec.json.encode(Unsubscribe(symbols=[])) == b'{"op":"unsubscribe","symbols":[]}'


def test_channels() -> None:
    assert CHANNELS == ("quotes", "depth")
    assert ENDPOINTS == {"stream": ("quotes", "depth"), "quotes": ("quotes",)}
