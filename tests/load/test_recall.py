"""Recall counted by distance, on the vector leg and under filters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.embedding import Embedder
from workbench.experiments.load.queries import known_items
from workbench.experiments.load.recall import embed_centred, recall_at, vector_recall
from workbench.experiments.load.selectivity import measure_filters, narrowings, passes
from workbench.model import Filters
from workbench.search import SearchEngine
from workbench.search.filters import allowed
from workbench.workspace import Workbench

EXACT = np.array([0.9, 0.8, 0.7, 0.7, 0.7, 0.1], np.float32)


def test_everything_found_is_a_recall_of_one() -> None:
    assert recall_at(3, EXACT[:3], EXACT) == 1.0


def test_any_of_several_equally_near_counts() -> None:
    assert recall_at(3, EXACT[[0, 1, 4]], EXACT) == 1.0
    assert recall_at(3, np.array([0.9, 0.8, 0.69995], np.float32), EXACT) == 1.0


def test_what_is_farther_than_the_kth_does_not_count() -> None:
    assert recall_at(3, EXACT[[0, 1, 5]], EXACT) == pytest.approx(2 / 3)
    assert recall_at(3, np.array([0.9, 0.8, 0.6998], np.float32), EXACT) == pytest.approx(2 / 3)


def test_fewer_than_k_are_measured_against_what_there_is() -> None:
    assert recall_at(10, EXACT, EXACT) == 1.0
    assert recall_at(10, EXACT[:3], EXACT) == 0.5
    assert recall_at(10, EXACT[:0], EXACT[:0]) == 1.0


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60), st.integers(1, 20), st.randoms())
def test_recall_agrees_with_counting_by_hand(values, k: int, source) -> None:
    exact = np.array(values, np.float32)
    found = np.array(source.sample(values, source.randint(0, len(values))), np.float32)
    wanted = min(k, len(values))
    cut = sorted(values, reverse=True)[wanted - 1]
    by_hand = (
        min(wanted, sum(value >= np.float32(cut) - np.float32(1e-4) for value in np.sort(found)[::-1][:k])) / wanted
    )
    assert recall_at(k, found, exact) == pytest.approx(by_hand)


def test_an_index_that_compares_everything_has_a_recall_of_one(filled: Workbench, embedder: Embedder) -> None:
    assert filled.snapshot.vectors.is_exact
    queries = embed_centred(filled.snapshot, embedder, known_items(filled.snapshot, 30))
    [only] = vector_recall(filled.snapshot, queries)
    assert (only.default, only.recall, only.queries) == (True, 1.0, len(queries))


def test_a_graph_that_misses_neighbours_is_seen(filled: Workbench, embedder: Embedder, monkeypatch) -> None:
    """An index that leaves every second of the nearest out has half their recall."""
    queries = embed_centred(filled.snapshot, embedder, known_items(filled.snapshot, 10))
    from workbench.index import VectorIndex

    honest = VectorIndex.nearest

    def lossy(self, queries, count):
        return [(rows[::2], cosines[::2]) for rows, cosines in honest(self, queries, 2 * count)]

    monkeypatch.setattr(VectorIndex, "nearest", lossy)
    [only] = vector_recall(filled.snapshot, queries)
    assert 0.4 <= only.recall <= 0.75  # some texts are alike, and any of equally near ones counts


def test_filters_keep_about_the_share_asked_for(filled: Workbench) -> None:
    found = narrowings(filled.snapshot, (0.5, 0.05, 0.01))
    searched = int(np.count_nonzero(filled.snapshot.columns.searched))
    assert {one.share for one in found} == {0.5, 0.05, 0.01}
    for one in found:
        assert one.share / 2.1 <= one.kept / searched <= one.share * 2.1, one.name
    assert {"dates", "role and dates"} <= {one.name for one in found}


def test_our_own_mask_of_a_filter_is_that_of_the_search(filled: Workbench) -> None:
    for one in narrowings(filled.snapshot):
        assert np.array_equal(one.mask, allowed(filled.snapshot, one.filters)), one.name


def test_filtered_answers_are_measured_as_complete_and_allowed(filled: Workbench, embedder: Embedder) -> None:
    costs = measure_filters(filled.engine, embedder, known_items(filled.snapshot, 8))
    assert len(costs) >= 6
    for cost in costs:
        assert (cost.recall, cost.short, cost.outside) == (1.0, 0, 0), cost.name
        assert cost.latency.count == cost.unfiltered.count == 8


def test_an_engine_that_ignores_filters_is_caught(filled: Workbench, embedder: Embedder) -> None:
    class Careless(SearchEngine):
        def search(self, query):
            return super().search(replace(query, filters=Filters()))

    careless = Careless(filled.snapshot, embedder)
    costs = measure_filters(careless, embedder, known_items(filled.snapshot, 4))
    assert all(cost.outside > 0 for cost in costs)


def test_an_engine_that_filters_a_finished_top_ten_is_caught(filled: Workbench, embedder: Embedder) -> None:
    class Late(SearchEngine):
        def search(self, query):
            found = super().search(replace(query, filters=Filters()))
            kept = tuple(hit for hit in found.hits if passes(hit, query.filters))
            return replace(found, hits=kept)

    costs = measure_filters(Late(filled.snapshot, embedder), embedder, known_items(filled.snapshot, 4))
    assert all(cost.outside == 0 for cost in costs)
    assert all(cost.short > 0 for cost in costs if cost.share < 0.1)
