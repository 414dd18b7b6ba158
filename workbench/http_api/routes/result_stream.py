"""A long result as a stream: every page is a search of its own, so that nobody else waits longer for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool

from workbench.errors import OverloadedError, QueryError, WorkbenchError
from workbench.http_api.service import Service
from workbench.http_api.wire.problems import problem_values
from workbench.model import Query, SearchResult
from workbench.workspace import Workbench

PAGE = 100
DEFAULT_HITS = 1_000
MAX_HITS = 20_000
MAX_STREAMS = 16  # of one worker: each holds its generation

Part = dict[str, Any]
"""A line: its `type` is meta (first), hit, end (last) or error (last)."""


class Streams:
    """Streams results of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._open = 0

    async def parts(self, query: Query, limit: int, endpoint: str) -> AsyncIterator[Part]:
        """Up to `limit` hits of `query`, all from the generation that the first page comes from.

        An error after the first part is a part; before it, it is raised.

        Raises:
            OverloadedError: There are as many streams as may be.
            WorkbenchError: The query cannot be answered.
        """
        with self._counted(), self._service.reading("stream") as memory:
            query = replace(query, k=min(PAGE, limit))
            page = await self._page(memory, query, endpoint)
            yield {"type": "meta", "generation": page.generation, "match": page.match, "notes": page.notes}
            pages = hits = 0
            while True:
                pages += 1
                hits += len(page.hits)
                for hit in page.hits:
                    yield {"type": "hit", "hit": hit}
                if page.cursor is None or hits >= limit:
                    yield {"type": "end", "hits": hits, "pages": pages, "cursor": page.cursor, "partial": page.partial}
                    return
                query = replace(query, k=min(PAGE, limit - hits), cursor=page.cursor)
                try:
                    page = await self._page(memory, query, endpoint)
                except WorkbenchError as error:
                    yield {"type": "error", "problem": problem_values(error), "hits": hits, "cursor": query.cursor}
                    return

    async def _page(self, memory: Workbench, query: Query, endpoint: str) -> SearchResult:
        """A page of the generation that `memory` holds, also when another has taken its place meanwhile."""
        if self._service.memory is memory:
            try:
                return await self._service.search(query, endpoint=endpoint)
            except QueryError:  # a cursor fits one generation only
                if self._service.memory is memory:
                    raise
        return await run_in_threadpool(memory.engine.search, query)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._open >= MAX_STREAMS:
            raise OverloadedError(f"{self._open} results are being streamed", "", "try again later, or ask for pages")
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
