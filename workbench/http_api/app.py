"""The HTTP application: one search endpoint and a health check.

The search route is a plain Starlette route: its parameters are few, and letting FastAPI validate them would cost as
much as embedding the query.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from workbench.errors import NotFoundError, WorkbenchError
from workbench.http_api.batching import Batcher
from workbench.http_api.parameters import to_query
from workbench.model import Query, SearchResult
from workbench.search.cache import Cache
from workbench.workspace import Workbench

_JSON = "application/json"


def create_app(store: Path, *, cached: bool = True) -> FastAPI:
    """The application over the newest generation of `store`. `cached` keeps answers for five minutes."""
    service = _Service(Workbench.open(store), Cache(len) if cached else None)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.warm_up()
        yield
        service.close()

    routes: list[BaseRoute] = [Route("/search/rag", service.search), Route("/health", service.health)]
    return FastAPI(title="Memory Workbench", routes=routes, lifespan=lifespan)


class _Service:
    """The handlers and what they share."""

    def __init__(self, memory: Workbench, answers: Cache[bytes] | None) -> None:
        self._memory = memory
        self._answers = answers
        self._batcher = Batcher(memory.engine.search_many)

    def warm_up(self) -> None:
        """Load what the first search would have to wait for, and take it out of the garbage collector's rounds."""
        self._memory.engine.search(Query("warm up", plain=True))
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        gc.unfreeze()
        self._batcher.close()
        self._memory.close()

    async def search(self, request: Request) -> Response:
        """`GET /search/rag`."""
        try:
            query = to_query(request.query_params)
            key: Hashable = (self._memory.snapshot.generation, query)
            kept = self._answers.get(key) if self._answers else None
            if kept is not None:
                return Response(kept, media_type=_JSON, headers={"X-Cache": "hit"})
            result = await self._batcher.search(query)
        except WorkbenchError as error:
            return _problem(error)
        body = _encode(result)
        if self._answers and not result.partial:
            self._answers.put(key, body)
        spent = ", ".join(f"{stage};dur={ms:.2f}" for stage, ms in result.timings_ms.items())
        return Response(body, media_type=_JSON, headers={"X-Cache": "miss", "Server-Timing": spent})

    async def health(self, _: Request) -> Response:
        """`GET /health`."""
        return Response(_dump({"status": "ready", "generation": self._memory.snapshot.generation}), media_type=_JSON)


def _encode(result: SearchResult) -> bytes:
    answer: dict[str, Any] = {
        "contexts": result.hits,
        "generation": result.generation,
        "candidates": result.candidates,
        "match": result.match,
        "cursor": result.cursor,
        "partial": result.partial,
        "notes": result.notes,
        "advice": result.advice,
    }
    if result.query.facets:
        answer["facets"] = {facet: dict(counts) for facet, counts in result.facets.items()}
    if result.query.explain:
        answer |= {"plan": result.plan, "timings_ms": result.timings_ms, "batch": result.batch}
    return _dump(answer)


def _problem(error: WorkbenchError) -> Response:
    """An error as RFC 9457 has it."""
    status = 404 if isinstance(error, NotFoundError) else 400
    body = {"type": "about:blank", "title": error.what, "status": status, "detail": error.why, "todo": error.todo}
    return Response(_dump(body), status_code=status, media_type="application/problem+json")


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
