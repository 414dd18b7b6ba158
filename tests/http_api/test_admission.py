"""Who is let into the queue, and what happens to those who wait in it."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Sequence

import pytest

from workbench.errors import OverloadedError, ServiceError, WorkbenchError
from workbench.http_api.searching.admission import Admission
from workbench.http_api.searching.batching import Batcher
from workbench.model import Query, SearchResult


class SlowSearch:
    """Searches that take so many seconds each, on a clock of their own; remembers what was searched."""

    def __init__(self, seconds: float) -> None:
        self.now = 100.0
        self.seconds = seconds
        self.searched: list[Query] = []

    def clock(self) -> float:
        return self.now

    def __call__(self, queries: Sequence[Query]) -> list[SearchResult | WorkbenchError]:
        self.now += self.seconds * len(queries)
        self.searched.extend(queries)
        return [SearchResult(query, (), 1, {}, {}, 0) for query in queries]

    def batcher(self, *, max_batch: int = 4, max_pending: int = 1_000) -> Batcher:
        return Batcher(self, max_batch=max_batch, max_pending=max_pending, clock=self.clock)


async def all_of(batcher: Batcher, queries: Sequence[Query]) -> list[SearchResult | BaseException]:
    return await asyncio.gather(*(batcher.search(query) for query in queries), return_exceptions=True)


def numbered(count: int, timeout_ms: float | None = 1_000.0) -> list[Query]:
    return [Query(str(number), timeout_ms=timeout_ms) for number in range(count)]


def test_the_time_that_a_query_waits_is_taken_from_its_timeout() -> None:
    search = SlowSearch(0.05)
    asyncio.run(all_of(search.batcher(max_batch=2), numbered(6)))
    assert [round(query.timeout_ms or 0) for query in search.searched] == [1000, 1000, 900, 900, 800, 800]


def test_a_query_without_a_timeout_waits_a_second_in_all() -> None:
    search = SlowSearch(0.05)
    asyncio.run(all_of(search.batcher(max_batch=2), numbered(4, None)))
    assert [round(query.timeout_ms or 0) for query in search.searched] == [1000, 1000, 900, 900]


def test_who_could_not_be_answered_in_time_is_refused_at_once() -> None:
    search = SlowSearch(0.1)

    async def run() -> list[SearchResult | BaseException]:
        batcher = search.batcher()
        await all_of(batcher, numbered(200, 60_000.0))  # now it is known what a search takes
        assert batcher.admission.seconds == pytest.approx(0.1, rel=0.05)
        return await all_of(batcher, numbered(50))

    answers = asyncio.run(run())
    refused = [answer for answer in answers if isinstance(answer, OverloadedError)]
    assert 44 <= len(refused) <= 47  # eight searches fit into 0.8 s, of which the last four are answered together
    assert all(isinstance(answer, SearchResult) for answer in answers[:3])
    assert refused[0].retry_after == 1
    assert len(search.searched) == 250 - len(refused)


def test_what_waits_longer_must_be_tried_again_later() -> None:
    admission = Admission()
    admission.measured(1_000, 200.0)
    with pytest.raises(OverloadedError, match="40 searches wait") as raised:
        admission.admit(40, 1.0)
    assert raised.value.retry_after == 8
    assert pickle.loads(pickle.dumps(raised.value)).retry_after == 8


def test_where_nobody_waits_everybody_is_let_in_however_slow_it_is() -> None:
    admission = Admission()
    admission.measured(1_000, 9_000.0)
    admission.admit(0, 0.001)


def test_one_slow_search_among_many_does_not_close_the_door() -> None:
    admission = Admission()
    for _ in range(100):
        admission.measured(8, 0.016)
    admission.measured(1, 1.0)
    admission.admit(30, 1.0)


def test_no_more_wait_than_may() -> None:
    search = SlowSearch(0.000_001)
    answers = asyncio.run(all_of(search.batcher(max_pending=10), numbered(30)))
    assert sum(isinstance(answer, OverloadedError) for answer in answers) == 20


def test_equal_queries_take_one_place_and_one_search() -> None:
    search = SlowSearch(0.001)
    answers = asyncio.run(all_of(search.batcher(max_pending=1), [Query("same", timeout_ms=500.0)] * 30))
    assert len(search.searched) == 1
    assert all(isinstance(answer, SearchResult) for answer in answers)


def test_who_came_first_decides_how_long_an_equal_query_may_take() -> None:
    search = SlowSearch(0.05)

    async def run() -> None:
        batcher = search.batcher(max_batch=1)
        first = [asyncio.create_task(batcher.search(query)) for query in numbered(3)]
        await asyncio.sleep(0)  # the first has been searched when this goes on: 0.05 s are over
        late = asyncio.create_task(batcher.search(Query("2", timeout_ms=1_000.0)))
        await asyncio.gather(*first, late)

    asyncio.run(run())
    assert [round(query.timeout_ms or 0) for query in search.searched] == [1000, 950, 900]


def test_a_query_whose_time_is_over_before_its_turn_is_refused_and_not_searched() -> None:
    search = SlowSearch(2.0)  # as yet unknown to the batcher, which lets both in
    answers = asyncio.run(all_of(search.batcher(max_batch=1), numbered(2)))
    assert isinstance(answers[0], SearchResult)
    assert isinstance(answers[1], OverloadedError)
    assert [query.text for query in search.searched] == ["0"]


def test_a_query_whose_client_has_gone_is_not_searched() -> None:
    search = SlowSearch(0.001)

    async def run() -> list[SearchResult | BaseException]:
        batcher = search.batcher()
        asked = [batcher.search(Query("gone"), lambda: True), batcher.search(Query("here"), lambda: False)]
        return await asyncio.gather(*asked, return_exceptions=True)

    gone, here = asyncio.run(run())
    assert isinstance(gone, ServiceError)
    assert isinstance(here, SearchResult)
    assert [query.text for query in search.searched] == ["here"]


def test_a_timeout_that_means_nothing_is_left_to_the_search_to_refuse() -> None:
    search = SlowSearch(0.001)
    asyncio.run(all_of(search.batcher(), [Query("first"), Query("second", timeout_ms=-5.0)]))
    assert search.searched[1].timeout_ms == -5.0


def test_what_the_loop_does_between_searches_counts_as_their_time() -> None:
    search = SlowSearch(0.001)

    async def run() -> float:
        batcher = search.batcher(max_batch=1)

        async def busy() -> None:
            await asyncio.sleep(0)  # all of them have come
            while batcher.depth:
                search.now += 0.009
                await asyncio.sleep(0)

        await asyncio.gather(all_of(batcher, numbered(300, 60_000.0)), busy())
        return batcher.admission.seconds

    assert asyncio.run(run()) == pytest.approx(0.001 + 2 * 0.009, rel=0.1)  # two rounds of the loop a batch
