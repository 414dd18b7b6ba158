"""Every request is told to the observer: route, status, time; and where logs or traces are written, what they say."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.monitor import About, Observer

_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())
_UNMATCHED = "unmatched"


class Observing:
    """Tells `observer` of every request that `app` answers.

    `direct` are paths that `app` answers without routing; `version` gives that of the answers now.
    """

    def __init__(
        self, app: ASGIApp, observer: Observer, *, direct: frozenset[str], version: Callable[[], str]
    ) -> None:  # fmt: skip
        self._app, self._observer = app, observer
        self._direct, self._version = direct, version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Part of ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 500  # where it fails before it has begun to answer

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - begun
            method = scope["method"] if scope["method"] in _METHODS else "other"
            path = scope["path"]
            route = path if path in self._direct else _template(scope)
            self._observer.request(route, method, status, seconds, lambda: self._about(scope))

    def _about(self, scope: Scope) -> About:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name.startswith(b"trace")}
        query = scope["query_string"].decode("latin-1")
        return About(self._version(), headers.get(b"traceparent", ""), headers.get(b"tracestate", ""), query)


def _template(scope: Scope) -> str:
    """The template of the path: paths are made up by whoever asks, and each would be a metric of its own."""
    route: Any = scope.get("route")
    if route is not None:
        return str(route.path)
    return _UNMATCHED
