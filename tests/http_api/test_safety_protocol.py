"""Clients that send too much, too slowly, or nonsense, over real sockets. Time is told, not waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from workbench.http_api.running.protocol import BODY_SECONDS, HEAD_SECONDS, READ_SECONDS, BoundedProtocol
from workbench.http_api.searching.batching import gone_of

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"


class Running:
    """A server in this event loop."""

    def __init__(self, port: int, state: ServerState, seen: list[Any]) -> None:
        self.port, self.state, self.seen = port, state, seen

    async def connect(self) -> Streams:
        before = len(self.state.connections)
        streams = await asyncio.open_connection("127.0.0.1", self.port)
        while len(self.state.connections) == before:
            await asyncio.sleep(0.001)
        return streams

    async def look(self, seconds_later: float) -> None:
        """As the server does each second; `seconds_later` than now."""
        await asyncio.sleep(0.02)  # what was sent has come
        for connection in list(self.state.connections):
            assert isinstance(connection, BoundedProtocol)
            connection.look(asyncio.get_running_loop().time() + seconds_later)


@asynccontextmanager
async def server() -> AsyncIterator[Running]:
    seen: list[Any] = []

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with the length of the body; `/much` with more than sockets hold, `/gone` tells who is there."""
        length, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                seen.append("disconnected")
                return
            length += len(message["body"])
            more = message["more_body"]
        if scope["path"] == "/gone":
            gone = gone_of(scope)
            assert gone is not None
            while not gone():
                await asyncio.sleep(0.005)
            seen.append("gone")
        body = b"x" * 50_000_000 if scope["path"] == "/much" else b"%d" % length
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(echo, http=BoundedProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: BoundedProtocol(config, state, {}), "127.0.0.1", 0)
    yield Running(listening.sockets[0].getsockname()[1], state, seen)
    for connection in list(state.connections):
        connection.transport.abort()
    listening.close()
    await asyncio.sleep(0)


def run(test: Callable[[Running], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with server() as running:
            await asyncio.wait_for(test(running), 20)

    asyncio.run(all_of_it())


async def ended_with(streams: Streams) -> bytes:
    """All that the server sends until it closes; empty where it just closes."""
    return await streams[0].read()


async def status_of_end(streams: Streams) -> int:
    answer = await ended_with(streams)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert body.startswith(b'{"type":"about:blank"')
    return int(answer.split()[1])


async def answer(streams: Streams) -> bytes:
    head = await streams[0].readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return await streams[0].readexactly(length)


def test_a_request_in_pieces_is_answered_and_the_connection_kept() -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        for _ in range(2):
            for piece in (HEAD[:10], HEAD[10:], b"Content-Length: 6\r\n\r\nabc", b"def"):
                streams[1].write(piece)
                await running.look(1.0)
            assert await answer(streams) == b"6"

    run(test)


@pytest.mark.parametrize(("sent", "more"), [(b"", b""), (HEAD, b"X-Slow: 1\r\n"), (b"G", b"E")])
def test_a_head_that_is_not_complete_in_time_is_given_up(sent: bytes, more: bytes) -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].write(sent)
        await running.look(HEAD_SECONDS - 1.0)
        assert not streams[0].at_eof()
        streams[1].write(more)  # whoever says something now and then wins nothing by it
        await running.look(HEAD_SECONDS + 1.0)
        assert await status_of_end(streams) == 408

    run(test)


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].write(HEAD + b"Content-Length: 1000000\r\n\r\n")
        for second in range(1, int(BODY_SECONDS)):
            streams[1].write(b"x")
            await running.look(float(second))
        assert running.state.connections
        await running.look(BODY_SECONDS + 2.0)
        assert await status_of_end(streams) == 408
        await asyncio.sleep(0)
        assert running.seen == ["disconnected"]

    run(test)


@pytest.mark.slow
def test_a_body_that_comes_quickly_enough_may_take_as_long_as_it_takes() -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].write(HEAD + b"Content-Length: 240000\r\n\r\n")
        for second in range(1, 121):
            streams[1].write(b"x" * 2_000)
            await running.look(float(second))
        assert await answer(streams) == b"240000"

    run(test)


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].transport.pause_reading()  # type: ignore[attr-defined]
        streams[1].write(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await running.look(READ_SECONDS - 1.0)
        assert running.state.connections
        await running.look(READ_SECONDS + 1.0)
        await asyncio.sleep(0.01)
        assert not running.state.connections

    run(test)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n", 431),
        (HEAD + b"X-Long: " + b"x" * 200_000 + b"\r\n", 431),
        (HEAD + b"".join(b"X-%d: 1\r\n" % number for number in range(200)) + b"\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_a_problem(head: bytes, status: int) -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].write(head)
        assert await status_of_end(streams) == status

    run(test)


def test_a_query_of_ten_thousand_letters_fits_in_a_head() -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].write(b"GET /?q=" + b"%C3%A4" * 10_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await answer(streams) == b"0"

    run(test)


def test_an_offer_to_speak_another_protocol_is_not_taken_up() -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert await answer(streams) == b"0"

    run(test)


def test_a_request_can_tell_that_its_client_has_gone() -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].write(b"GET /gone HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.sleep(0.02)
        assert running.seen == []
        streams[1].close()
        while running.seen != ["gone"]:
            await asyncio.sleep(0.005)

    run(test)


def test_an_answer_in_the_making_can_be_made_the_last() -> None:
    async def test(running: Running) -> None:
        streams = await running.connect()
        streams[1].write(HEAD + b"Content-Length: 2\r\n\r\n")
        await asyncio.sleep(0.02)
        for connection in list(running.state.connections):
            assert isinstance(connection, BoundedProtocol)
            connection.end_soon()
        streams[1].write(b"ab")
        assert b"connection: close" in await ended_with(streams)

    run(test)
