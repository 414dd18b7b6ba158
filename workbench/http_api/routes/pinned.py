"""Reading routes: one generation for the whole of a request, and an answer that is not sent twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from workbench.http_api.service import Service
from workbench.http_api.wire.encoding import dump
from workbench.http_api.wire.etags import etag, matches
from workbench.record import Database
from workbench.workspace import Workbench


@dataclass(frozen=True, slots=True)
class Pinned:
    """A generation that stays open until the answer is sent, and the tag of that answer."""

    memory: Workbench
    etag: str

    @property
    def catalog(self) -> Database:
        """Its conversations, messages and artifacts; every reader takes a cursor of its own."""
        return self.memory.snapshot.catalog

    def answer(self, value: Any) -> Response:
        """`value` as JSON."""
        return Response(dump(value), media_type="application/json", headers=_headers(self.etag))


def pinned(service: Service, kind: str) -> Callable[[Request], AsyncIterator[Pinned]]:
    """A dependency for routes that read. Who has the answer already gets a 304. `kind` is as in `Service.reading`."""

    async def dependency(request: Request) -> AsyncIterator[Pinned]:
        target = f"{request.url.path}?{request.url.query}".encode()
        tag = etag(service.version, service.memory.snapshot.manifest.created_at, target)
        if matches(request.headers.get("if-none-match", ""), tag):
            raise HTTPException(304, headers=_headers(tag))
        with service.reading(kind) as memory:
            yield Pinned(memory, tag)

    return dependency


def _headers(tag: str) -> dict[str, str]:
    return {"etag": tag, "cache-control": "private, no-cache"}
