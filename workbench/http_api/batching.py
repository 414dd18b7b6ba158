"""Queries that wait for one another: what arrives while a batch is searched is the next batch.

usearch and numpy hold the interpreter lock, so threads would only take turns; searched together, queries share the
embedding, the walk through the graph and the scoring. One query alone waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from workbench.errors import WorkbenchError
from workbench.model import Query, SearchResult

Answer = SearchResult | WorkbenchError
SearchMany = Callable[[Sequence[Query]], Sequence[Answer]]
MAX_BATCH = 16  # larger ones are hardly cheaper per query, and the first of them waits for the last


class Batcher:
    """Runs searches in one thread of its own, so that the event loop goes on answering.

    `search_many` answers a list of queries; it is never called twice at once.
    """

    def __init__(self, search_many: SearchMany, *, max_batch: int = MAX_BATCH) -> None:
        self._search_many = search_many
        self._max_batch = max_batch
        self._waiting: deque[tuple[Query, asyncio.Future[SearchResult]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="search")
        self._running = False

    async def search(self, query: Query) -> SearchResult:
        """The answer to one query.

        Raises:
            WorkbenchError: What the search raises for this query; others of its batch are not touched.
        """
        future: asyncio.Future[SearchResult] = asyncio.get_running_loop().create_future()
        self._waiting.append((query, future))
        if not self._running:
            self._start()
        return await future

    def close(self) -> None:
        """Let the batch that is running end, and take no more."""
        self._thread.shutdown(wait=True)

    def _start(self) -> None:
        self._running = True
        batch = [self._waiting.popleft() for _ in range(min(self._max_batch, len(self._waiting)))]
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._search_many, [one for one, _ in batch])
        work.add_done_callback(lambda done: self._finish(batch, done))

    def _finish(
        self, batch: list[tuple[Query, asyncio.Future[SearchResult]]], done: asyncio.Future[Sequence[Answer]]
    ) -> None:
        self._running = False
        if self._waiting:
            self._start()  # before the answers are sent: the next batch is searched meanwhile
        failure = done.exception()
        answers = [failure] * len(batch) if failure else done.result()
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():  # whoever asked is gone
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            elif answer is not None:
                future.set_result(answer)
