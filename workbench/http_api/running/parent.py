"""The parent of several workers: accepts connections, hands them out in turn, and replaces a worker that ends."""

from __future__ import annotations

import logging
import multiprocessing
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from types import FrameType

from workbench.errors import ServiceError
from workbench.http_api.options import ServiceOptions

_PRELOADED = "workbench.http_api.running.worker"
_END_SECONDS = 17.0  # a worker ends itself after fifteen
_MOST_DEATHS, _WITHIN_SECONDS = 5, 60.0
_LOOK_SECONDS = 0.25
_SOON_SECONDS = 0.01  # where a connection waits for a worker
_ACCEPTED_AT_ONCE = 100
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Child:
    """A worker process, and the socket over which it is handed connections once it has said that it is ready."""

    process: BaseProcess
    channel: socket.socket
    ready: bool = False


class Parent:
    """Runs `workers` processes that serve the connections to `listener`.

    They are forked from a process that has imported what they need and opened nothing: they share the memory of the
    program, and a new one has nothing to import. A fork of this process would share open files and locks that are held.
    `each_second` is called as its name says, `ended` with the number of a process that has ended by itself.
    """

    def __init__(
        self, listener: socket.socket, options: ServiceOptions, workers: int, *,
        each_second: Callable[[], None] = lambda: None, ended: Callable[[int], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._listener, self._options, self._workers = listener, options, workers
        self._each_second, self._ended = each_second, ended
        self._context = multiprocessing.get_context("forkserver")
        self._selector = selectors.DefaultSelector()
        self._children: list[_Child] = []
        self._deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
        self._undelivered: deque[socket.socket] = deque()
        self._next = 0
        self._open = self._stopping = False  # open once all were ready: the first would be given everything else
        self._second = 0.0

    def run(self) -> None:
        """Work until a signal to stop comes.

        Raises:
            ServiceError: Workers end again and again.
        """
        handlers = {one: signal.signal(one, self._stop) for one in (signal.SIGINT, signal.SIGTERM)}
        self._listener.setblocking(False)
        try:
            for _ in range(self._workers):
                self._children.append(self._start())
            while not self._stopping:
                self._turn()
        finally:
            self._end()
            for one, handler in handlers.items():
                signal.signal(one, handler)

    def _turn(self) -> None:
        """Wait until there is something to do, and do it."""
        self._listen()
        self._selector.select(_SOON_SECONDS if self._undelivered else _LOOK_SECONDS)
        for child in self._children:
            self._listen_to(child)
        self._open = self._open or all(child.ready for child in self._children)
        self._replace_ended()
        self._accept(_ACCEPTED_AT_ONCE)
        now = time.monotonic()
        if now >= self._second:
            self._second = now + 1.0
            self._each_second()

    def _listen(self) -> None:
        """Look out for connections while somebody can take them; else their being there would wake us all the time."""
        listens = self._listener in self._selector.get_map()
        if self._welcome and not self._undelivered:
            if not listens:
                self._selector.register(self._listener, selectors.EVENT_READ)
        elif listens:
            self._selector.unregister(self._listener)

    @property
    def _welcome(self) -> bool:
        return self._open and any(child.ready for child in self._children)

    def _accept(self, most: int) -> None:
        """Hand out what waits, then up to `most` more; what nobody can take now stays where it is."""
        while self._undelivered:
            if not self._hand_out(self._undelivered[0]):
                return
            self._undelivered.popleft().close()
        for _ in range(most):
            if not self._welcome:
                return
            try:
                connection, _ = self._listener.accept()
            except OSError:  # nobody there any more, or no descriptor free: it goes on to wait
                return
            if not self._hand_out(connection):
                self._undelivered.append(connection)
                return
            connection.close()

    def _hand_out(self, connection: socket.socket) -> bool:
        """Give it to the worker whose turn it is, or to one after him."""
        for _ in self._children:
            child = self._children[self._next % len(self._children)]
            self._next += 1
            if child.ready:
                try:
                    socket.send_fds(child.channel, [b"c"], [connection.fileno()])
                except BlockingIOError:  # he is busy and has many to take
                    continue
                except OSError:  # he has just ended
                    child.ready = False
                    continue
                return True
        return False

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = self._context.Process(target=_work, args=(theirs, self._options), daemon=True)
        process.start()
        theirs.close()
        ours.setblocking(False)
        self._selector.register(ours, selectors.EVENT_READ)
        self._selector.register(process.sentinel, selectors.EVENT_READ)
        return _Child(process, ours)

    def _listen_to(self, child: _Child) -> None:
        try:
            child.ready = bool(child.channel.recv(16))
        except BlockingIOError:
            pass  # it has nothing to say
        except OSError:
            child.ready = False

    def _replace_ended(self) -> None:
        for number, child in enumerate(self._children):
            if child.process.is_alive():
                continue
            _log.warning("worker %s ended with status %s and is replaced", child.process.pid, child.process.exitcode)
            self._forget(child)
            now = time.monotonic()
            if len(self._deaths) == _MOST_DEATHS and now - self._deaths[0] < _WITHIN_SECONDS:
                raise ServiceError(
                    f"worker processes ended {_MOST_DEATHS + 1} times within a minute",
                    f"the last exit status is {child.process.exitcode}",
                    "its own message is above; `workbench verify` checks the store",
                )  # fmt: skip
            self._deaths.append(now)
            self._children[number] = self._start()

    def _forget(self, child: _Child) -> None:
        self._selector.unregister(child.channel)
        self._selector.unregister(child.process.sentinel)
        child.channel.close()
        self._ended(child.process.pid or 0)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        """The first signal ends in peace, the second at once."""
        if self._stopping:
            for child in self._children:
                child.process.kill()
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._stopping = True

    def _end(self) -> None:
        """Hand out what has connected by now, then close the channels: the workers answer and end."""
        self._accept(len(self._undelivered) + socket.SOMAXCONN)
        self._listener.close()
        for connection in self._undelivered:
            connection.close()
        for child in self._children:
            child.channel.close()
        deadline = time.monotonic() + _END_SECONDS
        for child in self._children:
            child.process.join(max(0.0, deadline - time.monotonic()))
            if child.process.is_alive():
                _log.warning("worker %s has not ended in time", child.process.pid)
                child.process.kill()
                child.process.join()
        self._selector.close()


def prepare() -> None:
    """Begin to import what workers need, in the process that they will be forked from; returns at once."""
    multiprocessing.get_context("forkserver").set_forkserver_preload([_PRELOADED])
    forkserver.ensure_running()


def _work(channel: socket.socket, options: ServiceOptions) -> None:
    from workbench.http_api.running.worker import work  # not imported by the parent, which would need 0.6 s for it

    work(channel, options)
