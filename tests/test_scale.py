"""Fifty thousand messages: the same record and the same answers with Ray and without, and nothing to do twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.experiments.corpus import write_corpus
from workbench.ingest import IngestReport
from workbench.settings import Settings
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow

MESSAGES = 50_000
QUERIES = 40


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, MESSAGES)
    return folder


@pytest.fixture(scope="module")
def queries(corpus: Path) -> list[str]:
    lines = (corpus / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["query"] for line in lines[:QUERIES]]


def imported(corpus: Path, store: Path, cache: Path, ray: str) -> tuple[Workbench, IngestReport]:
    memory = Workbench(Settings(store=store, cache=cache, ray=ray, workers=2))
    return memory, memory.ingest(corpus)


def answers(memory: Workbench, queries: list[str]) -> list[list[tuple[str, float]]]:
    return [[(hit.message_id, round(hit.score, 5)) for hit in memory.search(query, k=10)] for query in queries]


def record_ids(memory: Workbench) -> list[tuple[str, str]]:
    return memory.sql("SELECT id, content_hash FROM messages ORDER BY id").rows()


def test_ray_and_inline_give_the_same_record_and_the_same_answers(
    corpus: Path, queries: list[str], tmp_path: Path, cache: Path
) -> None:
    inline, first = imported(corpus, tmp_path / "inline", cache, "off")
    ray, second = imported(corpus, tmp_path / "ray", cache, "on")
    assert first.parsing.startswith("inline")
    assert second.parsing.startswith("ray, 2 workers")
    assert first.total("messages_new") == second.total("messages_new") == MESSAGES
    assert (first.rows_written, first.texts_embedded) == (second.rows_written, second.texts_embedded)
    with inline, ray:
        assert not inline.snapshot.vectors.is_exact
        assert len(queries) == QUERIES
        assert record_ids(inline) == record_ids(ray)
        assert answers(inline, queries) == answers(ray, queries)
        again = inline.ingest(corpus)
    assert (again.rows_written, again.texts_embedded, again.generation) == (0, 0, first.generation)
