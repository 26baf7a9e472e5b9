"""A sender that costs next to nothing: frames made beforehand, written to the socket as bytes.

``python -m tests.benchmarks._blast FRAMES QUOTES`` listens, prints its port, and gives each
connection the same frames as fast as it takes them, then closes. Its own process, so that what
is measured is the receiver.
"""

from __future__ import annotations

import socket
import sys

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from tests.benchmarks.bench_decoding import quote_frames

__all__ = ["main"]


def main(count: int, quotes: int) -> None:
    """Serve until killed."""
    unique = quote_frames(min(count, 2_000), quotes)
    wire = [Frame(Opcode.TEXT, data).serialize(mask=False) for data in unique]
    body = b"".join(wire[i % len(wire)] for i in range(count))
    end = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            with connection:
                _shake_hands(connection)
                connection.sendall(body + end)
                connection.shutdown(socket.SHUT_WR)  # a server ends the connection first
                while connection.recv(65_536):  # until the client has closed too
                    pass


def _shake_hands(connection: socket.socket) -> None:
    protocol = ServerProtocol()
    while not (requests := protocol.events_received()):
        protocol.receive_data(connection.recv(65_536))
    request = requests[0]
    protocol.send_response(protocol.accept(request))  # pyright: ignore[reportArgumentType]
    for data in protocol.data_to_send():
        connection.sendall(data)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
