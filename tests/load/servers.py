"""Small HTTP servers with known behaviour, on a thread of their own."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

Answer = Callable[[int], Awaitable[bytes]]
"""Given the number of a request, counted from 0, the whole response; empty: close the connection instead."""

BODY = b'{"contexts":[{"id":1}]}'


def response(body: bytes = BODY, *, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


@contextmanager
def serving(answer: Answer, seen: list[bytes] | None = None) -> Iterator[int]:
    """The port of a server that answers the n-th request with `answer(n)`; request lines are added to `seen`."""
    ready: list[int] = []
    servers: list[asyncio.Server] = []
    started = threading.Event()
    loop = asyncio.new_event_loop()
    numbers = itertools.count()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if seen is not None:
                    seen.append(head.split(b"\r\n", 1)[0])
                reply = await answer(next(numbers))
                if not reply:
                    break
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone, as it does at the end of every run
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=1024)
        servers.append(server)
        ready.append(server.sockets[0].getsockname()[1])
        loop.call_soon(started.set)  # not before the loop runs for good: it would miss the call that stops it

    def run() -> None:
        asyncio.set_event_loop(loop)
        task = loop.create_task(main())
        loop.run_forever()
        task.result()
        servers[0].close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
