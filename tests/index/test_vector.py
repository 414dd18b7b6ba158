from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.errors import SnapshotError
from workbench.index import VectorIndex, VectorProfile

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


def test_the_graph_finds_what_an_exact_scan_finds(tmp_path: Path) -> None:
    vectors = texts(3000)
    exact = build(tmp_path / "exact", vectors, VectorProfile())
    graph = build(tmp_path / "graph", vectors, GRAPH)
    assert exact.is_exact
    assert not graph.is_exact
    recalls = []
    for row in range(0, 3000, 60):
        query = exact.centre(vectors[row].astype(np.float32))
        wanted = set(exact.nearest(query, 10)[0].tolist())
        recalls.append(len(wanted & set(graph.nearest(query, 10)[0].tolist())) / 10)
    assert np.mean(recalls) >= 0.98


def test_nearest_come_first_with_their_cosines(tmp_path: Path) -> None:
    index = build(tmp_path / "index", texts(200), VectorProfile())
    query = index.centre(texts(200)[7].astype(np.float32))
    rows, cosines = index.nearest(query, 5)
    assert rows[0] == 7
    assert cosines[0] == pytest.approx(1, abs=2e-3)
    assert (np.diff(cosines) <= 0).all()
    assert np.allclose(index.scan(query, rows), cosines, atol=1e-6)
    assert np.allclose(index.scan(query)[rows], cosines, atol=1e-6)


def test_the_common_direction_is_taken_off(tmp_path: Path) -> None:
    vectors = texts(500)
    index = build(tmp_path / "index", vectors, VectorProfile())
    before = float((vectors[:100].astype(np.float32) @ vectors[100:200].astype(np.float32).T).mean())
    after = np.mean([index.scan(index.centre(vectors[i].astype(np.float32))).mean() for i in range(50)])
    assert before > 0.5
    assert abs(after) < 0.1


def test_the_same_vectors_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(tmp_path / name, texts(2000), GRAPH)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_more_than_there_are_is_all_there_are(tmp_path: Path) -> None:
    index = build(tmp_path / "index", texts(20), VectorProfile())
    assert len(index.nearest(index.centre(texts(20)[0].astype(np.float32)), 100)[0]) == 20


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    index = build(tmp_path / "index", np.zeros((0, 8), np.float16), VectorProfile())
    rows, cosines = index.nearest(np.ones(8, np.float32), 10)
    assert len(rows) == len(cosines) == 0


def test_a_missing_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="workbench verify"):
        VectorIndex.open(tmp_path, VectorProfile())
