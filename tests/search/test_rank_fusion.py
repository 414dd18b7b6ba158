"""Reciprocal rank fusion, and the constants of ranking that a store can be tuned to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from building import publish_embedded, transcript

from workbench.embedding import Embedder
from workbench.errors import UsageError
from workbench.model import Query
from workbench.record import open_record
from workbench.search import SearchEngine
from workbench.search.fusion import reciprocal_rank
from workbench.search.tuning import DEFAULT, Tuning
from workbench.snapshot import Snapshot, open_snapshot

RANKS = replace(DEFAULT, fusion="rrf", brevity_slope=0.0, thread_weight=0.0)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Snapshot]:
    store = tmp_path_factory.mktemp("ranks")
    texts = [[f"{plant} in bed {bed}", f"water the {plant} on day {bed}"] for plant in ("tomato", "bean", "rose")
             for bed in range(4)]  # fmt: skip
    with open_record(store) as record:
        publish_embedded(record, store, embedder, *(transcript(f"plot {n}", *both) for n, both in enumerate(texts)))
    with open_snapshot(store) as snapshot:
        yield snapshot


def test_ranks_count_by_their_reciprocals() -> None:
    found = reciprocal_rank(np.array([1.0, 2.0, 61.0, np.nan], np.float32), 60)
    assert found.tolist() == pytest.approx([1.0, 61 / 62, 61 / 121, 0.0])


@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
def test_a_hit_is_the_weighted_sum_of_the_reciprocals_of_its_ranks(
    snapshot: Snapshot, embedder: Embedder, alpha: float
) -> None:
    result = SearchEngine(snapshot, embedder, tuning=RANKS).search(Query("tomato water", k=20, alpha=alpha))
    assert len(result) > 3
    for hit in result:
        words, meaning = hit.legs[0].rank, hit.legs[1].rank
        parts = [(1 - alpha) * 61 / (60 + words) if words else 0.0, alpha * 61 / (60 + meaning) if meaning else 0.0]
        assert hit.score == pytest.approx(sum(parts), abs=1e-5)
        assert [leg.contribution for leg in hit.legs[:2]] == pytest.approx(parts, abs=1e-5)


def test_without_weight_the_thread_adds_nothing(snapshot: Snapshot, embedder: Embedder) -> None:
    query = Query("tomato water", k=20)
    off = SearchEngine(snapshot, embedder, tuning=replace(DEFAULT, thread_weight=0.0)).search(query)
    half, whole = (
        {
            hit.message_id: hit.legs[2].contribution
            for hit in SearchEngine(snapshot, embedder, tuning=tuning).search(query)
        }
        for tuning in (replace(DEFAULT, thread_weight=0.5), DEFAULT)
    )
    assert all(hit.legs[2].contribution == 0 for hit in off)
    assert any(whole.values())
    assert all(half[one] == pytest.approx(whole[one] / 2, abs=1e-6) for one in half.keys() & whole.keys())


def test_a_query_without_a_weight_gets_that_of_the_engine(snapshot: Snapshot, embedder: Embedder) -> None:
    engine = SearchEngine(snapshot, embedder, tuning=replace(DEFAULT, alpha=0.85))
    tuned, named = engine.search(Query("tomato water")), engine.search(Query("tomato water", alpha=0.1))
    assert tuned.query.alpha == 0.85
    assert named.query.alpha == 0.1
    assert tuned.hits == engine.search(Query("tomato water", alpha=0.85)).hits
    assert tuned.hits != named.hits


def test_an_engine_that_weighs_words_only_embeds_nothing(snapshot: Snapshot, embedder: Embedder) -> None:
    engine = SearchEngine(snapshot, embedder, tuning=replace(DEFAULT, alpha=0.0))
    assert engine.text_to_embed(Query("tomato")) == ""
    assert engine.text_to_embed(Query("tomato", alpha=0.5)) == "tomato"


@pytest.mark.parametrize(
    "values",
    [
        {"alhpa": 0.3}, {"alpha": 1.5}, {"alpha": "much"}, {"alpha": True}, {"fusion": "sum"}, {"rank_constant": 0},
        {"vector_candidates": 2.5}, {"lexical_candidates": 100_000}, {"own_prior": -1.0},
        {"brevity_slope": float("nan")}, {"long_characters": 10},
    ],
)  # fmt: skip
def test_constants_that_mean_nothing_are_refused(values: Mapping[str, Any]) -> None:
    with pytest.raises(UsageError):
        Tuning.from_values(values)


def test_constants_that_are_named_differ_from_the_defaults() -> None:
    made = Tuning.from_values({"alpha": 0, "fusion": "rrf", "vector_candidates": 50.0})
    assert made == replace(DEFAULT, alpha=0.0, fusion="rrf", vector_candidates=50)
    assert made.changed == {"alpha": 0.0, "fusion": "rrf", "vector_candidates": 50}
    assert DEFAULT.changed == {}


def test_a_store_without_a_profile_is_searched_by_the_defaults(snapshot: Snapshot, embedder: Embedder) -> None:
    assert SearchEngine(snapshot, embedder).tuning == DEFAULT
    assert not (Path(snapshot.store) / "profile.json").exists()
