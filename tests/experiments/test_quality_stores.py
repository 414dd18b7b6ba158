from __future__ import annotations

from pathlib import Path

import pytest
from labelled_files import write_locomo, write_scifact

from workbench.embedding import Embedder
from workbench.evaluation.datasets import load_dataset
from workbench.experiments.quality.stores import scratch_store
from workbench.ingest import Silent
from workbench.snapshot import current_manifest, open_snapshot


class Watching(Silent):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def start(self, stage: str, total: int, unit: str) -> None:
        self.stages.append(stage)


@pytest.fixture
def watching() -> Watching:
    return Watching()


def store(name: str, tmp_path: Path, embedder: Embedder, watching: Watching) -> Path:
    dataset = load_dataset(name, samples_folder=tmp_path, folder=tmp_path)
    return scratch_store(dataset, embedder, work=tmp_path / "work", progress=watching)


def test_a_set_is_embedded_once(tmp_path: Path, embedder: Embedder, watching: Watching) -> None:
    write_locomo(tmp_path)
    first = store("locomo", tmp_path, embedder, watching)
    manifest = current_manifest(first)
    assert manifest is not None
    assert (manifest.counts["messages"], manifest.counts["pending"]) == (18, 0)
    assert manifest.fingerprint == embedder.fingerprint
    assert store("locomo", tmp_path, embedder, watching) == first
    assert current_manifest(first) == manifest
    assert sum("embedding" in stage for stage in watching.stages) == 1


def test_a_set_that_has_changed_gets_a_store_of_its_own(tmp_path: Path, embedder: Embedder, watching: Watching) -> None:
    write_scifact(tmp_path)
    first = store("scifact", tmp_path, embedder, watching)
    corpus = tmp_path / "scifact" / "corpus.jsonl"
    corpus.write_text(corpus.read_text(encoding="utf-8").replace("boil water", "boil milk"), encoding="utf-8")
    second = store("scifact", tmp_path, embedder, watching)
    assert first != second
    with open_snapshot(second) as snapshot:
        found = snapshot.catalog.cursor().rows("SELECT content FROM messages ORDER BY content")
    assert found[1:2] == [("Kettles. Kettles boil milk.",)]


def test_a_generation_made_by_other_code_is_made_again(tmp_path: Path, embedder: Embedder, watching: Watching) -> None:
    write_scifact(tmp_path)
    folder = store("scifact", tmp_path, embedder, watching)
    left_by_the_old_code = folder / "snapshots" / "000001" / "left-by-the-old-code"
    left_by_the_old_code.touch()  # a file's inode would not tell: file systems give a freed one out again
    (folder / "made-by").write_text("something older", encoding="utf-8")
    store("scifact", tmp_path, embedder, watching)
    assert not left_by_the_old_code.exists()
    assert sum("embedding" in stage for stage in watching.stages) == 1
