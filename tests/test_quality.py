"""The judged queries of the samples: hybrid search has to be better than either of its legs."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest

from workbench.evaluation import JudgedQuery, load_judgements, ndcg, recall
from workbench.settings import Settings
from workbench.workspace import Workbench

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
WAYS: dict[str, dict[str, object]] = {
    "BM25 alone": {"alpha": 0.0, "thread_context": False},
    "vectors alone": {"alpha": 1.0, "thread_context": False},
    "BM25 with threads": {"alpha": 0.0},
    "vectors with threads": {"alpha": 1.0},
    "hybrid": {},
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Workbench:
    memory = Workbench(Settings(store=tmp_path_factory.mktemp("quality"), cache=cache, ray="off"))
    memory.ingest(SAMPLES)
    return memory


@pytest.fixture(scope="module")
def judged(samples: Workbench) -> list[JudgedQuery]:
    return load_judgements(SAMPLES / "queries.jsonl", samples.snapshot.catalog)


def test_there_are_forty_queries_and_some_are_answered_by_several_assistants(
    samples: Workbench, judged: list[JudgedQuery]
) -> None:
    assert len(judged) == 40
    assistant_of = dict(samples.messages().select("id", "assistant").iter_rows())
    assert sum(len({assistant_of[one] for one in query.grades}) > 1 for query in judged) >= 10


def test_hybrid_search_beats_words_alone_and_vectors_alone(samples: Workbench, judged: list[JudgedQuery]) -> None:
    figures = {}
    for name, options in WAYS.items():
        rankings = [[hit.message_id for hit in samples.search(one.text, k=10, **options)] for one in judged]  # type: ignore[arg-type]
        pairs = list(zip(rankings, judged, strict=True))
        figures[name] = mean(ndcg(ranking, one.grades, 10) for ranking, one in pairs)
        found = mean(recall(ranking, one.grades, 10) for ranking, one in pairs)
        print(f"{name:<22} nDCG@10 {figures[name]:.3f}  recall@10 {found:.3f}")
    assert all(figures["hybrid"] > figure for name, figure in figures.items() if name != "hybrid")


def test_one_question_is_answered_from_all_three_assistants(samples: Workbench) -> None:
    hits = samples.search("sourdough does not rise", k=6)
    assert {hit.assistant for hit in hits} == {"chatgpt", "claude", "gemini"}
