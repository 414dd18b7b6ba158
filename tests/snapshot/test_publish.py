from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from building import publish_embedded, transcript

from workbench.embedding import Embedder
from workbench.errors import SnapshotError, StoreMissingError, StoreVersionError
from workbench.model import Transcript
from workbench.record import Database, merge, open_record, to_rows
from workbench.snapshot import Manifest, VectorSpace, open_snapshot, publish, verify
from workbench.snapshot.generations import snapshots_folder
from workbench.snapshot.manifest import FORMAT

BREAD = transcript("bread", "flat loaf again", "proof it longer, at 24 degrees")
SOUP = transcript("soup", "miso soup?", "kombu first", assistant="chatgpt")


class Store:
    """A store that a test writes to and publishes by hand."""

    def __init__(self, folder: Path, record: Database, embedder: Embedder) -> None:
        self.folder, self.record, self.embedder = folder, record, embedder

    def publish(self, *transcripts: Transcript, embed: bool = True) -> Manifest:
        if embed:
            return publish_embedded(self.record, self.folder, self.embedder, *transcripts)
        merge(self.record, to_rows(transcripts, parser_revision=1))
        return publish(
            self.record, self.folder, VectorSpace("static", self.embedder.fingerprint, self.embedder.dimensions)
        )

    def generations(self) -> list[str]:
        return sorted(path.name for path in snapshots_folder(self.folder).iterdir() if path.name != "CURRENT")


@pytest.fixture
def store(tmp_path: Path, embedder: Embedder) -> Iterator[Store]:
    with open_record(tmp_path) as record:
        yield Store(tmp_path, record, embedder)


def test_nothing_published_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="workbench ingest"):
        open_snapshot(tmp_path)


def test_a_generation_holds_what_the_record_holds(store: Store) -> None:
    manifest = store.publish(BREAD, SOUP)
    assert manifest.counts == {
        "conversations": 2, "messages": 4, "searched": 4, "artifacts": 0, "texts": 4, "pending": 0,
    }  # fmt: skip
    assert manifest.assistants == {"chatgpt": 2, "claude": 2}
    with open_snapshot(store.folder) as snapshot:
        assert snapshot.generation == 1
        assert len(snapshot.lexical) == len(snapshot.vectors) == len(snapshot.columns.role) == 4


def test_publishing_without_a_change_makes_no_generation(store: Store) -> None:
    assert store.publish(BREAD).generation == 1
    assert store.publish(BREAD).generation == 1
    assert store.generations() == ["000001"]


def test_an_old_generation_stays_while_it_is_read_and_goes_afterwards(store: Store) -> None:
    store.publish(BREAD)
    with open_snapshot(store.folder) as old:
        store.publish(SOUP)
        assert store.generations() == ["000001", "000002"]
        assert old.manifest.counts["messages"] == 2
        assert old.catalog.value("SELECT count(*) FROM messages") == 2
    store.publish(transcript("tea", "how hot?"))
    assert store.generations() == ["000003"]


def test_what_an_interrupted_publication_left_is_never_read_and_cleared_away(store: Store) -> None:
    store.publish(BREAD)
    half = snapshots_folder(store.folder) / ".building-000002"
    (half / "lexical").mkdir(parents=True)
    with open_snapshot(store.folder) as snapshot:
        assert snapshot.generation == 1
    store.publish(SOUP)
    assert store.generations() == ["000002"]


def test_unchanged_vectors_are_linked_not_written_again(store: Store) -> None:
    store.publish(BREAD)
    with open_snapshot(store.folder) as old:
        first = (old.folder / "vectors" / "vectors.f16.npy").stat().st_ino
        renamed = transcript("bread", "flat loaf again", "proof it longer, at 24 degrees", title="Loaves", updated=1)
        manifest = store.publish(renamed)
        assert manifest.generation == 2
        linked = store.folder / "snapshots" / "000002" / "vectors" / "vectors.f16.npy"
        assert linked.stat().st_ino == first


def test_snapshots_made_anew_from_the_record_are_the_same(store: Store) -> None:
    first = store.publish(BREAD, SOUP)
    shutil.rmtree(snapshots_folder(store.folder))
    again = store.publish()
    assert again.texts_digest == first.texts_digest
    columns = {name: part for name, part in first.files.items() if name.startswith(("columns/", "vectors/"))}
    assert columns == {name: part for name, part in again.files.items() if name in columns}


def test_neighbours_in_a_thread_are_the_visible_ones_around_the_fork(store: Store) -> None:
    store.publish(transcript("tea", "one", "two", "three"))
    with open_snapshot(store.folder) as snapshot:
        assert snapshot.columns.previous.tolist() == [-1, 0, 1]
        assert snapshot.columns.following.tolist() == [1, 2, -1]


def test_a_text_said_twice_has_one_vector_and_both_messages(store: Store) -> None:
    manifest = store.publish(transcript("a", "thanks"), transcript("b", "thanks"))
    assert manifest.counts["texts"] == 1
    with open_snapshot(store.folder) as snapshot:
        assert snapshot.columns.owners.tolist() == [0, 1]
        assert snapshot.columns.owner_offsets.tolist() == [0, 2]
        assert snapshot.columns.text.tolist() == [0, 0]


def test_texts_without_a_vector_are_counted(store: Store) -> None:
    manifest = store.publish(BREAD, embed=False)
    assert (manifest.counts["texts"], manifest.counts["pending"]) == (0, 2)


def test_verify_finds_nothing_wrong_with_a_good_store(store: Store) -> None:
    store.publish(BREAD, SOUP)
    store.record.close()
    assert [finding for finding in verify(store.folder) if not finding.ok] == []


@pytest.mark.parametrize("part", ["catalog.duckdb", "columns/role.npy", "vectors/vectors.f16.npy", "lexical/meta.json"])
def test_verify_names_a_damaged_file(store: Store, part: str) -> None:
    store.publish(BREAD)
    store.record.close()
    path = store.folder / "snapshots" / "000001" / part
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    with damaged(path):
        path.write_bytes(raw)
        assert f"{part} is whole" in {finding.check for finding in verify(store.folder) if not finding.ok}


def test_verify_finds_a_message_without_its_conversation(store: Store) -> None:
    store.publish(BREAD)
    store.record.run("DELETE FROM conversations")
    store.record.close()
    assert "every message has its conversation" in {one.check for one in verify(store.folder) if not one.ok}


def test_a_manifest_of_a_newer_workbench_is_refused(store: Store) -> None:
    store.publish(BREAD)
    path = store.folder / "snapshots" / "000001" / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace(f'"format": {FORMAT}', '"format": 99'), encoding="utf-8")
    with pytest.raises(StoreVersionError):
        open_snapshot(store.folder)


def test_a_wrong_current_is_said_and_mended_by_the_next_publication(store: Store) -> None:
    store.publish(BREAD)
    (snapshots_folder(store.folder) / "CURRENT").write_text("lost", encoding="ascii")
    with pytest.raises(SnapshotError, match="workbench ingest"):
        open_snapshot(store.folder)
    (snapshots_folder(store.folder) / "CURRENT").write_text("7", encoding="ascii")
    assert store.publish().generation == 8
    with open_snapshot(store.folder) as snapshot:
        assert np.array_equal(snapshot.columns.searched, [True, True])


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    before = path.read_bytes()
    try:
        yield
    finally:
        path.write_bytes(before)
