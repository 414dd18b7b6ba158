"""`GET /api/v1/search/stream`: a long result line by line, as NDJSON or as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import anyio
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from workbench.errors import QueryError
from workbench.http_api.routes.result_stream import DEFAULT_HITS, MAX_HITS, Part, Streams
from workbench.http_api.service import Service
from workbench.http_api.wire import examples
from workbench.http_api.wire.encoding import dump
from workbench.http_api.wire.openapi import problems
from workbench.http_api.wire.parameters import SEARCH, to_query, whole
from workbench.http_api.wire.search_documents import query_parameters

PATH = "/api/v1/search/stream"
NDJSON, EVENTS = "application/x-ndjson", "text/event-stream"
MAX_SECONDS = 600.0  # who reads slower than that is cut off: a stream holds its generation
_TAKEN = tuple(name for name in SEARCH if name not in ("k", "explain", "facets"))
_LIMIT = {
    "name": "limit", "in": "query", "required": False, "description": "How many hits at most.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MAX_HITS, "default": DEFAULT_HITS},
}  # fmt: skip
_LINES = {
    NDJSON: {"schema": {"type": "string"}, "example": examples.STREAM},
    EVENTS: {"schema": {"type": "string"}, "example": examples.EVENTS},
}


def router(service: Service) -> APIRouter:
    """`GET /api/v1/search/stream`."""
    api = APIRouter(tags=["search"])
    streams = Streams(service)

    @api.get(
        PATH,
        response_class=Response,
        responses={200: {"description": "The result, line by line.", "content": _LINES}, **problems(404)},
        openapi_extra={"parameters": [*query_parameters(_TAKEN), _LIMIT]},
        operation_id="stream_search",
    )
    async def stream(request: Request) -> Response:
        """Stream all that a search finds, best first.

        Every line is a JSON object with a `type`: first `meta`, then a `hit` for every hit, last `end`, or `error` with
        a problem; both bear the cursor to go on with. With `Accept: text/event-stream` the lines are events of these
        names.
        """
        limit = whole(request.query_params, "limit", DEFAULT_HITS)
        if not 1 <= limit <= MAX_HITS:
            raise QueryError(f"limit is {limit}", "", f"give a number from 1 to {MAX_HITS:,}")
        query = to_query(request.query_params, (*_TAKEN, "limit"))
        parts = streams.parts(query, limit, PATH)
        first = await anext(parts)
        as_events = EVENTS in request.headers.get("accept", "")
        lines = _lines(first, parts, _event if as_events else _line)
        return _Timed(lines, media_type=EVENTS if as_events else NDJSON, headers={"cache-control": "no-store"})

    return api


class _Timed(StreamingResponse):
    """A stream that ends after MAX_SECONDS, whether it is read or not."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with anyio.move_on_after(MAX_SECONDS):
            await super().__call__(scope, receive, send)


async def _lines(first: Part, rest: AsyncIterator[Part], form: Callable[[Part], bytes]) -> AsyncIterator[bytes]:
    try:
        yield form(first)
        async for part in rest:
            yield form(part)
    finally:
        await rest.aclose()  # type: ignore[attr-defined]


def _line(part: Part) -> bytes:
    return dump(part) + b"\n"


def _event(part: Part) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (part["type"].encode(), dump(part))
