"""One keep-alive HTTP/1.1 connection for one fixed kind of request: as little work a request as there can be.

Written for the load generator, not as a client: answers must give their Content-Length (RFC 9112, section
6.2), one request at a time. Anything else is reported as an error of the connection.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its HTTP status, head and body, and when (perf_counter) it was due, sent and complete."""

    status: int
    head: bytes
    body: bytes
    scheduled: float
    sent: float
    done: float


class Connection(asyncio.Protocol):
    """Tells `on_reply(connection, reply)` of every answer and `on_lost(connection, kind)` once, when it is over.

    `kind` is empty where the server closed it between two requests, else it names the error.
    """

    __slots__ = ("_chunks", "_head", "_left", "_on_lost", "_on_reply", "_status", "busy", "number", "request",
                 "scheduled", "sent", "transport", "waited")  # fmt: skip

    def __init__(
        self,
        number: int,
        on_reply: Callable[[Connection, Reply], None],
        on_lost: Callable[[Connection, str], None],
    ) -> None:
        self.number = number
        self.transport: asyncio.Transport | None = None
        self.busy = False
        self.request = -1  # number of the request that is being answered
        self.scheduled = self.sent = 0.0
        self.waited = False  # whether that request was due before there was a free connection
        self._on_reply, self._on_lost = on_reply, on_lost
        self._head = b""
        self._chunks: list[bytes] = []
        self._left = -1  # bytes of the body still to come; -1 while the head is not complete
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it

    def send(self, request: bytes, scheduled: float, number: int = -1, *, waited: bool = False) -> None:
        """Send one request that was due at `scheduled`; the last answer must have come."""
        assert self.transport is not None
        self.busy = True
        self.request = number
        self.scheduled = scheduled
        self.waited = waited
        self._head, self._left = b"", -1
        self.sent = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if self._left < 0:
            self._head += data
            end = self._head.find(_END_OF_HEAD)
            if end < 0:
                return
            data = self._head[end + 4 :]
            length = _LENGTH.search(self._head, 0, end + 2)
            if length is None or not self.busy:
                self.abort("answer without Content-Length" if self.busy else "answer without a request")
                return
            self._status = int(self._head[9:12])
            self._left = int(length[1])
            self._chunks = []
        self._left -= len(data)
        self._chunks.append(data)
        if self._left < 0:
            self.abort("answer longer than its Content-Length")
        elif self._left == 0:
            self._complete()

    def abort(self, kind: str) -> None:
        """Give the connection up because of an error of this kind."""
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.abort()
            self._on_lost(self, kind)

    def close(self) -> None:
        """Close it in peace: nobody is told."""
        transport, self.transport = self.transport, None
        if transport is not None:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        if self.transport is not None:
            self.transport = None
            self._on_lost(self, "connection closed before the answer" if self.busy else "")

    def _complete(self) -> None:
        done = time.perf_counter()
        self.busy = False
        self._left = -1
        closes = _CLOSES.search(self._head) is not None
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        head, self._head = self._head, b""
        reply = Reply(self._status, head, body, self.scheduled, self.sent, done)
        if closes:
            self.close()
            self._on_reply(self, reply)
            self._on_lost(self, "")
        else:
            self._on_reply(self, reply)
