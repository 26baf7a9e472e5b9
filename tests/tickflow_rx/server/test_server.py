"""The server over real sockets."""

import asyncio
import inspect
import json
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect as async_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode
from websockets.sync.client import connect

from tests.tickflow_rx.server.clients import (
    LEGACY,
    SECONDS,
    STREAM,
    BareClient,
    address,
    client,
    command,
    send_bytes,
)
from tickflow_rx.server import Batch, Channel, Prepared, Server, _service

A, B, C = "600000.SH", "000001.SZ", "920001.BJ"


def row(symbol: str, number: int) -> dict[str, Any]:
    return {"symbol": symbol, "volume": number}


def batch(channel: Channel, time_ms: int, *rows: dict[str, Any]) -> Batch:
    symbols = [row["symbol"] for row in rows]
    return Batch(time_ms, channel, symbols, [json.dumps(row).encode() for row in rows])


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that pushes what a test tells it to."""
    with Server() as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    before = set(threading.enumerate())
    yield
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name.startswith("tickflow-")]
    # A client's own threads may be on their way out.
    for thread in left:
        thread.join(SECONDS)
    assert not [thread for thread in left if thread.is_alive()]


def test_both_channels(server: Server) -> None:
    with client(server) as it:
        assert it.subscribe("quotes", [A, B])["symbols"] == [A, B]
        assert it.subscribe("depth", [B])["channel"] == "depth"
        server.publish("quotes", [row(A, 1), row(C, 2)])
        server.publish("depth", [row(A, 3), row(B, 4)])
        server.publish("quotes", [row(C, 5)])
        server.publish("quotes", [row(B, 6)])
        assert it.hear() == {"op": "quotes", "data": [row(A, 1)]}
        assert it.hear() == {"op": "depth", "data": [row(B, 4)]}
        assert it.hear() == {"op": "quotes", "data": [row(B, 6)]}
        assert it.subscribe("quotes", [C])["total"] == 3
        assert it.hear() == {"op": "quotes", "data": [row(C, 5)]}
        assert it.unsubscribe("quotes", [A, B, C])["total"] == 0
        assert it.ask({"op": "?"})["op"] == "error"


def test_legacy_endpoint(server: Server) -> None:
    with client(server, LEGACY) as it:
        assert it.subscribe(None, [A]) == {"op": "subscribed", "symbols": [A], "total": 1}
        server.publish("depth", [row(A, 1)])
        server.publish("quotes", [row(A, 2)])
        assert it.hear() == {"op": "quotes", "data": [row(A, 2)]}


def test_clients_have_their_own_subscriptions(server: Server) -> None:
    with client(server) as one, client(server) as two:
        one.subscribe("quotes", [A])
        two.subscribe("quotes", [A, B])
        server.publish("quotes", [row(A, 1), row(B, 2)])
        assert one.hear()["data"] == [row(A, 1)]
        assert two.hear()["data"] == [row(A, 1), row(B, 2)]


@pytest.mark.parametrize(
    ("path", "key", "status", "code"),
    [
        (STREAM, "wrong", 401, "UNAUTHORIZED"),
        (STREAM, "", 401, "UNAUTHORIZED"),
        (STREAM, "none", 403, "FORBIDDEN"),
        (LEGACY, "depth", 403, "FORBIDDEN"),
        ("/v2", "depth", 404, "NOT_FOUND"),
    ],
)
def test_refused_handshakes(path: str, key: str, status: int, code: str) -> None:
    with Server(keys={"depth": ("depth",), "none": ()}) as server:
        with pytest.raises(InvalidStatus) as refusal, client(server, path, key):
            pass
        assert server.when(lambda c: c.refused == 1).wait(SECONDS)
    response = refusal.value.response
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(response.body or b"")["code"] == code


def test_a_key_without_a_channel() -> None:
    with Server(keys={"depth": ("depth",)}) as server, client(server, key="depth") as it:
        assert it.subscribe("quotes", [A])["message"] == "no permission for channel: quotes"
        assert it.subscribe("depth", [A])["op"] == "subscribed"


def test_symbol_limit() -> None:
    with Server(max_symbols=1) as server, client(server) as it:
        assert it.subscribe("quotes", [A, B])["message"] == "exceeded max 1 symbols"


def test_compression_is_offered(server: Server) -> None:
    with client(server) as it:
        response = it.socket.response
        assert response is not None
        assert "permessage-deflate" in response.headers["Sec-WebSocket-Extensions"]
    with Server(compression=False) as plain, client(plain) as it:
        response = it.socket.response
        assert response is not None
        assert "Sec-WebSocket-Extensions" not in response.headers


def test_pings_by_default_every_thirty_seconds() -> None:
    assert inspect.signature(Server).parameters["ping_interval"].default == 30.0


def test_pings_and_expects_pongs() -> None:
    with Server(ping_interval=0.02, ping_timeout=0.2) as server:
        bare = BareClient(server)
        assert bare.frame(Opcode.PING)
        assert bare.frame(Opcode.CLOSE).data[:2] == (1011).to_bytes(2, "big")
        bare.close()


def test_raw_frames_reach_all_clients(server: Server) -> None:
    with client(server) as one, client(server) as two:
        assert server.when(lambda c: c.open == 2).wait(SECONDS)
        assert server.send_raw("no JSON") == 2
        assert server.send_raw(b"\x00\xff") == 2
        big = "x" * 20_000_000
        server.send_raw(big)
        for it in (one, two):
            assert it.socket.recv(SECONDS) == "no JSON"
            assert it.socket.recv(SECONDS) == b"\x00\xff"
            assert it.socket.recv(SECONDS) == big


def test_drop_is_a_broken_network(server: Server) -> None:
    with client(server) as it:
        it.subscribe("quotes", [A])
        assert server.drop() == 1
        with pytest.raises(ConnectionClosed) as closed:
            it.hear()
        assert closed.value.rcvd is None
    assert server.when(lambda c: c.open == 0).wait(SECONDS)
    # Subscriptions are gone with their connection.
    assert server.counters.subscriptions == 0
    with client(server) as it:
        assert it.subscribe("quotes", [B])["symbols"] == [B]


def test_drop_with_a_close_code(server: Server) -> None:
    with client(server) as it:
        assert server.when(lambda c: c.open == 1).wait(SECONDS)
        server.drop(4000)
        with pytest.raises(ConnectionClosed) as closed:
            it.hear()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4000


@pytest.mark.parametrize("abort", [False, True])
def test_stops_and_starts_on_the_same_port(abort: bool) -> None:
    last = 300
    source = Prepared([batch("quotes", n, row(A, n)) for n in range(last + 1)], speed=0.5)
    connections: list[list[int]] = []
    with Server(source) as server:
        port = server.port
        for restart in range(6):
            heard: list[int] = []
            with client(server) as it:
                it.subscribe("quotes", [A])
                while len(heard) < 3 or (restart == 5 and heard[-1] < last):
                    heard.append(it.hear()["data"][0]["volume"])
                server.stop(abort=abort)
            server.start()
            assert server.port == port
            connections.append(heard)
        assert server.counters.batches == last + 1
    for heard in connections:
        assert heard == sorted(set(heard))
    # The first row of a connection is the snapshot: the row sent last, maybe not heard.
    everything = [number for heard in connections for number in heard]
    assert everything == sorted(everything)


def test_source_stands_still_without_its_subscriber() -> None:
    source = Prepared([batch("quotes", n, row(A, n)) for n in range(100)])
    with Server(source) as server:
        with client(server) as it:
            it.subscribe("depth", [A])
            assert server.finished.wait(SECONDS)
        assert server.counters.batches == 100
    with Server(source) as server, client(server) as it:
        it.ask({})
        assert server.counters.batches == 0
        assert not server.finished.is_set()


def test_all_of_a_source_arrives_and_the_server_stays() -> None:
    count = 5000
    source = Prepared([batch("quotes", n, row(A, n), row(B, n)) for n in range(count)])
    two = 2
    with Server(source, start_when=lambda c: c.subscribed == two) as server:
        with client(server) as one, client(server) as both:
            both.subscribe("quotes", [A, B])
            one.subscribe("quotes", [B])
            for n in range(count):
                assert one.hear()["data"] == [row(B, n)]
                assert both.hear()["data"] == [row(A, n), row(B, n)]
            assert server.finished.wait(SECONDS)
            assert one.subscribe("quotes", [A])["total"] == two
            assert one.hear()["data"] == [row(A, count - 1)]
        counters = server.counters
        assert (counters.batches, counters.rows, counters.rows_sent) == (5000, 10000, 15000)
        assert (counters.slow, counters.errors, counters.commands) == (0, 0, 3)


def test_rows_are_paced() -> None:
    """Ten seconds at speed 100: the last row comes after a tenth of a second, and not before."""
    source = Prepared([batch("quotes", n * 1000, row(A, n)) for n in range(11)], speed=100.0)

    async def main() -> None:
        async with Server(source) as server:
            loop = asyncio.get_running_loop()
            async with _connected(server) as ws:
                await ws.send(json.dumps(command("subscribe", "quotes", [A])))
                start = loop.time()
                await server.finished
                assert 0.1 <= loop.time() - start < SECONDS

    asyncio.run(main())


def test_rows_are_split_over_messages() -> None:
    with Server(rows_per_message=2) as server, client(server) as it:
        it.subscribe("quotes", [A, B, C])
        server.publish("quotes", [row(A, 1), row(B, 2), row(C, 3)])
        assert [len(it.hear()["data"]) for _ in range(2)] == [2, 1]


def test_a_slow_client_is_disconnected_and_the_others_are_served() -> None:
    limit = 1 << 20
    text = "x" * (1 << 16)
    tracemalloc.start()
    try:
        with Server(max_pending_bytes=limit, compression=False) as server, client(server) as quick:
            slow = BareClient(server)
            assert server.when(lambda c: c.open == 2).wait(SECONDS)
            sent = 0
            while not server.counters.slow:
                server.send_raw(text)
                assert quick.socket.recv(SECONDS) == text
                sent += len(text)
                assert sent < 100 << 20
            assert tracemalloc.get_traced_memory()[1] < 20 << 20
            assert quick.subscribe("quotes", [A])["op"] == "subscribed"
            slow.closed()
            assert server.when(lambda c: c.open == 1).wait(SECONDS)
            slow.close()
    finally:
        tracemalloc.stop()


def test_without_a_pace_a_client_that_takes_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_service, "_STALL_SECONDS", 0.2)
    padding = {"padding": "x" * 100_000}
    count = 200
    source = Prepared([batch("quotes", n, row(A, n) | padding) for n in range(count)])
    with (
        Server(source, start_when=lambda c: c.subscribed == 2, compression=False) as server,
        client(server) as quick,
    ):
        stuck = BareClient(server)
        stuck.send(command("subscribe", "quotes", [A]))
        quick.subscribe("quotes", [A])
        assert [quick.hear()["data"][0]["volume"] for _ in range(count)] == list(range(count))
        assert server.finished.wait(SECONDS)
        assert server.counters.slow == 1
        assert server.when(lambda c: c.open == 1).wait(SECONDS)
        stuck.close()


def test_a_client_that_reads_nothing_does_not_delay_close() -> None:
    with Server() as server:
        slow = BareClient(server)
        assert server.when(lambda c: c.open == 1).wait(SECONDS)
        server.send_raw(b"x" * (32 << 20))
        server.close()
        slow.close()


def test_a_connection_without_a_handshake_does_not_delay_close() -> None:
    server = Server()
    server.start()
    closing = threading.Thread(target=server.close)
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        with client(server):
            closing.start()
        closing.join(SECONDS / 4)
        assert not closing.is_alive()
        assert silent.recv(100) == b""


def test_plain_http_is_answered(server: Server) -> None:
    request = f"GET {STREAM}?api_key=demo HTTP/1.1\r\nHost: x\r\n\r\n"
    assert send_bytes(server, request.encode()).startswith(b"HTTP/1.1 426 ")


def test_a_source_that_fails_is_reported_and_the_server_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Prepared):
        def batches(self) -> Iterator[Batch]:
            yield batch("quotes", 0, row(A, 1))
            raise OSError("disk gone")

    with Server(Broken([])) as server, client(server) as it:
        it.subscribe("quotes", [A])
        assert it.hear()["data"] == [row(A, 1)]
        assert server.finished.wait(SECONDS)
        assert isinstance(server.error, OSError)
        assert it.subscribe("quotes", [B])["total"] == 2
    assert "the source failed" in caplog.text


def test_close_is_idempotent() -> None:
    server = Server()
    server.close()
    assert "closed" in repr(server)
    with pytest.raises(RuntimeError, match="closed"):
        server.start()
    server = Server()
    server.start()
    with pytest.raises(RuntimeError, match="runs already"):
        server.start()
    server.close()
    server.close()
    with pytest.raises(RuntimeError, match="does not run"):
        server.drop()


def test_a_port_in_use_is_an_error_at_once(server: Server) -> None:
    with pytest.raises(OSError, match="address already in use"):
        Server(port=server.port).start()


def test_url_is_a_base_url() -> None:
    assert Server(port=80).url == "http://127.0.0.1:80"
    assert Server(host="::1", port=80).url == "http://[::1]:80"


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_symbols": 0},
        {"ping_interval": 0},
        {"ping_timeout": -1},
        {"rows_per_message": 0},
        {"max_pending_bytes": 0},
        {"max_wait": 0},
        {"keys": []},
    ],
)
def test_arguments_that_cannot_be(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        Server(**arguments)


def test_publish_checks_its_channel(server: Server) -> None:
    with pytest.raises(ValueError, match="unknown channel 'trades'"):
        server.publish("trades", [])  # pyright: ignore[reportArgumentType]


def _connected(server: Server) -> async_connect:
    # max_queue: a client that has stopped reading does not notice that it is cut off.
    return async_connect(address(server), proxy=None, max_queue=None)


def test_runs_in_a_loop_and_leaves_no_task() -> None:
    source = Prepared([batch("quotes", n, row(A, n)) for n in range(2000)])

    async def main() -> None:
        async with Server(source) as server:
            with pytest.raises(RuntimeError, match="aclose"):
                server.close()
            async with _connected(server) as ws:
                await ws.send(json.dumps(command("subscribe", "quotes", [A])))
                await server.subscribed()
                assert json.loads(await ws.recv())["op"] == "subscribed"
                assert json.loads(await ws.recv())["data"] == [row(A, 0)]
                assert server.send_raw("raw") == 1
                server.publish("quotes", [row(A, -1)])
                assert server.drop() == 1
                await ws.wait_closed()
            await server.aclose()
            await server.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_server_in_a_thread_is_not_stopped_as_one_in_a_loop() -> None:
    with Server() as server, pytest.raises(RuntimeError, match="call stop"):
        asyncio.run(server.astop())


def test_a_lot_of_clients_come_and_go(server: Server) -> None:
    def visit(number: int) -> None:
        with connect(address(server), proxy=None, ping_interval=None) as ws:
            ws.send(json.dumps(command("subscribe", "quotes", [f"{number:06d}.SZ"])))
            assert json.loads(ws.recv(SECONDS))["total"] == 1

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.when(lambda c: c.open == 0).wait(SECONDS)
    assert server.counters.connections == 30
    assert server.counters.commands == 30
    assert server.counters.subscriptions == 0
