"""Clients for the tests here: a blocking one, and one on a bare socket that never misbehaves."""

import json
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.uri import parse_uri

from tickflow_rx.server import Channel, Server

Json: TypeAlias = dict[str, Any]
STREAM = "/v1/ws/stream"
LEGACY = "/v1/ws/quotes"
SECONDS = 20.0
"""Longest a test waits for anything: only a failing test waits that long."""


def address(server: Server, path: str = STREAM, key: str = "demo") -> str:
    return f"{server.url.replace('http', 'ws', 1)}{path}?api_key={key}"


class Client:
    """A blocking client: says commands, hears messages."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def say(self, message: Json | str | bytes) -> None:
        self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    def hear(self) -> Json:
        return json.loads(self.socket.recv(SECONDS))

    def ask(self, message: Json | str | bytes) -> Json:
        self.say(message)
        return self.hear()

    def subscribe(self, channel: Channel | None, symbols: Sequence[str]) -> Json:
        return self.ask(command("subscribe", channel, symbols))

    def unsubscribe(self, channel: Channel | None, symbols: Sequence[str]) -> Json:
        return self.ask(command("unsubscribe", channel, symbols))


@contextmanager
def client(server: Server, path: str = STREAM, key: str = "demo") -> Generator[Client]:
    # No keepalive: its thread outlives the connection by a moment.
    with connect(
        address(server, path, key), proxy=None, max_size=None, ping_interval=None
    ) as socket:
        yield Client(socket)


def command(op: str, channel: Channel | None, symbols: Sequence[str]) -> Json:
    channels = {} if channel is None else {"channel": channel}
    return {"op": op, **channels, "symbols": list(symbols)}


class BareClient:
    """A WebSocket client that does only what it is told: reads nothing, pongs nothing by itself."""

    def __init__(self, server: Server, key: str = "demo") -> None:
        self._protocol = ClientProtocol(parse_uri(address(server, key=key)))
        self._socket = socket.create_connection(("127.0.0.1", server.port), SECONDS)
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while self._protocol.handshake_exc is None and not self._protocol.events_received():
            self._read()

    def send(self, message: Json) -> None:
        self._protocol.send_text(json.dumps(message).encode())
        self._flush()

    def frame(self, opcode: Opcode) -> Frame:
        """Read, answering nothing, until a frame of this kind comes."""
        while True:
            for event in self._protocol.events_received():
                if isinstance(event, Frame) and event.opcode is opcode:
                    return event
            self._read()

    def closed(self) -> None:
        """Read until the server has closed the connection."""
        try:
            while self._socket.recv(65536):
                pass
        except ConnectionResetError:
            pass

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> None:
        if not (data := self._socket.recv(65536)):
            raise ConnectionError("the server closed the connection")
        self._protocol.receive_data(data)
        self._protocol.data_to_send()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            self._socket.sendall(data)


def send_bytes(server: Server, request: bytes) -> bytes:
    """Say something on a TCP connection and return all that is answered."""
    with socket.create_connection(("127.0.0.1", server.port), SECONDS) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer
