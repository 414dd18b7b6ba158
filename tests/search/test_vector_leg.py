from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from building import publish_embedded, transcript

from workbench.embedding import Embedder
from workbench.index import VectorProfile
from workbench.record import open_record
from workbench.search import vector_leg
from workbench.search.vector_leg import VectorLeg, search_vectors
from workbench.snapshot import Snapshot, open_snapshot

MESSAGES = 600
WORDS = ("soup", "bread", "index", "query", "cat", "kidney", "train", "ticket", "garden", "tomato", "violin", "bow")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Snapshot]:
    """Six hundred messages under a graph, as a store of many thousand has it."""
    store = tmp_path_factory.mktemp("graph")
    rng = np.random.default_rng(5)
    texts = [" ".join(rng.choice(WORDS, 6)) + f" {i}" for i in range(MESSAGES)]
    with open_record(store) as record:
        publish_embedded(record, store, embedder, transcript("all", *texts), profile=VectorProfile(exact_below=16))
    with open_snapshot(store) as snapshot:
        assert not snapshot.vectors.is_exact
        yield snapshot


@pytest.fixture
def query(snapshot: Snapshot, embedder: Embedder) -> np.ndarray:
    return snapshot.vectors.centre(embedder.embed(["soup with bread"]))


def search(snapshot: Snapshot, query: np.ndarray, limit: int, mask: np.ndarray | None, **options: object) -> VectorLeg:
    return search_vectors(snapshot, query, limit, [mask], **options)[0]  # type: ignore[arg-type]


def cosines_of(snapshot: Snapshot, query: np.ndarray, ordinals: np.ndarray) -> np.ndarray:
    return snapshot.vectors.cosines(query[0], snapshot.columns.text[ordinals].astype(np.int64))


def exactly(snapshot: Snapshot, query: np.ndarray, mask: np.ndarray | None, limit: int) -> list[int]:
    ordinals = np.arange(MESSAGES)
    cosines = cosines_of(snapshot, query, ordinals)
    if mask is not None:
        ordinals, cosines = ordinals[mask], cosines[mask]
    return ordinals[np.lexsort((ordinals, -cosines))][:limit].tolist()


@pytest.fixture
def cheap_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if comparing cost much: so few messages as these would never be looked for in the graph otherwise."""
    monkeypatch.setattr(vector_leg, "_LISTED_COST", 1)


def farthest(snapshot: Snapshot, query: np.ndarray, kept: int) -> np.ndarray:
    """A filter that keeps just what is farthest from the query, where one that filters afterwards finds nothing."""
    mask = np.zeros(MESSAGES, bool)
    mask[exactly(snapshot, query, None, MESSAGES)[::-1][:kept]] = True
    return mask


@pytest.mark.parametrize("kept", [600, 300, 60, 20, 10, 1, 0])
def test_a_filter_of_any_width_gives_the_best_of_what_it_keeps(
    snapshot: Snapshot, query: np.ndarray, kept: int
) -> None:
    mask = farthest(snapshot, query, kept)
    leg = search(snapshot, query, 10, mask).ranking
    wanted = exactly(snapshot, query, mask, 10)
    assert len(leg.ordinals) == min(10, kept)
    assert len(set(leg.ordinals.tolist()) & set(wanted)) >= 0.9 * len(wanted)
    assert (np.diff(leg.scores) <= 0).all()


@pytest.mark.usefixtures("cheap_graph")
@pytest.mark.parametrize("kept", [600, 300, 60, 20, 10, 1, 0])
def test_the_graph_gives_at_least_half_of_what_is_wanted_and_says_that_there_is_more(
    snapshot: Snapshot, query: np.ndarray, kept: int
) -> None:
    mask = farthest(snapshot, query, kept)
    leg = search(snapshot, query, 10, mask)
    found = leg.ranking.ordinals.tolist()
    wanted = exactly(snapshot, query, mask, len(found))
    assert len(found) >= min(5, kept)
    assert leg.more or len(found) == kept
    assert len(set(found) & set(wanted)) >= 0.9 * len(wanted)


def test_few_allowed_messages_are_compared_one_by_one(snapshot: Snapshot, query: np.ndarray) -> None:
    mask = np.zeros(MESSAGES, bool)
    mask[:12] = True
    assert search(snapshot, query, 5, mask).plan == "all 12 allowed messages compared"


@pytest.mark.usefixtures("cheap_graph")
def test_the_graph_is_used_for_the_rest(snapshot: Snapshot, query: np.ndarray) -> None:
    assert search(snapshot, query, 5, None).plan == "graph, nearest 5 of 600 texts"
    mask = np.ones(MESSAGES, bool)
    mask[:100] = False
    assert search(snapshot, query, 5, mask).plan == "graph, nearest 7 of 600 texts for 500 allowed messages"


def test_scores_are_the_exact_cosines(snapshot: Snapshot, query: np.ndarray) -> None:
    leg = search(snapshot, query, 20, None).ranking
    assert np.allclose(leg.scores, cosines_of(snapshot, query, leg.ordinals), atol=1e-6)


def test_queries_with_and_without_filters_may_come_together(snapshot: Snapshot, query: np.ndarray) -> None:
    mask = np.zeros(MESSAGES, bool)
    mask[:12] = True
    both = search_vectors(snapshot, np.repeat(query, 3, axis=0), [5, 4, 7], [None, mask, None])
    alone = [search(snapshot, query, limit, one) for limit, one in ((5, None), (4, mask), (7, None))]
    assert [leg.plan for leg in both] == [leg.plan for leg in alone]
    for one, other in zip(both, alone, strict=True):
        assert one.ranking.ordinals.tolist() == other.ranking.ordinals.tolist()


@pytest.mark.usefixtures("cheap_graph")
def test_when_time_is_over_the_search_stops_widening_and_says_so(snapshot: Snapshot, query: np.ndarray) -> None:
    mask = farthest(snapshot, query, 300)
    assert not search(snapshot, query, 5, mask, deadlines=[0.0]).complete
    assert search(snapshot, query, 5, mask).complete
