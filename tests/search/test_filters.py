"""Filters against the same question asked of the catalog in SQL, on the samples."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import NotFoundError, QueryError
from workbench.model import Filters, Period, Selection, Words
from workbench.search.facets import facet_counts
from workbench.search.filters import allowed, narrow
from workbench.search.names import names_of
from workbench.settings import Settings
from workbench.snapshot import Snapshot
from workbench.workspace import Workbench

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
SPRING, SUMMER = datetime(2024, 3, 1, tzinfo=UTC), datetime(2025, 6, 15, 13, 30, tzinfo=UTC)
YEAR = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))


def carries(condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM artifacts a WHERE a.message_id = m.id AND {condition})"


def has(kind: str) -> str:
    wanted = f"kind = '{kind}'"
    return f"(m.{wanted} OR {carries(f'a.{wanted}')})"


HAS_CODE, PYTHON = has("code"), carries("a.language = 'python'")
CASES: dict[str, tuple[Filters, str]] = {
    "assistant": (Filters(assistants=("claude",)), "m.assistant = 'claude'"),
    "two assistants": (Filters(assistants=("claude", "GEMINI")), "m.assistant IN ('claude', 'gemini')"),
    "role": (Filters(roles=("user",)), "m.role = 'user'"),
    "model": (Filters(models=("gpt-4o",)), "coalesce(m.model, c.model) = 'gpt-4o'"),
    "kind": (Filters(kinds=("code",)), HAS_CODE),
    "one of two kinds": (Filters(kinds=("image", "audio")), carries("a.kind IN ('image', 'audio')")),
    "link": (Filters(kinds=("link",)), "regexp_matches(m.content, 'https?://')"),
    "language": (Filters(languages=("python",)), PYTHON),
    "kind and language": (Filters(kinds=("code",)) & Filters(languages=("py",)), f"{HAS_CODE} AND {PYTHON}"),
    "after": (Filters(after=SPRING), "m.created_at >= TIMESTAMP '2024-03-01'"),
    "before": (Filters(before=SUMMER), "m.created_at < TIMESTAMP '2025-06-15 13:30'"),
    "between": (Filters(after=SPRING) & Filters(before=SUMMER),
        "m.created_at >= TIMESTAMP '2024-03-01' AND m.created_at < TIMESTAMP '2025-06-15 13:30'"),
    "period": (Filters(periods=(YEAR,)), "year(m.created_at) = 2024"),
    "not the assistant": (Filters(excluded=Selection(assistants=("claude",))), "m.assistant <> 'claude'"),
    "not the period": (Filters(excluded=Selection(periods=(YEAR,))),
        "(m.created_at IS NULL OR year(m.created_at) <> 2024)"),
    "neither kind nor role": (Filters(excluded=Selection(kinds=("code",), roles=("user",))),
        f"m.role <> 'user' AND NOT {HAS_CODE}"),
    "both kinds": (Filters(kinds=("code",)) & Filters(kinds=("execution_result",)),
        f"{HAS_CODE} AND {has('execution_result')}"),
    "what cannot be": (Filters(assistants=("claude",)) & Filters(assistants=("gemini",)), "false"),
}  # fmt: skip


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Snapshot:
    memory = Workbench(Settings(store=tmp_path_factory.mktemp("filters"), cache=cache, ray="off"))
    memory.ingest(SAMPLES)
    return memory.snapshot


def by_sql(snapshot: Snapshot, condition: str) -> list[int]:
    rows = snapshot.catalog.cursor().rows(
        f"""SELECT m.ordinal FROM messages m JOIN conversations c ON c.id = m.conversation_id
            WHERE m.searched AND {condition} ORDER BY 1"""
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize("name", CASES)
def test_a_filter_lets_pass_what_the_catalog_says(snapshot: Snapshot, name: str) -> None:
    filters, condition = CASES[name]
    mask = allowed(snapshot, filters)
    assert mask is not None
    assert np.flatnonzero(mask).tolist() == by_sql(snapshot, condition)


@pytest.mark.parametrize("name", CASES)
def test_words_are_found_among_what_a_filter_lets_pass_and_nowhere_else(snapshot: Snapshot, name: str) -> None:
    filters = CASES[name][0]
    mask, narrowed = narrow(snapshot, filters)
    assert mask is not None
    words = "the water bread code file python coffee how can"
    free = snapshot.lexical.search(words, 1000)
    kept = mask[free.ordinals]
    for hits in (
        snapshot.lexical.search(words, 1000, clauses=narrowed),
        snapshot.lexical.search(words, 1000, clauses=narrowed, mask=mask),
        snapshot.lexical.search(words, 1000, mask=mask),
    ):
        assert hits.ordinals.tolist() == free.ordinals[kept].tolist()
        assert np.allclose(hits.scores, free.scores[kept])


@pytest.mark.parametrize("name", CASES)
def test_facets_of_the_index_and_of_the_columns_agree(snapshot: Snapshot, name: str) -> None:
    filters = CASES[name][0]
    mask = allowed(snapshot, filters)
    assert mask is not None
    expected = {facet: dict(counts) for facet, counts in facet_counts(snapshot, mask).items()}
    assert {
        facet: dict(counts) for facet, counts in snapshot.lexical.facets("", narrow(snapshot, filters)[1]).items()
    } == expected
    assert {facet: dict(counts) for facet, counts in facet_counts(snapshot, np.flatnonzero(mask)).items()} == expected


def test_facets_count_what_the_catalog_counts(snapshot: Snapshot) -> None:
    counts = facet_counts(snapshot, snapshot.columns.searched)
    rows = snapshot.catalog.cursor().rows
    assert counts["assistant"] == rows(
        "SELECT assistant, count(*) FROM messages WHERE searched GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    assert dict(counts["month"]) == dict(
        rows(
            """SELECT strftime(created_at, '%Y-%m'), count(*) FROM messages
               WHERE searched AND created_at IS NOT NULL GROUP BY 1"""
        )
    )
    assert dict(counts["language"]) == dict(
        rows(
            """SELECT a.language, count(DISTINCT a.message_id) FROM artifacts a JOIN messages m ON m.id = a.message_id
               WHERE m.searched AND a.language <> '' GROUP BY 1"""
        )
    )


def test_one_conversation_can_be_searched_alone(snapshot: Snapshot) -> None:
    identifier = snapshot.catalog.cursor().value("SELECT id FROM conversations LIMIT 1")
    mask = allowed(snapshot, Filters(conversation_ids=(identifier,)))
    assert mask is not None
    assert np.flatnonzero(mask).tolist() == by_sql(snapshot, f"m.conversation_id = '{identifier}'")


def test_phrases_and_exclusions_bind_every_leg(snapshot: Snapshot) -> None:
    every = allowed(snapshot, Filters(), Words("coffee", phrases=("coffee",)))
    assert every is not None
    assert every.any()
    without = allowed(snapshot, Filters(), Words("coffee", excluded=("coffee",)))
    assert without is not None
    assert (every ^ without == snapshot.columns.searched).all()


def test_without_filters_there_is_no_mask(snapshot: Snapshot) -> None:
    assert allowed(snapshot, Filters(), Words("coffee")) is None


def test_names_that_are_not_there_are_said_with_those_that_are(snapshot: Snapshot) -> None:
    with pytest.raises(QueryError, match="Did you mean claude") as caught:
        allowed(snapshot, Filters(assistants=("cluade",)))
    assert "cluade" in str(caught.value)
    with pytest.raises(NotFoundError, match="nowhere"):
        allowed(snapshot, Filters(conversation_ids=("nowhere",)))


def test_the_names_of_a_snapshot_resolve(snapshot: Snapshot) -> None:
    names = names_of(snapshot)
    assert names.resolve("model", "GPT-4O") == "gpt-4o"
    title, identifier = snapshot.catalog.cursor().rows("SELECT title, id FROM conversations WHERE title <> '' LIMIT 1")[
        0
    ]
    assert identifier in names.conversation_ids(title)
