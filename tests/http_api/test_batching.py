from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from workbench.errors import QueryError, WorkbenchError
from workbench.http_api.searching.batching import Batcher
from workbench.model import Query, SearchResult


def answer(query: Query) -> SearchResult:
    return SearchResult(query, (), 1, {}, {}, 0)


class Recorder:
    """Answers everything but "bad", and remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, queries: Sequence[Query]) -> list[SearchResult | WorkbenchError]:
        self.batches.append([query.text for query in queries])
        return [QueryError("bad", "", "") if query.text == "bad" else answer(query) for query in queries]


def test_what_arrives_together_is_searched_together_in_batches_that_are_not_too_large() -> None:
    recorder = Recorder()

    async def run() -> list[SearchResult]:
        batcher = Batcher(recorder, max_batch=4)
        return await asyncio.gather(*(batcher.search(Query(str(number))) for number in range(10)))

    found = asyncio.run(run())
    assert [result.query.text for result in found] == [str(number) for number in range(10)]
    assert recorder.batches == [["0", "1", "2", "3"], ["4", "5", "6", "7"], ["8", "9"]]


def test_the_loop_goes_on_between_batches() -> None:
    recorder = Recorder()
    between: list[int] = []

    async def watch() -> None:
        while len(recorder.batches) < 3:
            between.append(len(recorder.batches))
            await asyncio.sleep(0)

    async def run() -> None:
        batcher = Batcher(recorder, max_batch=1)
        await asyncio.gather(*(batcher.search(Query(str(number))) for number in range(3)), watch())

    asyncio.run(run())
    assert {1, 2} <= set(between)


def test_one_query_alone_does_not_wait_for_others() -> None:
    recorder = Recorder()
    asyncio.run(Batcher(recorder).search(Query("alone")))
    assert recorder.batches == [["alone"]]


def test_one_bad_query_fails_alone() -> None:
    async def run() -> list[object]:
        batcher = Batcher(Recorder())
        asked = [batcher.search(Query(text)) for text in ("good", "bad", "fine")]
        return await asyncio.gather(*asked, return_exceptions=True)  # type: ignore[return-value]

    good, bad, fine = asyncio.run(run())
    assert isinstance(bad, QueryError)
    assert isinstance(good, SearchResult)
    assert isinstance(fine, SearchResult)


def test_a_failure_of_the_search_reaches_everyone_who_waits_and_nobody_after() -> None:
    failures = [RuntimeError("the index is gone")]

    def search_many(queries: Sequence[Query]) -> list[SearchResult | WorkbenchError]:
        if failures:
            raise failures.pop()
        return [answer(query) for query in queries]

    async def run() -> None:
        batcher = Batcher(search_many)
        both = await asyncio.gather(batcher.search(Query("x")), batcher.search(Query("y")), return_exceptions=True)
        assert [str(one) for one in both] == ["the index is gone"] * 2
        assert (await batcher.search(Query("z"))).query.text == "z"

    asyncio.run(run())


def test_who_gives_up_waiting_is_not_searched_for() -> None:
    recorder = Recorder()

    async def run() -> None:
        batcher = Batcher(recorder)
        gone = asyncio.create_task(batcher.search(Query("gone")))
        stays = asyncio.create_task(batcher.search(Query("stays")))
        await asyncio.sleep(0)
        gone.cancel()
        assert (await stays).query.text == "stays"
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(run())
    assert recorder.batches in ([["stays"]], [["gone", "stays"]])
