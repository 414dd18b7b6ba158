"""A service that does nothing: the same answer to every request, to see how fast the load generator itself is.

python -m workbench.experiments.load.null_service --port 9000 --bytes 4000
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.experiments.load.generator import new_loop
from workbench.experiments.load.service import HOST, Service, free_port, running

_END = b"\r\n\r\n"


class Null(asyncio.Protocol):
    """Answers as soon as a request's head is complete; requests have no body."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._seen = b""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        *whole, self._seen = (self._seen + data).split(_END)
        self._transport.write(self._answer * len(whole))  # type: ignore[union-attr]


@contextmanager
def null_service(size: int) -> Iterator[Service]:
    """A null service with answers of `size` bytes, ready."""
    port = free_port()
    module = "workbench.experiments.load.null_service"
    command = [sys.executable, "-m", module, "--port", str(port), "--bytes", str(size)]
    with running("null", command, port, 1) as service:
        yield service


async def _serve(port: int, size: int) -> None:
    loop = asyncio.get_running_loop()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    server = await loop.create_server(lambda: Null(answer), HOST, port, backlog=1024)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    server.close()


def main() -> None:
    """Serve until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m workbench.experiments.load.null_service", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bytes", type=int, default=4000)
    chosen = parser.parse_args()
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        runner.run(_serve(chosen.port, chosen.bytes))


if __name__ == "__main__":
    main()
