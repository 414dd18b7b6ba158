"""What every request gets, whatever answers it.

An id, which is in the answer, in a problem and in every line of the log that the request causes; HEAD wherever there is
GET; a problem document where the application fails; and a place in the metrics. One wrapper does it all: an answer out
of the cache takes so little that four of them, each with a `send` of its own, were a tenth of it.
"""

from __future__ import annotations

import itertools
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.http_api.wire.problems import MEDIA_TYPE, problem_body
from workbench.monitor import About, Observer, request_id

HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())
_UNMATCHED = "unmatched"
_log = logging.getLogger(__name__)


class Envelope:
    """Passes requests to `app`, and tells `observer` of them.

    `direct` are paths that `app` answers without routing; `version` gives that of the answers now.
    """

    def __init__(
        self, app: ASGIApp, observer: Observer, *, direct: frozenset[str], version: Callable[[], str]
    ) -> None:  # fmt: skip
        self._app, self._observer = app, observer
        self._direct, self._version = direct, version
        self._beginning = secrets.token_hex(4)  # of the ids that this process makes
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Part of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = _asked_for(scope["headers"]) or f"{self._beginning}{next(self._numbers):08x}"
        header = (HEADER, identifier.encode())
        head_only = scope["method"] == "HEAD"
        begun = time.perf_counter()
        status = 0

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            elif head_only and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        token = request_id.set(identifier)
        asked = {**scope, "method": "GET"} if head_only else scope
        try:
            await self._app(asked, receive, answered)
        except Exception:
            if status:  # half of an answer is gone already: the server closes the connection
                raise
            _log.exception("a request failed")
            await _failed(answered)
        finally:
            self._note(scope, asked, status or 500, time.perf_counter() - begun)
            request_id.reset(token)

    def _note(self, scope: Scope, asked: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        path = scope["path"]
        route = path if path in self._direct else _template(asked)
        self._observer.request(route, method, status, seconds, lambda: self._about(scope))

    def _about(self, scope: Scope) -> About:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name.startswith(b"trace")}
        query = scope["query_string"].decode("latin-1")
        return About(self._version(), headers.get(b"traceparent", ""), headers.get(b"tracestate", ""), query)


def _asked_for(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The id that the request has already, if it is one."""
    for name, value in headers:
        if name == HEADER and _SANE.fullmatch(value):
            return value.decode()
    return ""


def _template(scope: Scope) -> str:
    """The template of the path: paths are made up by whoever asks, and each would be a metric of its own."""
    route: Any = scope.get("route")
    return _UNMATCHED if route is None else str(route.path)


async def _failed(send: Send) -> None:
    body = problem_body(500, "the service failed", "", "its log says why, under this request_id")
    head = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 500, "headers": head})
    await send({"type": "http.response.body", "body": body})
