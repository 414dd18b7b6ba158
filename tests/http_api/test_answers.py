from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from workbench.http_api.caching.answers import Answers
from workbench.http_api.caching.caches import Caches
from workbench.http_api.options import ServiceOptions
from workbench.http_api.searching.batching import Batcher
from workbench.model import Query, SearchResult
from workbench.search.store_caches import FOLDER, StoreCaches

KEY = ("3.0", b"q=bread")


def test_an_answer_is_given_again_byte_for_byte_for_its_version_only() -> None:
    answers = Answers()
    answers.put(KEY, b"loaf")
    assert answers.get_local(KEY) == b"loaf"
    assert answers.get_local(("4.0", b"q=bread")) is None
    assert asyncio.run(answers.get(("4.0", b"q=bread"))) is None


def test_what_was_searched_last_is_remembered_newest_first_and_forgotten_with_the_answers() -> None:
    answers = Answers()
    for asked in (b"q=a", b"q=b", b"q=a", b"q=" + b"long" * 1000):
        answers.put(("1.0", asked), b"found")
    assert answers.recent(10) == [b"q=a", b"q=b"]
    assert answers.recent(1) == [b"q=a"]
    assert answers.clear() == 3
    assert answers.recent(10) == []


def test_no_more_than_a_thousand_queries_are_remembered() -> None:
    answers = Answers()
    for number in range(1_200):
        answers.put(("1.0", b"q=%d" % number), b"found")
    assert len(answers.recent(2_000)) == 1_000
    assert answers.recent(1) == [b"q=1199"]


def test_equal_queries_that_wait_are_searched_once() -> None:
    searched: list[str] = []

    def search_many(queries: list[Query]) -> list[SearchResult]:
        searched.extend(query.text for query in queries)
        return [SearchResult(query, (), 1, {}, {}, 0) for query in queries]

    async def use() -> None:
        batcher = Batcher(search_many, max_batch=2)
        texts = ["bread", "soup", "bread", "tea", "bread", "tea"]
        found = await asyncio.gather(*(batcher.search(Query(text)) for text in texts))
        assert [one.query.text for one in found] == texts
        gone = asyncio.ensure_future(batcher.search(Query("bread")))
        stays = asyncio.ensure_future(batcher.search(Query("bread")))
        await asyncio.sleep(0)
        gone.cancel()
        assert (await stays).query.text == "bread"  # who gives up takes nobody along

    asyncio.run(use())
    assert searched == ["bread", "soup", "tea", "bread"]


def test_a_clear_reaches_the_other_workers_of_the_store(tmp_path: Path) -> None:
    async def use() -> None:
        one, other = Caches(ServiceOptions(tmp_path)), Caches(ServiceOptions(tmp_path))
        for caches in (one, other):
            await caches.start()
            assert caches.answers is not None
            caches.answers.put(KEY, b"loaf")
        done = await one.clear("answers")
        assert (done.local, done.shared, done.everywhere) == (1, None, True)
        one.answers.put(KEY, b"new loaf")
        for _ in range(200):
            if other.answers.get_local(KEY) is None:
                break
            await asyncio.sleep(0.02)
        assert other.answers.get_local(KEY) is None
        await asyncio.sleep(0.6)  # it does not take its own clear for another's
        assert one.answers.get_local(KEY) == b"new loaf"
        await one.stop()
        await other.stop()

    asyncio.run(use())


def test_every_clear_is_seen_and_nobody_sees_one_that_was_not(tmp_path: Path) -> None:
    mine, theirs = StoreCaches(tmp_path), StoreCaches(tmp_path)
    before = theirs.cleared("answers")
    assert theirs.cleared("answers") == before
    for _ in range(3):
        assert mine.clear("answers")
        assert theirs.cleared("answers") != before
        before = theirs.cleared("answers")
    assert theirs.cleared("vectors") == 0


def test_a_store_keeps_its_name_and_a_copy_has_another(tmp_path: Path) -> None:
    store, copy = tmp_path / "store", tmp_path / "copy"
    store.mkdir()
    name = StoreCaches(store).identity()
    assert StoreCaches(store).identity() == name
    (copy / FOLDER).mkdir(parents=True)
    (copy / FOLDER / "identity").write_bytes((store / FOLDER / "identity").read_bytes())
    assert StoreCaches(copy).identity() != name
    assert sorted(path.name for path in (store / FOLDER).iterdir()) == ["identity"]


def test_where_a_store_cannot_be_written_to_a_clear_says_that_it_reaches_this_worker_only(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")  # works for root too, whom permissions do not stop
    caches = StoreCaches(tmp_path)
    assert not caches.clear("answers")
    assert caches.identity() != caches.identity()  # of no use to anybody else, so nobody is misled


@pytest.mark.parametrize("cached", [True, False])
def test_without_answers_there_are_still_vectors(tmp_path: Path, cached: bool) -> None:
    caches = Caches(ServiceOptions(tmp_path, cached=cached))
    assert set(caches.statistics()) == ({"answers", "vectors"} if cached else {"vectors"})
