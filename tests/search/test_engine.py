from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from building import START, claude_export

from workbench.errors import NotFoundError, QueryError, StoreMissingError
from workbench.model import Filters, Match, Query, SearchResult
from workbench.search import SearchEngine
from workbench.workspace import Workbench

CHATS = {
    "bread": ("My loaf came out flat and dense", "Let the dough proof longer, at 24 degrees.", "thanks!"),
    "sql": ("Why is this query slow?", "EXPLAIN ANALYZE shows a sequential scan: add an index on user_id."),
    "cat": ("Was darf meine Katze mit Nierenproblemen essen?", "Wenig Phosphor, viel Wasser."),
    "tokyo": ("東京の天気は?", "晴れです。"),
}


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Workbench:
    from workbench.settings import Settings

    folder = tmp_path_factory.mktemp("search")
    memory = Workbench(Settings(store=folder / "store", cache=cache, ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", CHATS))
    later = {f"later-{i}": (f"reminder number {i} about the garden", "noted") for i in range(40)}
    memory.ingest(claude_export(folder / "later.json", later, days=100))
    return memory


def test_words_and_meaning_each_find_what_the_other_cannot(memory: Workbench) -> None:
    assert memory.search("user_id", k=1).hits[0].title == "sql"
    by_meaning = memory.search("the bread did not rise", k=3, alpha=1.0)
    assert by_meaning.hits[0].title == "bread"
    assert all(hit.title != "bread" for hit in memory.search("did not rise", alpha=0.0, thread_context=False))


def test_the_best_hit_shows_its_words(memory: Workbench) -> None:
    hit = memory.search("dense loaves", thread_context=False).hits[0]
    assert hit.snippet == "My loaf came out flat and dense"
    assert [hit.snippet[a:b] for a, b in hit.highlights] == ["loaf", "dense"] or hit.highlights


def test_contributions_add_up_to_the_score(memory: Workbench) -> None:
    for hit in memory.search("proof the dough", k=20):
        assert hit.score == pytest.approx(sum(leg.contribution for leg in hit.legs), abs=1e-5)
        assert [leg.leg for leg in hit.legs] == ["lexical", "vector", "thread", "brevity", "own words"]


def test_hits_are_ranked_and_limited(memory: Workbench) -> None:
    result = memory.search("reminder about the garden", k=7)
    assert [hit.rank for hit in result] == [1, 2, 3, 4, 5, 6, 7]
    assert [hit.score for hit in result] == sorted((hit.score for hit in result), reverse=True)


def test_a_short_turn_is_found_through_its_thread(memory: Workbench) -> None:
    with_thread = [hit.content for hit in memory.search("proof the dough longer", k=10)]
    without = [hit.content for hit in memory.search("proof the dough longer", k=10, thread_context=False)]
    assert with_thread.index("thanks!") < (without.index("thanks!") if "thanks!" in without else 99)


def test_a_narrow_filter_still_gives_all_there_is(memory: Workbench) -> None:
    bread = memory.search("garden reminder", conversation=memory.search("flat loaf").hits[0].conversation_id, alpha=1.0)
    assert len(bread) >= 2
    assert {hit.title for hit in bread} == {"bread"}


def test_dates_are_exact_and_exclude_the_end(memory: Workbench) -> None:
    early = memory.search("garden loaf query weather", k=100, before=START + timedelta(minutes=1))
    assert len(early) == 4
    assert all(hit.created_at == START for hit in early)
    assert len(memory.search("garden", k=100, after="2024-06-09", role="user")) == 40
    assert len(memory.search("garden", k=100, after=datetime(2030, 1, 1, tzinfo=UTC))) == 0


def test_every_script_is_found(memory: Workbench) -> None:
    assert memory.search("天気", k=1).hits[0].title == "tokyo"
    assert memory.search("katze phosphor", k=1).hits[0].title == "cat"


def test_the_answer_says_how_it_was_found(memory: Workbench) -> None:
    result = memory.search("dough")
    assert set(result.timings_ms) >= {"lexical", "embed", "vector", "fuse", "fetch", "total"}
    assert "BM25" in result.plan["lexical"]
    assert "compared" in result.plan["vector"]
    assert result.notes == ()


def test_without_its_model_a_search_uses_words_and_says_so(memory: Workbench) -> None:
    engine = SearchEngine(memory.snapshot, None, missing="the model is not here")
    result = engine.search(Query("dough"))
    assert result.hits[0].title == "bread"
    assert result.notes == ("Searched by words only: the model is not here",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "  "}, "the query is empty"),
        ({"text": "x" * 10_001}, "at most 10,000"),
        ({"text": "x", "k": 0}, "from 1 to 1,000"),
        ({"text": "x", "alpha": 1.5}, "from 0"),
        ({"text": "x", "assistant": "siri"}, "there are: claude"),
        ({"text": "x", "role": "boss"}, "there are: assistant, system, tool, user"),
        ({"text": "x", "after": "last week"}, "2025-03-31"),
        ({"text": "x", "after": "2025-01-02", "before": "2025-01-01"}, "exchange them"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused_with_what_would_work(
    memory: Workbench, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(QueryError, match=f"(?i){message}"):
        memory.search(**arguments)  # type: ignore[arg-type]


def test_an_unknown_conversation_is_said(memory: Workbench) -> None:
    with pytest.raises(NotFoundError, match="workbench search"):
        memory.search("dough", conversation="c_nowhere")


@pytest.mark.parametrize("text", ["!!!", "🙂", "(((", "a AND OR", "\x00", "x" * 10_000, "[a-z]+\\d{3}$", "١٢٣"])
def test_no_query_is_too_odd(memory: Workbench, text: str) -> None:
    assert isinstance(len(memory.search(text)), int)


def test_results_become_json(memory: Workbench) -> None:
    from dataclasses import asdict

    assert "bread" in json.dumps(asdict(memory.search("dough")), default=str)


def test_searching_an_empty_place_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="workbench ingest"):
        Workbench.open(tmp_path).search("dough")


def test_a_search_without_words_gives_what_its_filters_let_pass_newest_first(memory: Workbench) -> None:
    result = memory.search("role:user before:2024-03-02", k=10)
    assert {hit.title for hit in result} == {"bread", "sql", "cat", "tokyo"}
    times = [hit.created_at for hit in result if hit.created_at]
    assert times == sorted(times, reverse=True)
    assert "newest" in result.plan["lexical"]


def test_a_query_without_a_word_finds_nothing_by_words(memory: Workbench) -> None:
    assert len(memory.search("!!! ???", alpha=0.0)) == 0


def test_filters_in_the_text_and_beside_it_both_bind(memory: Workbench) -> None:
    assert {hit.title for hit in memory.search("role:user loaf garden", k=50, before="2024-03-02")} <= set(CHATS)
    assert len(memory.search("assistant:claude loaf", role="user", k=50)) == len(
        memory.search("loaf", role="user", k=50)
    )


def test_a_phrase_binds_meaning_too(memory: Workbench) -> None:
    assert [hit.title for hit in memory.search('"flat and dense"', alpha=1.0)] == ["bread"]
    assert "bread" not in {hit.title for hit in memory.search("loaf dough -loaf -dough", k=50)}


def test_plain_text_is_not_read_as_a_query(memory: Workbench) -> None:
    assert len(memory.search("role:nobody loaf", plain=True)) > 0
    with pytest.raises(QueryError):
        memory.search("role:nobody loaf")


def test_facets_count_all_that_matches_not_only_the_page(memory: Workbench) -> None:
    result = memory.search("reminder garden", k=3, facets=True)
    assert dict(result.facets["role"])["user"] == 40
    assert dict(result.facets["assistant"]) == {"claude": 40}
    assert result.facets == memory.search("reminder garden", k=30, facets=True).facets
    assert dict(memory.search("before:2024-03-02", facets=True).facets["role"]) == {"user": 5, "assistant": 4}


def test_messages_like_one_leave_it_and_its_copies_out(memory: Workbench) -> None:
    [hit] = memory.search('"reminder number 7 about the garden"').hits
    found = memory.similar(hit.message_id, k=5)
    assert len(found) == 5
    assert all(one.content.startswith("reminder number") and one.content != hit.content for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    with pytest.raises(NotFoundError):
        memory.similar("m_nothing")


def test_an_answer_says_whether_it_is_a_good_match(memory: Workbench) -> None:
    assert memory.search("why is this query slow").match is Match.GOOD
    assert memory.search("quantum chromodynamics lattice gauge").match is not Match.GOOD
    assert memory.search('"no such phrase anywhere"').match is Match.NONE


def test_when_time_is_over_words_are_given_and_the_answer_says_so(memory: Workbench) -> None:
    result = memory.engine.search(Query("dough", timeout_ms=1e-6))
    assert result.partial
    assert result.hits[0].title == "bread"
    assert "not complete" in result.notes[-1]
    assert not memory.engine.search(Query("dough", timeout_ms=60_000)).partial


def test_queries_together_get_the_answers_they_get_alone(memory: Workbench) -> None:
    queries = [
        Query("dough proof"),
        Query("reminder garden", k=3, alpha=0.0),
        Query("x", k=0),
        Query("weather", alpha=1.0, filters=Filters(roles=("user",))),
        Query("my loaf", thread_context=False),
        Query("role:user"),
    ]
    together = memory.engine.search_many(queries)
    for query, answer in zip(queries, together, strict=True):
        if isinstance(answer, QueryError):
            with pytest.raises(QueryError):
                memory.engine.search(query)
        else:
            assert isinstance(answer, SearchResult)
            alone = memory.engine.search(query)
            assert [hit.message_id for hit in answer] == [hit.message_id for hit in alone]
            assert [hit.score for hit in answer] == [hit.score for hit in alone]
            assert answer.batch == 5


def test_a_text_is_embedded_once_however_often_it_is_asked(memory: Workbench) -> None:
    engine = memory.engine
    before = engine.vectors.statistics()
    engine.search_many([Query("a text never asked before")] * 3)
    engine.search(Query("a text never asked before", k=3))
    after = engine.vectors.statistics()
    assert after.entries - before.entries == 1
    assert after.hits - before.hits == 1


def test_advice_says_what_would_help(memory: Workbench) -> None:
    assert "No message has: zangarx" in memory.search("zangarx loaf").advice[0]
    assert any("Without quotes" in line for line in memory.search('"loaf garden cat"').advice)
    assert any("timeout_ms" in line for line in memory.engine.search(Query("dough", timeout_ms=1e-6)).advice)
    assert memory.search("loaf").advice == ()
    assert memory.engine.search(Query("zangarx loaf", explain=False)).advice == ()
