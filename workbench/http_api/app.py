"""The HTTP application, put together from its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.http_api.guarding.envelope import Envelope
from workbench.http_api.guarding.safety import Bounded, Gate, refuse
from workbench.http_api.options import ServiceOptions
from workbench.http_api.routes import (
    artifacts,
    caches,
    conversations,
    facets,
    health,
    imports,
    memories,
    messages,
    metrics,
    page,
    streaming,
)
from workbench.http_api.routes import mcp as mounting
from workbench.http_api.routes import searching as search_route
from workbench.http_api.routes.mcp import McpMount
from workbench.http_api.routes.searching import SearchRoute
from workbench.http_api.service import Service
from workbench.http_api.wire.openapi import Api

_ROUTERS = (
    health.router, caches.router, metrics.router, page.router, conversations.router, messages.router, artifacts.router,
    facets.router, memories.router, streaming.router, imports.router,
)  # fmt: skip


def create_app(options: ServiceOptions, service: Service | None = None) -> ASGIApp:
    """The application over the store of `options`, with the state of `service` (default: one of its own).

    Raises:
        StoreError: The store has no generation, or it cannot be opened.
    """
    service = service or Service(options)
    search = SearchRoute(service)
    gate = Gate(options.hosts, options.token)
    mcp = McpMount(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await mcp.stop()
        await service.stop()

    api = Api(lifespan)
    api.state.service = service
    api.describe(search_route.PATH, search_route.operation)
    for router in _ROUTERS:
        api.include_router(router(service))
    api.routes.append(Route(mounting.PATH, mcp, include_in_schema=False))

    bounded = Bounded(api, options.max_body_bytes, options.max_upload_bytes)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        refusal = gate.refusal(scope) if scope["type"] == "http" else None
        if refusal is not None:
            await refuse(refusal, send)
        elif scope["type"] == "http" and scope["path"] == search_route.PATH and scope["method"] == "GET":
            await search(scope, send)
        else:
            await bounded(scope, receive, send)

    return Envelope(app, service.observer, direct=frozenset([search_route.PATH]), version=lambda: service.version)
