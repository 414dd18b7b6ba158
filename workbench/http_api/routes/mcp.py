"""The MCP server under /mcp: loaded when it is first asked for, since it takes half a second to import."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from workbench.http_api.service import Service

if TYPE_CHECKING:
    from workbench.mcp_server import HttpApp

PATH = "/mcp"


class McpMount:
    """Answers MCP requests with the memory of `service`. Its Host and Origin have been judged before."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._started: asyncio.Future[HttpApp] | None = None
        self._ended = asyncio.Event()
        self._hosting: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Part of ASGI."""
        if self._started is None:
            self._started = asyncio.get_running_loop().create_future()
            self._hosting = asyncio.create_task(self._host(self._started))
        app = await asyncio.shield(self._started)
        await app(scope, receive, send)

    async def stop(self) -> None:
        """End it, if it was ever asked."""
        self._ended.set()
        if self._hosting is not None:
            await self._hosting

    async def _host(self, started: asyncio.Future[HttpApp]) -> None:
        """In a task of its own: what it opens has to be closed by the one who opened it."""
        try:
            app = await run_in_threadpool(self._load)
        except Exception as error:  # noqa: BLE001  (whoever asks hears of it)
            started.set_exception(error)
            self._started = None  # the next one tries again
            return
        async with app.running():
            started.set_result(app)
            await self._ended.wait()

    def _load(self) -> HttpApp:
        from workbench.mcp_server import http_app

        return http_app(lambda: self._service.reading("mcp"), allowed_hosts=None)
