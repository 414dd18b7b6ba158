from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from workbench.errors import QueryError, WorkbenchError
from workbench.http_api.batching import Batcher
from workbench.model import Query, SearchResult


def answer(query: Query) -> SearchResult:
    return SearchResult(query, (), 1, {}, {}, 0)


class Recorder:
    """Answers after `gate` opens, and remembers the batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate = threading.Event()

    def __call__(self, queries: Sequence[Query]) -> list[SearchResult | WorkbenchError]:
        self.batches.append([query.text for query in queries])
        assert self.gate.wait(5)
        return [QueryError("bad", "", "") if query.text == "bad" else answer(query) for query in queries]


def test_what_arrives_during_a_search_is_the_next_batch() -> None:
    recorder = Recorder()

    async def run() -> list[SearchResult]:
        batcher = Batcher(recorder, max_batch=4)
        asked = [asyncio.create_task(batcher.search(Query(str(number)))) for number in range(8)]
        await asyncio.sleep(0.05)
        recorder.gate.set()
        found = await asyncio.gather(*asked)
        batcher.close()
        return found

    found = asyncio.run(run())
    assert [result.query.text for result in found] == [str(number) for number in range(8)]
    assert recorder.batches == [["0"], ["1", "2", "3", "4"], ["5", "6", "7"]]


def test_one_bad_query_fails_alone() -> None:
    recorder = Recorder()
    recorder.gate.set()

    async def run() -> list[object]:
        batcher = Batcher(recorder)
        asked = [batcher.search(Query(text)) for text in ("good", "bad", "fine")]
        return await asyncio.gather(*asked, return_exceptions=True)  # type: ignore[return-value]

    found = asyncio.run(run())
    assert isinstance(found[1], QueryError)
    assert isinstance(found[0], SearchResult)
    assert isinstance(found[2], SearchResult)


def test_a_failure_of_the_search_reaches_everyone_who_waits() -> None:
    def fail(_: Sequence[Query]) -> list[SearchResult | WorkbenchError]:
        raise RuntimeError("the index is gone")

    async def run() -> None:
        batcher = Batcher(fail)
        with pytest.raises(RuntimeError, match="gone"):
            await batcher.search(Query("x"))
        with pytest.raises(RuntimeError, match="gone"):
            await batcher.search(Query("y"))

    asyncio.run(run())


def test_who_gives_up_waiting_does_not_disturb_the_others() -> None:
    recorder = Recorder()

    async def run() -> SearchResult:
        batcher = Batcher(recorder)
        first = asyncio.create_task(batcher.search(Query("first")))
        gone = asyncio.create_task(batcher.search(Query("gone")))
        stays = asyncio.create_task(batcher.search(Query("stays")))
        await asyncio.sleep(0.02)
        gone.cancel()
        recorder.gate.set()
        await first
        return await stays

    assert asyncio.run(run()).query.text == "stays"
