"""Queries that wait for one another: what arrives while a batch is searched is the next batch.

usearch and numpy hold the interpreter lock, so another thread would only take turns with the event loop, five
milliseconds each (measured on the repeated mix: p95 68 ms with a thread, 24 without). A batch is therefore searched
in the event loop's own thread, and kept small: nobody waits longer for the loop than for eight searches. One query
alone waits for nobody. Equal queries that wait are searched once: after a publish, or when a popular answer's time is
over, many ask for the same.

A query has its timeout from when it came: the time that it waits is taken from what its search may take. What comes
while a batch is searched is seen only afterwards, and is taken to have come when that batch began.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import Scope

from workbench.errors import ServiceError, WorkbenchError
from workbench.http_api.searching.admission import MAX_PENDING, Admission
from workbench.model import Query, SearchResult

Answer = SearchResult | WorkbenchError
SearchMany = Callable[[Sequence[Query]], Sequence[Answer]]
Gone = Callable[[], bool]
GONE = "gone"
"""What the server calls it in the state of a request's scope."""
MAX_BATCH = 8  # larger ones are hardly cheaper per query
DEFAULT_PATIENCE = 1.0  # seconds, of a query without a timeout


@dataclass(slots=True, eq=False)
class _Waiting:
    """One who waits for an answer, until `deadline`. `gone` says that nobody would hear it."""

    future: asyncio.Future[SearchResult]
    came: float
    deadline: float
    gone: Gone | None

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Batcher:
    """Gathers the searches of one event loop. `search_many` answers a list of queries."""

    def __init__(
        self,
        search_many: SearchMany,
        *,
        max_batch: int = MAX_BATCH,
        max_pending: int = MAX_PENDING,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.admission = Admission(max_pending)
        self._search_many = search_many
        self._max_batch = max_batch
        self._clock = clock
        self._waiting: OrderedDict[Query, list[_Waiting]] = OrderedDict()
        self._due = False
        self._since = 0.0  # when the searches began that are measured next
        self._heard = 0.0  # what is seen now has come after this

    @property
    def depth(self) -> int:
        """How many searches wait."""
        return len(self._waiting)

    async def search(self, query: Query, gone: Gone | None = None) -> SearchResult:
        """The answer to one query. It is not searched if `gone` says, when its turn comes, that nobody waits for it.

        Raises:
            OverloadedError: It could not be answered within its timeout.
            WorkbenchError: What the search raises for this query; others of its batch are not touched.
        """
        loop = asyncio.get_running_loop()
        now = self._clock()
        if not self._due:
            self._heard = self._since = now
        patience = DEFAULT_PATIENCE if query.timeout_ms is None else query.timeout_ms / 1000
        others = self._waiting.get(query)
        if others is None:
            if patience > 0.0:  # else the search itself refuses it
                self._admit(patience - (now - self._heard))
            others = self._waiting[query] = []
        waiting = _Waiting(loop.create_future(), self._heard, self._heard + patience, gone)
        others.append(waiting)
        if not self._due:
            self._due = True
            loop.call_soon(self._run)  # after everything that has arrived by now
        return await waiting.future

    def _admit(self, patience: float) -> None:
        before = len(self._waiting)
        self.admission.admit(before, patience, behind=min(before, self._max_batch))

    def _run(self) -> None:
        self._heard = self._clock()
        batch = self._next_batch()
        if batch:
            self._answer(batch)
            now = self._clock()
            self.admission.measured(len(batch), now - self._since)
            self._since = now
        self._due = bool(self._waiting)
        if self._due:
            # Not at once: what has arrived meanwhile is read in the next round of the loop, and asks in the one after.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._run)

    def _next_batch(self) -> list[tuple[Query, list[_Waiting]]]:
        """Up to `max_batch` queries that somebody still waits for, with what is left of their time."""
        now = self._clock()
        searched = now + min(self._max_batch, len(self._waiting)) * self.admission.seconds
        batch: list[tuple[Query, list[_Waiting]]] = []
        while self._waiting and len(batch) < self._max_batch:
            query, waiting = self._waiting.popitem(last=False)
            waiting = [one for one in waiting if self._can_be_answered(one, now, searched)]
            if waiting:
                batch.append((_hurried(query, min(waiting, key=lambda one: one.deadline), now), waiting))
        return batch

    def _can_be_answered(self, one: _Waiting, now: float, searched: float) -> bool:
        """Whether somebody waits who can wait until `searched`. Who has just come is searched for in any case."""
        if one.future.done():  # gave up
            return False
        has_waited = now - one.came > self.admission.seconds
        if one.gone is not None and one.gone():
            one.fail(ServiceError("the client has gone"))
        elif has_waited and one.came < one.deadline < searched:
            one.fail(self.admission.overloaded(self.depth, "the time of this search was over before its turn came"))
        return not one.future.done()

    def _answer(self, batch: list[tuple[Query, list[_Waiting]]]) -> None:
        try:
            answers: Sequence[Answer | Exception] = self._search_many([query for query, _ in batch])
        except Exception as error:  # noqa: BLE001  (reaches everyone who waits for it)
            answers = [error] * len(batch)
        for (_, waiting), answer in zip(batch, answers, strict=True):
            for one in waiting:
                if not isinstance(answer, SearchResult):
                    one.fail(answer)
                elif not one.future.done():
                    one.future.set_result(answer)


def _hurried(query: Query, first: _Waiting, now: float) -> Query:
    """The query with as much time as the most urgent of those who wait for it has left."""
    return query if first.deadline <= now else replace(query, timeout_ms=(first.deadline - now) * 1000)


def gone_of(scope: Scope) -> Gone | None:
    """What says whether the client of a request has gone; None where the server does not tell."""
    state: dict[str, Any] = scope.get("state") or {}
    return state.get(GONE)
