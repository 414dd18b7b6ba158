"""The server of one process: it takes connections that it is handed, and ends without failing a request."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, Protocol, cast

import uvicorn
from starlette.types import ASGIApp

from workbench.errors import WorkbenchError
from workbench.http_api.app import create_app
from workbench.http_api.options import ServiceOptions
from workbench.http_api.running.protocol import BoundedProtocol
from workbench.http_api.service import Service
from workbench.monitor import configure_logging

END_SECONDS = 10.0
"""What has been asked is given this long to be answered."""
_LINGER_SECONDS = 0.5  # for requests that were on their way when the end began
_LAST_SECONDS = 5  # after that; then the process is ended by the system
_KEEP_ALIVE_SECONDS = 75  # longer than proxies keep theirs, so that it is never us who closes first
_MOST_FILES = 65_536
_TICKS_A_SECOND = 10  # of uvicorn's main loop
_TAKEN_AT_ONCE = 100
_PAUSE_SECONDS = 0.05
READY = b"r"


class Source(Protocol):
    """Where connections come from."""

    def fileno(self) -> int:
        """Readable when there are some."""

    def take(self) -> socket.socket | None:
        """The next one, None once there will be no more.

        Raises:
            BlockingIOError: There is none at the moment.
            OSError: It was closed before it was taken, or this process has too many files open.
        """

    def close(self) -> None:
        """Take no more."""


class Listener:
    """Connections that are made to a listening socket."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        listener.setblocking(False)

    def fileno(self) -> int:
        """Part of Source."""
        return self._listener.fileno()

    def take(self) -> socket.socket | None:
        """Part of Source."""
        return self._listener.accept()[0]

    def close(self) -> None:
        """Part of Source."""
        self._listener.close()


class Channel:
    """Connections that the parent process hands over, until it closes its end."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        channel.setblocking(False)

    def fileno(self) -> int:
        """Part of Source."""
        return self._channel.fileno()

    def take(self) -> socket.socket | None:
        """Part of Source."""
        message, descriptors, _, _ = socket.recv_fds(self._channel, 1, 1)
        if message and not descriptors:
            raise OSError(errno.EMFILE, "a connection could not be taken over")
        return socket.socket(fileno=descriptors[0]) if message else None

    def say_ready(self) -> None:
        """Tell the parent that connections are welcome."""
        self._channel.send(READY)

    def close(self) -> None:
        """Part of Source."""
        self._channel.close()


class Server(uvicorn.Server):
    """Serves connections from `source`. Ended by the first signal if `alone`, else by the end of its source.

    `started` is called when it is ready, `each_second` as its name says.
    """

    def __init__(
        self, options: ServiceOptions, source: Source, *, alone: bool = True,
        started: Callable[[], None] = lambda: None, each_second: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._service = Service(options)
        super().__init__(_config(create_app(options, self._service), options))
        self._source, self._alone = source, alone
        self._say_started, self._each_second = started, each_second
        self._tasks: set[asyncio.Task[Any]] = set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Part of uvicorn.Server: the first signal ends in peace, the second at once."""
        if self.should_exit and self._alone:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.should_exit = self.should_exit or self._alone

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Part of uvicorn.Server."""
        await super().startup(sockets=[])
        self._listen()
        self._say_started()

    async def on_tick(self, counter: int) -> bool:
        """Part of uvicorn.Server: called ten times a second."""
        if counter % _TICKS_A_SECOND == 0:
            now = asyncio.get_running_loop().time()
            for connection in self._connections():
                connection.look(now)
            self._each_second()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Part of uvicorn.Server: answer what has been asked, and take no more."""
        signal.alarm(int(END_SECONDS) + _LAST_SECONDS)  # a thread may be busy for longer than anybody wants to wait
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._source.fileno())
        self._take(None)
        self._source.close()
        await asyncio.gather(*self._tasks)
        self._service.end_soon()
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for connection in self._connections():
            connection.end_soon()
        end = loop.time() + _LINGER_SECONDS
        while self.server_state.connections and loop.time() < end:
            await asyncio.sleep(_LINGER_SECONDS / 20)
        await super().shutdown(sockets=[])
        signal.alarm(0)

    def _connections(self) -> Iterator[BoundedProtocol]:
        return iter(cast(list[BoundedProtocol], list(self.server_state.connections)))

    def _listen(self) -> None:
        if not self.should_exit:
            asyncio.get_running_loop().add_reader(self._source.fileno(), self._take, _TAKEN_AT_ONCE)

    def _take(self, most: int | None) -> None:
        """Take what has connected, up to `most`."""
        loop = asyncio.get_running_loop()
        taken = 0
        while most is None or taken < most:
            try:
                connection = self._source.take()
            except BlockingIOError:
                return
            except OSError:  # those that are there go on to wait
                loop.remove_reader(self._source.fileno())
                loop.call_later(_PAUSE_SECONDS, self._listen)
                return
            if connection is None:
                loop.remove_reader(self._source.fileno())
                self.should_exit = True
                return
            taken += 1
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _protocol(self) -> BoundedProtocol:
        return BoundedProtocol(self.config, self.server_state, self.lifespan.state)


def raise_file_limit() -> None:
    """Let this process have as many files and connections open as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def work(channel: socket.socket, options: ServiceOptions) -> None:
    """What a worker process does: serve what comes through `channel`, until its other end is closed."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)  # they reach the whole group; the parent ends its workers
    raise_file_limit()
    source = Channel(channel)
    try:
        server = Server(options, source, alone=False, started=source.say_ready)
    except WorkbenchError as error:
        print(f"workbench: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    server.run()


def _config(app: ASGIApp, options: ServiceOptions) -> uvicorn.Config:
    configure_logging(options.log, worker=os.getpid())
    return uvicorn.Config(
        app, loop="uvloop", http=BoundedProtocol, ws="none", access_log=False, log_config=None, proxy_headers=False,
        server_header=False, headers=[("x-content-type-options", "nosniff")], lifespan="on",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=int(END_SECONDS),
    )  # fmt: skip
