"""HTTP/1.1 with limits: heads that are too large, and clients that send or read too slowly, are not waited for.

uvicorn bounds neither. A connection costs little, but a few thousand of them that each send a byte a minute
("slow loris") would use up the descriptors of the process.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from workbench.http_api.searching.batching import GONE
from workbench.http_api.wire.problems import MEDIA_TYPE, problem_body

MOST_HEAD_BYTES = 96 * 1024
MOST_URL_BYTES = 65_535  # the parser takes no more; what is longer can be asked for with POST
MOST_HEADERS = 100
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0  # a body may be so far behind BODY_RATE
BODY_RATE = 1_000.0  # bytes a second
READ_SECONDS = 60.0  # an answer that nobody takes is given up

_TOO_SLOW = (408, "the request came too slowly")
_TOO_LARGE = (431, "the head of the request is too large")
_TOO_LONG = (414, "the URL is too long")
_NOT_HTTP = (400, "this is not an HTTP request")


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `look` is to be called about once a second.

    A request finds in its scope's state, under GONE, whether its client has left.
    """

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config, server_state, app_state, _loop)
        self._in_head = self._in_request = True  # from the start: who connects has something to say
        self._head_bytes = self._body_bytes = 0
        self._since = self._looked_at = self.loop.time()
        self._patience = BODY_SECONDS
        self._unread_since: float | None = None
        self._fault = _NOT_HTTP
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Part of asyncio.Protocol."""
        super().connection_made(transport)
        app_state = dict(self.app_state)
        app_state[GONE] = transport.is_closing
        self.app_state = app_state

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if self._refused:
            return
        super().data_received(data)
        if self._in_head and self._in_request:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
                self._refuse(*_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Part of the parser's callbacks."""
        super().on_message_begin()
        self._in_head = self._in_request = True
        self._head_bytes = 0
        self._since = self.loop.time()

    def on_headers_complete(self) -> None:
        """Part of the parser's callbacks."""
        self._in_head = False
        self._patience, self._body_bytes = BODY_SECONDS, 0
        if len(self.headers) > MOST_HEADERS or len(self.url) > MOST_URL_BYTES:
            self._fault = _TOO_LARGE if len(self.url) <= MOST_URL_BYTES else _TOO_LONG
            raise ValueError(self._fault[1])  # ends the parsing; answered by send_400_response
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of the parser's callbacks."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Part of the parser's callbacks."""
        self._in_request = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._unread_since = None
        super().resume_writing()

    def look(self, now: float) -> None:
        """Give the connection up if its client is too slow. `now` is the event loop's time."""
        elapsed, self._looked_at = now - self._looked_at, now
        if self._unread_since is not None and now - self._unread_since > READ_SECONDS:
            self.transport.abort()
        elif self._refused:
            self.transport.close()
        elif self.transport.is_closing() or not self._in_request:
            return
        elif self._in_head:
            if now - self._since > HEAD_SECONDS and self._is_idle:
                self._refuse(*_TOO_SLOW)
        elif not self.flow.read_paused:
            self._patience = min(BODY_SECONDS, self._patience + self._body_bytes / BODY_RATE) - elapsed
            self._body_bytes = 0
            if self._patience < 0:
                self._refuse(*_TOO_SLOW)

    def end_soon(self) -> None:
        """Have the answer that is being made, if there is one, be the last of this connection."""
        if not self._is_idle:
            self.cycle.keep_alive = False

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _unsupported_upgrade_warning(self) -> None:
        """Part of HttpToolsProtocol: the request is answered as if it had not offered another protocol."""

    def send_400_response(self, msg: str) -> None:
        """Part of HttpToolsProtocol: what has come cannot be parsed."""
        self._refuse(*self._fault)

    def _refuse(self, status: int, title: str) -> None:
        """Close the connection; with an answer, where none has begun.

        To close while more is coming would reset the connection, and the answer would be lost: so what comes until the
        next look is thrown away.
        """
        if self._is_idle or not (self._in_head or self.cycle.response_started):
            body = problem_body(status, title)
            head = b"content-type: %s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % (MEDIA_TYPE.encode(), len(body)) + body)
        if self._is_idle and not self._refused:
            self._refused = True
            self.transport.write_eof()
        else:
            self.transport.close()
