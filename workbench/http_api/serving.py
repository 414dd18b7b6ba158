"""Running the service: one process, or several that share the mapped files of one snapshot.

With several, the parent accepts connections and hands them out in turn. Left to the kernel, one worker may get most of
fifty keep-alive connections and the others idle (measured: p95 three times p50).
"""

from __future__ import annotations

import asyncio
import multiprocessing
import selectors
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

import uvicorn

from workbench.errors import ServiceError, UsageError
from workbench.http_api.app import create_app
from workbench.http_api.options import ServiceOptions

_BACKLOG = 2048
_END_SECONDS = 10.0
_MOST_RESTARTS = 5
_LOOK_AROUND_SECONDS = 0.25


def serve(
    options: ServiceOptions,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    workers: int = 1,
    listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve until stopped by SIGINT or SIGTERM. `listening` is called once connections are taken.

    Raises:
        UsageError: The address cannot be listened on.
        ServiceError: A worker process ends again and again.
    """
    with _listening(host, port) as listener:
        listening()
        if workers == 1:
            uvicorn.Server(_config(options)).run(sockets=[listener])
        else:
            _Parent(listener, options, workers).run()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            todo = "choose another with --port" if port else "choose another with --host"
            raise UsageError(f"{host}:{port} cannot be listened on", str(error), todo) from None
        listener.listen(_BACKLOG)
        yield listener
    finally:
        listener.close()


def _config(options: ServiceOptions) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(options), loop="uvloop", http="httptools", ws="none", access_log=False,
        log_level="warning", proxy_headers=False, backlog=_BACKLOG, timeout_graceful_shutdown=int(_END_SECONDS),
    )  # fmt: skip


@dataclass(slots=True)
class _Child:
    """A worker process and the socket over which it is handed connections."""

    process: BaseProcess
    channel: socket.socket


class _Parent:
    """Accepts connections, hands them to the workers in turn, and replaces a worker that ends by itself."""

    def __init__(self, listener: socket.socket, options: ServiceOptions, workers: int) -> None:
        self._listener = listener
        self._options = options
        self._restarts = 0
        self._next = 0
        self._stopping = False
        self._children = [self._start() for _ in range(workers)]

    def run(self) -> None:
        """Work until a signal to stop comes."""
        handlers = {one: signal.signal(one, self._stop) for one in (signal.SIGINT, signal.SIGTERM)}
        self._listener.setblocking(False)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._listener, selectors.EVENT_READ)
                while not self._stopping:
                    if selector.select(timeout=_LOOK_AROUND_SECONDS):
                        self._accept()
                    self._replace_ended()
        finally:
            for one, handler in handlers.items():
                signal.signal(one, handler)
            self._end()

    def _accept(self) -> None:
        with suppress(BlockingIOError, ConnectionError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    child = self._children[self._next % len(self._children)]
                    self._next += 1
                    with suppress(OSError):  # it has just ended: the client will connect again
                        socket.send_fds(child.channel, [b"c"], [connection.fileno()])

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # Spawned, not forked: a fork would share open DuckDB files and threads that hold locks.
        process = multiprocessing.get_context("spawn").Process(target=_work, args=(theirs, self._options), daemon=True)
        process.start()
        theirs.close()
        return _Child(process, ours)

    def _replace_ended(self) -> None:
        for number, child in enumerate(self._children):
            if not child.process.is_alive() and not self._stopping:
                child.channel.close()
                self._restarts += 1
                if self._restarts > _MOST_RESTARTS:
                    raise ServiceError(
                        f"worker processes ended {_MOST_RESTARTS} times",
                        f"the last exit status is {child.process.exitcode}",
                        "its own message is above; `workbench verify` checks the store",
                    )  # fmt: skip
                self._children[number] = self._start()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _end(self) -> None:
        for child in self._children:
            child.process.terminate()
        for child in self._children:
            child.process.join(_END_SECONDS)
            if child.process.is_alive():
                child.process.kill()
            child.channel.close()


def _work(channel: socket.socket, options: ServiceOptions) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends the workers
    _Worker(_config(options), channel).run()


class _Worker(uvicorn.Server):
    """A server that does not listen, but is handed connections over `channel`."""

    def __init__(self, config: uvicorn.Config, channel: socket.socket) -> None:
        super().__init__(config)
        self._channel = channel
        self._tasks: set[asyncio.Task[Any]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Part of uvicorn.Server."""
        await super().startup(sockets=[])
        self._channel.setblocking(False)
        asyncio.get_running_loop().add_reader(self._channel.fileno(), self._take)

    def _take(self) -> None:
        loop = asyncio.get_running_loop()
        with suppress(BlockingIOError):
            while True:
                message, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
                if not message:  # the parent is gone
                    loop.remove_reader(self._channel.fileno())
                    self.should_exit = True
                    return
                for descriptor in descriptors:
                    connection = socket.socket(fileno=descriptor)
                    connection.setblocking(False)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    task = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol
