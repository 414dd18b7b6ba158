"""What was remembered is found at once, as it will be found once it is published."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from building import claude_export

from workbench.embedding import Embedder
from workbench.errors import QueryError
from workbench.model import Filters, NewMemory, Query, SearchResult, Selection
from workbench.search import SearchEngine
from workbench.settings import Settings
from workbench.snapshot import open_snapshot
from workbench.workspace import Workbench

MEMORIES = [
    NewMemory("The wifi password of the cabin is tulip-42", "fact", 1.0, ("home", "secret")),
    NewMemory("Ann likes rye bread, not wheat", "preference", 0.6, ("food",)),
    NewMemory("We decided to deploy with handler.py --no-verify on Fridays", "decision", 0.9, ("work",)),
    NewMemory("東京で寿司を食べるのが好き", "preference", 0.8, ("food", "travel")),
    NewMemory("Bo is allergic to peanuts", "fact", 0.95, ("food", "health")),
    NewMemory("See https://example.org/tram for the tram of Lisbon", "fact", 0.3, ("travel",)),
    NewMemory("The thesis is due in March", "deadline", 0.7),
    NewMemory("the compost bin stands behind the shed " + "and is turned every week " * 30, "fact", 0.5),
]
CHATS = {
    "bread": ["my rye bread is flat", "Proof it longer, rye is slow.", "thanks!"],
    "tram": ["which tram goes to Belem in Lisbon?", "Take the 15E; see https://example.org/carris"],
    "deploy": ["handler.py fails on deploy", "Pass --no-verify only if you must."],
}


@pytest.fixture(scope="module")
def conversations(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A store with a few conversations, published; not to be changed."""
    folder = tmp_path_factory.mktemp("conversations")
    with Workbench(Settings(store=folder / "store", cache=cache, ray="off")) as memory:
        memory.ingest(claude_export(folder / "chats.json", CHATS))
    return folder / "store"


@pytest.fixture
def chats(conversations: Path, tmp_path: Path, cache: Path) -> Iterator[Workbench]:
    """A store with a few conversations, published."""
    shutil.copytree(conversations, tmp_path / "store")
    with Workbench(Settings(store=tmp_path / "store", cache=cache, ray="off")) as memory:
        yield memory


@pytest.fixture
def remembering(chats: Workbench) -> Workbench:
    """The same store with MEMORIES in its tail."""
    chats.remember_many(MEMORIES)
    return chats


@pytest.fixture(scope="module")
def tailed(conversations: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Workbench]:
    """As `remembering`, for tests that change nothing."""
    store = tmp_path_factory.mktemp("tailed") / "store"
    shutil.copytree(conversations, store)
    with Workbench(Settings(store=store, cache=cache, ray="off")) as memory:
        memory.remember_many(MEMORIES)
        yield memory


@pytest.fixture(scope="module")
def published(tailed: Workbench, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[Workbench]:
    """What `tailed` becomes when it is published."""
    store = tmp_path_factory.mktemp("published") / "store"
    shutil.copytree(tailed.store, store)
    with Workbench(Settings(store=store, cache=cache, ray="off")) as memory:
        memory.rebuild()
        yield memory


def ids(result: SearchResult) -> list[str]:
    return [hit.message_id for hit in result]


@pytest.mark.parametrize("alpha", [0.3, 0.0, 1.0])
def test_every_memory_is_found_first_by_its_own_text_before_and_after_it_is_published(
    tailed: Workbench, published: Workbench, alpha: float
) -> None:
    for memory in (tailed, published):
        found = [memory.search(one.content[:200], alpha=alpha, plain=True).hits[0].message_id for one in MEMORIES]
        assert found == [one.id for one in MEMORIES]
    assert published.snapshot.manifest.counts["messages"] == tailed.snapshot.manifest.counts["messages"] + len(MEMORIES)


QUERIES = [
    Query("rye bread"),
    Query("lisbon tram", by_conversation=True),
    Query('"rye bread"'),
    Query("bread -wheat"),
    Query("bread -ann*"),
    Query("allerg*"),
    Query("handler.py"),
    Query("東京"),
    Query("compost", plain=True),
    Query("bread assistant:memory"),
    Query("bread -assistant:memory"),
    Query("category:preference"),
    Query("category:fact,deadline label:food"),
    Query("-label:food category:fact,preference"),
    Query("label:food,travel tram"),
    Query("role:user bread"),
    Query("has:link tram"),
    Query('in:"memories: fact" password'),
    Query("-has:link assistant:memory"),
    Query("after:2020 assistant:memory"),
    Query("before:2020-01-01 tram"),
    Query("tram", filters=Filters(min_confidence=0.5)),
    Query("food", filters=Filters(min_confidence=0.6, categories=("preference",))),
    Query("food", filters=Filters(excluded=Selection(categories=("fact",)))),
    Query("assistant:memory", filters=Filters(min_confidence=0.95)),
    Query("bread", filters=Filters(labels=("food",), also=(Filters(labels=("travel",)),))),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: f"{query.text} {query.filters.min_confidence or ''}")
def test_publishing_changes_neither_what_is_found_nor_what_is_counted(
    tailed: Workbench, published: Workbench, query: Query
) -> None:
    asked = replace(query, k=100, facets=True)
    before, after = tailed.engine.search(asked), published.engine.search(asked)
    assert (tailed.engine.view().tail is None, published.engine.view().tail is None) == (False, True)
    assert before.facets == after.facets
    if query.by_conversation:  # its best message may be another one: there are other messages to compare it with
        assert {hit.conversation_id for hit in before} == {hit.conversation_id for hit in after}
        return
    assert sorted(ids(before)) == sorted(ids(after))
    told = [
        {hit.message_id: (hit.category, hit.confidence, hit.labels, hit.created_at, hit.title) for hit in result}
        for result in (before, after)
    ]
    assert told[0] == told[1]


def test_a_hit_says_what_is_known_of_a_memory(tailed: Workbench) -> None:
    [hit] = tailed.search("peanuts", alpha=0)
    assert (hit.assistant, hit.category, hit.confidence, hit.labels) == ("memory", "fact", 0.95, ("food", "health"))
    assert hit.snippet[slice(*hit.highlights[0])] == "peanuts"
    assert (hit.title, hit.role, hit.position) == ("Memories: fact", "user", 0)
    chat = next(hit for hit in tailed.search("proof it longer") if hit.assistant == "claude")
    assert (chat.category, chat.confidence, chat.labels) == (None, None, ())


def test_memories_do_not_lift_each_other_as_turns_of_a_conversation_do(tailed: Workbench, published: Workbench) -> None:
    for memory in (tailed, published):
        found = [hit for hit in memory.search("wifi password peanuts compost") if hit.assistant == "memory"]
        assert found
        assert all(leg.contribution == 0 for hit in found for leg in hit.legs if leg.leg in ("thread", "brevity"))


def test_the_plan_says_how_many_memories_were_looked_at(tailed: Workbench) -> None:
    assert "1 of 8 new memories" in tailed.search("peanuts").plan["lexical"]
    assert "8 new memories" in tailed.search("peanuts").plan["vector"]


def test_another_reader_finds_it_at_once(chats: Workbench) -> None:
    with Workbench(chats.settings) as other:
        assert other.search("peanuts", alpha=0).hits == ()
        before = other.engine.version
        kept = chats.remember("Bo is allergic to peanuts")
        assert ids(other.search("peanuts"))[:1] == [kept.id]
        assert (before, other.engine.version) == ("1.0", "1.1")


def test_the_version_of_an_answer_is_that_of_the_engine(remembering: Workbench) -> None:
    assert remembering.search("peanuts").version == remembering.engine.version == "1.8"
    remembering.rebuild()
    assert remembering.search("peanuts").version == remembering.engine.version == "2.8"


def test_the_same_text_again_is_the_same_memory(chats: Workbench) -> None:
    first = chats.remember("Ann likes rye bread", category="preference", confidence=0.4, labels=["food"], source="a")
    again = chats.remember("Ann  likes\nrye bread ", category="preference", confidence=0.9, labels=["bread"])
    assert (again.id, again.created_at, again.content) == (first.id, first.created_at, first.content)
    assert (again.confidence, again.labels, again.sequence) == (0.9, ("bread",), 2)
    for _ in range(2):
        [hit] = chats.search("assistant:memory")
        assert (hit.message_id, hit.confidence, hit.labels) == (first.id, 0.9, ("bread",))
        assert hit.created_at == first.created_at
        assert ids(chats.search("label:bread")) == [first.id]
        assert ids(chats.search("rye label:bread", min_confidence=0.9)) == [first.id]
        with pytest.raises(QueryError, match="label"):
            Workbench(chats.settings).search("label:nothing")
        chats.rebuild()


def test_a_published_memory_that_is_remembered_again_has_its_new_labels_everywhere(remembering: Workbench) -> None:
    remembering.rebuild()
    remembering.remember("Ann likes rye bread, not wheat", category="preference", confidence=0.2, labels=["bakery"])
    asked = {
        "labelled": Query("bread label:bakery", facets=True),
        "no longer": Query("bread label:food", facets=True, k=50),
        "not so": Query("bread -label:bakery", facets=True, k=50),
        "sure": Query("bread", 50, filters=Filters(min_confidence=0.5), facets=True),
        "all": Query("bread", 50, facets=True),
        "no words": Query("category:preference", facets=True),
    }
    before = {name: remembering.engine.search(query) for name, query in asked.items()}
    assert remembering.engine.view().tail is not None
    [hit] = [hit for hit in before["all"] if hit.category == "preference" and "Ann" in hit.content]
    assert (hit.confidence, hit.labels) == (0.2, ("bakery",))
    assert ids(before["labelled"]) == [hit.message_id]
    assert hit.message_id not in ids(before["no longer"]) + ids(before["not so"]) + ids(before["sure"])
    assert before["all"].facets["label"] == [("bakery", 1)]
    remembering.rebuild()
    for name, query in asked.items():
        after = remembering.engine.search(query)
        assert sorted(ids(before[name])) == sorted(ids(after)), name
        assert before[name].facets == after.facets, name


def test_pages_fit_together_while_more_is_remembered(remembering: Workbench) -> None:
    query = Query("bread tram food wifi thesis", k=2)
    expected = [one for page in remembering.engine.pages(query) for one in ids(page)]
    found: list[str] = []
    for number, page in enumerate(remembering.engine.pages(query)):
        found += ids(page)
        remembering.remember(f"bread and tram and food, number {number}", confidence=0.1)
        remembering.remember(MEMORIES[1].content, category="preference", labels=["new"])
    assert found == expected
    assert remembering.search("bread and tram and food, number 0").hits[0].content.endswith("number 0")


def test_pages_of_before_anything_was_remembered_fit_together_too(chats: Workbench) -> None:
    query = Query("rye bread tram", k=1)
    expected = [one for page in chats.engine.pages(query) for one in ids(page)]
    cursor = chats.engine.search(query).cursor
    chats.remember("rye bread in the tram")
    rest = chats.engine.pages(replace(query, cursor=cursor))
    assert [one for page in rest for one in ids(page)] == expected[1:]


def test_a_cursor_of_another_generation_is_refused_after_a_publication(remembering: Workbench) -> None:
    cursor = remembering.search("bread", k=1).cursor
    remembering.rebuild()
    with pytest.raises(QueryError, match="generation"):
        remembering.search("bread", k=1, cursor=cursor)


def test_a_batch_may_mix_pages_of_different_moments(remembering: Workbench) -> None:
    first = Query("bread food", k=1)
    cursor = remembering.engine.search(first).cursor
    alone = remembering.engine.search(Query("bread food", k=1, cursor=cursor))
    remembering.remember("bread is food")
    now, later = remembering.engine.search_many([first, Query("bread food", k=1, cursor=cursor)])
    assert isinstance(now, SearchResult)
    assert isinstance(later, SearchResult)
    assert now.hits[0].content == "bread is food"
    assert ids(later) == ids(alone)


def test_an_old_reader_keeps_what_the_journal_no_longer_has(remembering: Workbench) -> None:
    with Workbench(remembering.settings) as old:
        assert old.search("peanuts", alpha=0).hits
        remembering.rebuild()
        late = remembering.remember("Cy plays the cello")
        assert old.snapshot.generation == 1
        assert ids(old.search("cello"))[:1] == [late.id]
        assert old.search("peanuts", alpha=0).hits


def test_a_reader_that_opened_the_old_generation_but_did_not_search_yet_finds_it_all(remembering: Workbench) -> None:
    with Workbench(remembering.settings) as old:
        assert old.snapshot.generation == 1
        remembering.rebuild()
        assert [old.search(one.content[:100], plain=True).hits[0].message_id for one in MEMORIES] == [
            one.id for one in MEMORIES
        ]


def test_the_journal_is_short_once_nobody_needs_it(remembering: Workbench) -> None:
    path = remembering.store / "journal.jsonl"
    before = path.stat().st_size
    remembering.refresh()
    remembering.rebuild()
    assert path.stat().st_size < 100 < before
    assert remembering.remember("next").sequence == len(MEMORIES) + 1


def test_all_snapshots_can_be_made_anew_from_the_record(remembering: Workbench) -> None:
    remembering.rebuild()
    before = [ids(remembering.engine.search(query)) for query in QUERIES]
    remembering.rebuild(anew=True)
    assert remembering.snapshot.generation == 3
    assert [ids(remembering.engine.search(query)) for query in QUERIES] == before


def test_a_rebuild_with_nothing_new_makes_no_generation(remembering: Workbench) -> None:
    assert remembering.rebuild().memories == len(MEMORIES)
    again = remembering.rebuild()
    assert (again.memories, again.rows_written, again.generation) == (0, 0, 2)


def test_vectors_ride_along_so_that_nothing_is_embedded_again(remembering: Workbench) -> None:
    assert remembering.rebuild().texts_embedded == 0


def test_a_reader_without_the_model_finds_memories_by_their_words(tailed: Workbench) -> None:
    with open_snapshot(tailed.store) as snapshot:
        engine = SearchEngine(snapshot, None, missing="it is not on this machine")
        assert engine.search(Query("peanuts")).hits[0].message_id == MEMORIES[4].id


def test_a_journal_without_vectors_is_embedded_by_who_reads_it(chats: Workbench, embedder: Embedder) -> None:
    from workbench.record import journal

    journal.append(chats.store, MEMORIES, model="another-model", vectors=[])
    assert chats.search("nuts that make somebody ill", alpha=1).hits[0].assistant == "memory"
    assert chats.rebuild().texts_embedded == len(MEMORIES)


def test_memories_are_found_by_their_time(chats: Workbench) -> None:
    chats.remember("Bo is allergic to peanuts")
    now = datetime.now(UTC)
    assert chats.search("peanuts", after=now - timedelta(minutes=5), alpha=0).hits
    assert not chats.search("peanuts", before=now - timedelta(minutes=5), alpha=0).hits


def test_messages_like_a_memory_and_memories_like_a_message(remembering: Workbench) -> None:
    bread = remembering.search("my rye bread is flat").hits[0]
    assert "memory" in {hit.assistant for hit in remembering.similar(bread.message_id, k=20)}
    like = remembering.similar(MEMORIES[1].id, k=20)
    assert MEMORIES[1].id not in ids(like)
    assert "bread" in like.hits[0].content


@pytest.fixture
def empty(tmp_path: Path, cache: Path) -> Iterator[Workbench]:
    with Workbench(Settings(store=tmp_path / "new", cache=cache, ray="off")) as memory:
        yield memory


def test_a_store_may_begin_with_a_memory(empty: Workbench) -> None:
    kept = empty.remember("Bo is allergic to peanuts")
    assert ids(empty.search("peanuts")) == [kept.id]
    second = empty.remember("The thesis is due in March")
    assert ids(empty.search("thesis"))[:1] == [second.id]
    assert empty.engine.version == "1.2"


def test_many_threads_may_remember_and_search_at_once(remembering: Workbench) -> None:
    engine = remembering.engine

    def work(name: int) -> None:
        for number in range(15):
            text = f"note {name}-{number} about quokkas"
            kept = remembering.remember(text)
            assert engine.search(Query(f'"{text}"')).hits[0].message_id == kept.id

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert len(engine.search(Query("quokkas", k=100, alpha=0))) == 60


def test_without_news_the_journal_is_only_looked_at(tailed: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    tailed.search("bread")
    monkeypatch.setattr(os, "pread", None)  # reading it would fail
    assert tailed.search("bread").hits
