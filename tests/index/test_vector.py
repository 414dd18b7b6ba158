from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.errors import SnapshotError
from workbench.index import VectorIndex, VectorProfile
from workbench.index.clusters import neighbourhoods

GRAPH = VectorProfile(exact_below=100)


def texts(count: int, dimensions: int = 32) -> NDArray[np.float16]:
    """Unit vectors in clusters around a common direction, as those of static models are."""
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(count // 20 + 1, dimensions)) + 2.0
    vectors = centres[rng.integers(0, len(centres), count)] + rng.normal(size=(count, dimensions)) * 0.6
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


def build(folder: Path, vectors: NDArray[np.float16], profile: VectorProfile) -> VectorIndex:
    folder.mkdir()
    blocks = [vectors[: len(vectors) // 2], vectors[len(vectors) // 2 :]]
    VectorIndex.build(folder, blocks, rows=len(vectors), dimensions=vectors.shape[1], profile=profile)
    return VectorIndex.open(folder, profile)


@pytest.mark.parametrize(("precision", "least"), [("f16", 0.98), ("i8", 0.98), ("b1", 0.5)])
def test_the_graph_finds_what_an_exact_scan_finds(tmp_path: Path, precision: str, least: float) -> None:
    vectors = texts(3000)
    exact = build(tmp_path / "exact", vectors, VectorProfile())
    graph = build(tmp_path / "graph", vectors, VectorProfile(exact_below=100, precision=precision))
    assert exact.is_exact
    assert not graph.is_exact
    queries = exact.centre(vectors[::60].astype(np.float32))
    pairs = zip(exact.nearest(queries, 10), graph.nearest(queries, 50), strict=True)
    recalls = [len(set(wanted.tolist()) & set(found[:10].tolist())) / 10 for (wanted, _), (found, _) in pairs]
    assert np.mean(recalls) >= least


def test_queries_together_find_what_each_finds_alone(tmp_path: Path) -> None:
    vectors = texts(3000)
    for name, profile in (("graph", GRAPH), ("exact", VectorProfile())):
        index = build(tmp_path / name, vectors, profile)
        queries = index.centre(vectors[:20].astype(np.float32))
        for query, (rows, cosines) in zip(queries, index.nearest(queries, 10), strict=True):
            alone = index.nearest(query[None, :], 10)[0]
            assert rows.tolist() == alone[0].tolist()
            assert cosines.tolist() == alone[1].tolist()


def test_nearest_come_first_with_their_cosines(tmp_path: Path) -> None:
    for name, profile in (("graph", GRAPH), ("exact", VectorProfile())):
        index = build(tmp_path / name, texts(200), profile)
        query = index.centre(texts(200)[[7]].astype(np.float32))
        rows, cosines = index.nearest(query, 5)[0]
        assert rows[0] == 7
        assert cosines[0] == pytest.approx(1, abs=2e-3)
        assert (np.diff(cosines) <= 0).all()
        assert np.allclose(index.cosines(query[0], rows), cosines, atol=1e-6)
        assert np.allclose(index.cosines(query[0])[rows], cosines, atol=1e-6)
        assert np.allclose(index.vectors(rows) @ query[0], cosines, atol=2e-3)


def test_the_common_direction_is_taken_off(tmp_path: Path) -> None:
    vectors = texts(500)
    index = build(tmp_path / "index", vectors, VectorProfile())
    before = float((vectors[:100].astype(np.float32) @ vectors[100:200].astype(np.float32).T).mean())
    after = np.mean([index.cosines(query).mean() for query in index.centre(vectors[:50].astype(np.float32))])
    assert before > 0.5
    assert abs(after) < 0.1


def test_the_same_vectors_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(tmp_path / name, texts(2000), GRAPH)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_more_than_there_are_is_all_there_are(tmp_path: Path) -> None:
    index = build(tmp_path / "index", texts(20), VectorProfile())
    assert len(index.nearest(index.centre(texts(20)[:1].astype(np.float32)), 100)[0][0]) == 20


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = build(tmp_path / "index", np.zeros((0, 8), np.float16), VectorProfile())
    rows, cosines = index.nearest(np.ones((1, 8), np.float32), 10)[0]
    assert len(rows) == len(cosines) == 0


def test_a_missing_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="workbench verify"):
        VectorIndex.open(tmp_path, VectorProfile())


def test_what_is_compared_coarsely_first_comes_out_as_if_compared_exactly(tmp_path: Path) -> None:
    vectors = texts(3000)
    exact, graph = build(tmp_path / "exact", vectors, VectorProfile()), build(tmp_path / "graph", vectors, GRAPH)
    rows = np.arange(0, 3000, 2)
    recalls = []
    for query in exact.centre(vectors[1::100].astype(np.float32)):
        wanted, _ = exact.nearest_among(query, rows, 10)
        found, cosines = graph.nearest_among(query, rows, 10)
        assert np.allclose(cosines, graph.cosines(query, rows[found]))
        recalls.append(len(set(wanted.tolist()) & set(found.tolist())) / 10)
    assert np.mean(recalls) >= 0.99


@pytest.mark.parametrize("among", [0, 1, 9, 10, 11])
def test_of_few_rows_all_are_given(tmp_path: Path, among: int) -> None:
    index = build(tmp_path / "graph", texts(200), GRAPH)
    places, cosines = index.nearest_among(index.vectors(np.array([3]))[0], np.arange(among), 10)
    assert len(places) == len(cosines) == min(among, 10)
    assert len(set(places.tolist())) == len(places)


def test_vectors_that_are_near_one_another_are_put_side_by_side() -> None:
    vectors = texts(4000).astype(np.float32)
    order = neighbourhoods(vectors)
    assert sorted(order.tolist()) == list(range(4000))
    beside = np.mean(np.sum(vectors[order][1:] * vectors[order][:-1], axis=1))
    assert beside > np.mean(np.sum(vectors[1:] * vectors[:-1], axis=1)) + 0.1
    assert order.tolist() == neighbourhoods(vectors).tolist()
