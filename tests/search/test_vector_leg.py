from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from building import transcript

from workbench.embedding import Embedder
from workbench.index import VectorProfile
from workbench.record import add_vectors, merge, missing_passages, open_record, to_rows
from workbench.search.vector_leg import cosines_of, search_vectors
from workbench.snapshot import Snapshot, VectorSpace, open_snapshot, publish

MESSAGES = 600
WORDS = ("soup", "bread", "index", "query", "cat", "kidney", "train", "ticket", "garden", "tomato", "violin", "bow")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Snapshot]:
    """Six hundred messages under a graph, as a store of many thousand has it."""
    store = tmp_path_factory.mktemp("graph")
    rng = np.random.default_rng(5)
    texts = [" ".join(rng.choice(WORDS, 6)) + f" {i}" for i in range(MESSAGES)]
    with open_record(store) as record:
        merge(record, to_rows([transcript("all", *texts)], parser_revision=1))
        for hashes, missing in missing_passages(record, embedder.fingerprint, batch=1000):
            add_vectors(record, embedder.fingerprint, hashes, embedder.embed(missing).astype("f2"))
        profile = VectorProfile(exact_below=16)
        publish(record, store, VectorSpace("static", embedder.fingerprint, embedder.dimensions, profile))
    with open_snapshot(store) as snapshot:
        assert not snapshot.vectors.is_exact
        yield snapshot


@pytest.fixture
def query(snapshot: Snapshot, embedder: Embedder) -> np.ndarray:
    return snapshot.vectors.centre(embedder.embed(["soup with bread"])[0])


def exactly(snapshot: Snapshot, query: np.ndarray, mask: np.ndarray | None, limit: int) -> list[int]:
    ordinals = np.arange(MESSAGES)
    cosines = cosines_of(snapshot, query, ordinals)
    if mask is not None:
        ordinals, cosines = ordinals[mask], cosines[mask]
    return ordinals[np.lexsort((ordinals, -cosines))][:limit].tolist()


@pytest.mark.parametrize("kept", [600, 300, 60, 20, 10, 1, 0])
def test_a_filter_of_any_width_gives_the_best_of_what_it_keeps(
    snapshot: Snapshot, query: np.ndarray, kept: int
) -> None:
    """Also when it keeps just what is farthest from the query, where a search that filters afterwards finds nothing."""
    farthest = exactly(snapshot, query, None, MESSAGES)[::-1][:kept]
    mask = np.zeros(MESSAGES, bool)
    mask[farthest] = True
    leg = search_vectors(snapshot, query, 10, mask)
    wanted = exactly(snapshot, query, mask, 10)
    assert len(leg.ordinals) == min(10, kept)
    assert len(set(leg.ordinals.tolist()) & set(wanted)) >= 0.9 * len(wanted)
    assert (np.diff(leg.cosines) <= 0).all()


def test_few_allowed_messages_are_compared_one_by_one(snapshot: Snapshot, query: np.ndarray) -> None:
    mask = np.zeros(MESSAGES, bool)
    mask[:12] = True
    assert search_vectors(snapshot, query, 5, mask).plan == "all 12 allowed messages compared"


def test_the_graph_is_used_for_the_rest(snapshot: Snapshot, query: np.ndarray) -> None:
    assert search_vectors(snapshot, query, 5, None).plan == "graph, nearest 10 of 600 texts"


def test_scores_are_the_exact_cosines(snapshot: Snapshot, query: np.ndarray) -> None:
    leg = search_vectors(snapshot, query, 20, None)
    assert np.allclose(leg.cosines, cosines_of(snapshot, query, leg.ordinals), atol=1e-6)
