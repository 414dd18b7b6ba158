"""The HTTP application, put together from its routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.http_api import search_route
from workbench.http_api.options import ServiceOptions
from workbench.http_api.routes import health
from workbench.http_api.search_route import SearchRoute
from workbench.http_api.service import Service

_ROUTERS = (health.router,)


def create_app(options: ServiceOptions) -> ASGIApp:
    """The application over the store of `options`.

    Raises:
        StoreError: The store has no generation, or it cannot be opened.
    """
    service = Service(options)
    search = SearchRoute(service)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    api = FastAPI(title="Memory Workbench", lifespan=lifespan)
    api.state.service = service
    for router in _ROUTERS:
        api.include_router(router(service))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == search_route.PATH and scope["method"] == "GET":
            await search(scope["query_string"], send)
        else:
            await api(scope, receive, send)

    return app
