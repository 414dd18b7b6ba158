"""The HTTP application: one search endpoint and a health check.

A search is answered before FastAPI sees the request. An answer out of the cache takes so little that its routing and
middleware would be most of it; everything else is FastAPI's.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.errors import NotFoundError, WorkbenchError
from workbench.http_api.batching import Batcher
from workbench.http_api.parameters import to_query
from workbench.model import Query, SearchResult
from workbench.search.cache import Cache
from workbench.workspace import Workbench

SEARCH = "/search/rag"
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_HIT, _MISS = (b"x-cache", b"hit"), (b"x-cache", b"miss")
Header = tuple[bytes, bytes]


def create_app(store: Path, *, cached: bool = True) -> ASGIApp:
    """The application over the newest generation of `store`. `cached` keeps answers for five minutes."""
    memory = Workbench.open(store)
    search = _Search(memory, Cache(len) if cached else None)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _warm_up(memory)
        yield
        gc.unfreeze()
        memory.close()

    async def health(_: Request) -> Response:
        body = _dump({"status": "ready", "generation": memory.snapshot.generation})
        return Response(body, media_type="application/json")

    api = FastAPI(title="Memory Workbench", lifespan=lifespan)
    api.add_route("/health", health)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == SEARCH and scope["method"] == "GET":
            await search(scope["query_string"], send)
        else:
            await api(scope, receive, send)

    return app


def _warm_up(memory: Workbench) -> None:
    """Load what the first search would have to wait for, and take it out of the garbage collector's rounds."""
    memory.engine.search(Query("warm up", plain=True))
    gc.collect()
    gc.freeze()


class _Search:
    """`GET /search/rag`."""

    def __init__(self, memory: Workbench, answers: Cache[bytes] | None) -> None:
        self._memory = memory
        self._answers = answers
        self._batcher = Batcher(memory.engine.search_many)

    async def __call__(self, parameters: bytes, send: Send) -> None:
        """Answer the request with this query string. Answers are kept under it and the generation."""
        key = (self._memory.snapshot.generation, parameters)
        kept = self._answers.get(key) if self._answers else None
        if kept is not None:
            await _send(send, 200, kept, _JSON, _HIT)
            return
        try:
            result = await self._batcher.search(to_query(QueryParams(parameters)))
        except WorkbenchError as error:
            status, body = _problem(error)
            await _send(send, status, body, _PROBLEM)
            return
        body = _encode(result)
        if self._answers and not result.partial:
            self._answers.put(key, body)
        spent = ", ".join(f"{stage};dur={ms:.2f}" for stage, ms in result.timings_ms.items())
        await _send(send, 200, body, _JSON, _MISS, (b"server-timing", spent.encode()))


async def _send(send: Send, status: int, body: bytes, *headers: Header) -> None:
    head = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


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


def _problem(error: WorkbenchError) -> tuple[int, bytes]:
    """An error as RFC 9457 has it."""
    status = 404 if isinstance(error, NotFoundError) else 400
    body = {"type": "about:blank", "title": error.what, "status": status, "detail": error.why, "todo": error.todo}
    return status, _dump(body)


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
