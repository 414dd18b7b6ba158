"""`GET /search/rag`, answered before FastAPI sees the request.

An answer out of the cache takes so little that routing and middleware would be most of it.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import QueryParams
from starlette.types import Send

from workbench.errors import WorkbenchError
from workbench.http_api.encoding import dump, problem
from workbench.http_api.parameters import to_query
from workbench.http_api.service import Service
from workbench.model import SearchResult

PATH = "/search/rag"
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", b"application/problem+json")
_HIT, _MISS = (b"x-cache", b"hit"), (b"x-cache", b"miss")
Header = tuple[bytes, bytes]


class SearchRoute:
    """Answers searches from the cache, or by searching."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, parameters: bytes, send: Send) -> None:
        """Answer the request with this query string. Answers are kept under it and the version."""
        answers = self._service.answers
        key = (self._service.version, parameters)
        kept = answers.get(key) if answers else None
        if kept is not None:
            await _send(send, 200, kept, _JSON, _HIT)
            return
        try:
            result = await self._service.search(to_query(QueryParams(parameters)))
        except WorkbenchError as error:
            status, body = problem(error)
            await _send(send, status, body, _PROBLEM)
            return
        body = dump(answer(result))
        if answers and not result.partial:
            answers.put(key, body)
        spent = ", ".join(f"{stage};dur={ms:.2f}" for stage, ms in result.timings_ms.items())
        await _send(send, 200, body, _JSON, _MISS, (b"server-timing", spent.encode()))


async def _send(send: Send, status: int, body: bytes, *headers: Header) -> None:
    head = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def answer(result: SearchResult) -> dict[str, Any]:
    """What is sent of a result."""
    sent: dict[str, Any] = {
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
        sent["facets"] = {facet: dict(counts) for facet, counts in result.facets.items()}
    if result.query.explain:
        sent |= {"plan": result.plan, "timings_ms": result.timings_ms, "batch": result.batch}
    return sent
