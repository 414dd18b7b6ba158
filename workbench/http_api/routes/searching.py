"""`GET /search/rag`, answered before FastAPI sees the request.

An answer out of the cache takes so little that routing and middleware would be most of it.
"""

from __future__ import annotations

import time
from typing import Any

from starlette.datastructures import QueryParams
from starlette.types import Scope, Send

from workbench.errors import WorkbenchError
from workbench.http_api.caching.answers import Key
from workbench.http_api.searching.batching import Gone, gone_of
from workbench.http_api.service import Service
from workbench.http_api.wire.encoding import dump
from workbench.http_api.wire.etags import etag, matches
from workbench.http_api.wire.examples import SEARCH
from workbench.http_api.wire.openapi import problems
from workbench.http_api.wire.parameters import to_query
from workbench.http_api.wire.problems import MEDIA_TYPE, headers_of, problem
from workbench.http_api.wire.search_documents import query_parameters
from workbench.model import SearchResult
from workbench.monitor import ALL

PATH = "/search/rag"
_JSON = (b"content-type", b"application/json")
_PROBLEM = (b"content-type", MEDIA_TYPE.encode())
_REVALIDATE = (b"cache-control", b"private, no-cache")
_TARGET = PATH.encode() + b"?"
_HIT, _MISS = (b"x-cache", b"hit"), (b"x-cache", b"miss")
Header = tuple[bytes, bytes]


class SearchRoute:
    """Answers searches from the cache, or by searching."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answer the request. Answers are kept under its query string and the version."""
        begun = time.perf_counter()
        answers, parameters = self._service.answers, scope["query_string"]
        key = (self._service.version, parameters)
        made = self._service.memory.snapshot.manifest.created_at
        tag = etag(key[0], made, _TARGET + parameters, dated=True)
        tagged = ((b"etag", tag.encode()), _REVALIDATE)
        known = _if_none_match(scope)
        if known and matches(known, tag):
            await _send(send, 304, b"", *tagged)
            return
        kept = answers and (answers.get_local(key) or await answers.get(key))
        if kept:
            assistant = self._assistant(parameters) if b"assistant=" in parameters else ALL
            self._service.observer.answered_from_cache(time.perf_counter() - begun, PATH, assistant)
            await _send(send, 200, kept, _JSON, _HIT, *tagged)
            return
        try:
            body, result = await search(self._service, key, gone_of(scope))
        except WorkbenchError as error:
            status, body = problem(error)
            more = ((name.encode(), value.encode()) for name, value in headers_of(error).items())
            await _send(send, status, body, _PROBLEM, *more)
            return
        spent = ", ".join(f"{stage};dur={ms:.2f}" for stage, ms in result.timings_ms.items())
        told = () if result.partial else tagged  # asked again there may be more
        await _send(send, 200, body, _JSON, _MISS, (b"server-timing", spent.encode()), *told)

    def _assistant(self, parameters: bytes) -> str:
        return self._service.observer.assistant_label(QueryParams(parameters).getlist("assistant"))


def _if_none_match(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            return str(value, "latin-1")
    return ""


async def search(service: Service, key: Key, gone: Gone | None = None) -> tuple[bytes, SearchResult]:
    """The answer to the query string in `key`, searched for and kept; `gone` is as in `Service.search`.

    Raises:
        WorkbenchError: It cannot be answered.
    """
    result = await service.search(to_query(QueryParams(key[1])), gone, endpoint=PATH)
    body = dump(answer(result))
    if service.answers and not result.partial:
        service.answers.put(key, body)
    return body, result


async def _send(send: Send, status: int, body: bytes, *headers: Header) -> None:
    head = [*headers, (b"content-length", b"%d" % len(body))] if status != 304 else list(headers)
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


_NOT_FOUND = {str(status): told for status, told in problems(404).items()}


def operation() -> dict[str, Any]:
    """What the API's description says of this route."""
    schema = {"$ref": "#/components/schemas/SearchAnswer"}
    content = {"application/json": {"schema": schema, "example": SEARCH}}
    return {
        "tags": ["search"],
        "summary": "Search",
        "description": "Find the messages that best answer a query, by words and by meaning.",
        "operationId": "search",
        "parameters": query_parameters(),
        "responses": {"200": {"description": "The best messages.", "content": content}, **_NOT_FOUND},
    }


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
