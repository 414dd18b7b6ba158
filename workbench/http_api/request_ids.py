"""An id for every request: it is in the answer, in a problem and in every line of the log that the request causes."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.monitor import request_id

HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:-]{1,64}")


class RequestIds:
    """Gives every request an id: its own X-Request-Id where that is sane, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Part of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identifier = _asked_for(scope["headers"]) or secrets.token_hex(8)
        header = (HEADER, identifier.encode())

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        token = request_id.set(identifier)
        try:
            await self._app(scope, receive, named)
        finally:
            request_id.reset(token)


def _asked_for(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == HEADER and _SANE.fullmatch(value):
            return value.decode()
    return ""
