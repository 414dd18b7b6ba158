"""Making a generation from the record."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.errors import SnapshotError
from workbench.index import LexicalIndex, VectorIndex, VectorProfile
from workbench.model import content_hash
from workbench.record import Database
from workbench.snapshot import catalog, generations
from workbench.snapshot.manifest import Manifest, describe_folder

LEXICAL_FOLDER, VECTORS_FOLDER = "lexical", "vectors"
_BLOCK = 16_384

_TEXTS = """
    SELECT DISTINCT p.hash FROM passages p JOIN snap.messages m ON m.id = p.message_id
    JOIN vectors v ON v.hash = p.hash AND v.model = $model WHERE m.searched"""
_OWNERS = f"""
    SELECT t.row, m.ordinal FROM (SELECT hash, row_number() OVER (ORDER BY hash) - 1 AS row FROM ({_TEXTS})) t
    JOIN passages p ON p.hash = t.hash JOIN snap.messages m ON m.id = p.message_id
    WHERE m.searched ORDER BY t.row, m.ordinal"""


def publish(
    database: Database,
    store: Path,
    *,
    embedder: str,
    fingerprint: str,
    dimensions: int,
    profile: VectorProfile | None = None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Make a generation from the record and switch to it. The caller holds the WriterLock.

    If nothing has changed since the current generation was made, that one is returned and nothing is written.
    `on_stage` is told what is being made, for progress displays.

    Raises:
        StoreError: The record cannot be read or the disk not be written; the current generation stays.
    """
    profile = profile or VectorProfile()
    revision = int(database.value("SELECT value FROM facts WHERE name = 'revision'"))
    current = current_manifest(store)
    if current and (current.record_revision, current.fingerprint, dict(current.profile)) == (
        revision, fingerprint, profile.as_dict(),
    ):  # fmt: skip
        return current
    generation = generations.next_generation(store)
    folder = generations.begin(store, generation)
    on_stage("catalog")
    catalog.write_catalog(database, folder)
    try:
        assistants = [name for (name,) in database.rows("SELECT DISTINCT assistant FROM snap.conversations ORDER BY 1")]
        catalog.write_columns(database, folder / catalog.COLUMNS_FOLDER, assistants)
        on_stage("words")
        (folder / LEXICAL_FOLDER).mkdir()
        LexicalIndex.build(folder / LEXICAL_FOLDER, catalog.documents(database))
        on_stage("vectors")
        texts = _write_owners(database, folder / catalog.COLUMNS_FOLDER, fingerprint)
        digest = content_hash(f"{texts.digest} {fingerprint} {dimensions} {sorted(profile.as_dict().items())}")
        _write_vectors(database, store, folder, current, digest, texts.count, dimensions, fingerprint, profile)
        counts = _counts(database, texts.count, fingerprint)
        per_assistant = dict(database.rows("SELECT assistant, count(*) FROM snap.messages GROUP BY ALL ORDER BY ALL"))
    finally:
        catalog.close_catalog(database)
    on_stage("manifest")
    manifest = Manifest(
        generation=generation,
        created_at=datetime.now(UTC).isoformat("T", "seconds"),
        record_revision=revision,
        counts=counts,
        assistants=per_assistant,
        embedder=embedder,
        fingerprint=fingerprint,
        dimensions=dimensions,
        profile=profile.as_dict(),
        texts_digest=digest,
        files=describe_folder(folder),
    )
    manifest.write(folder)
    generations.commit(store, folder, generation)
    generations.sweep(store)
    return manifest


class _Texts:
    """The unique texts of a generation: how many, and a digest over their hashes."""

    def __init__(self, count: int, digest: str) -> None:
        self.count = count
        self.digest = digest


def current_manifest(store: Path) -> Manifest | None:
    """The manifest of the current generation; None if there is none that can be read, and all is to be made anew."""
    try:
        generation = generations.current_generation(store)
        return Manifest.read(generations.generation_folder(store, generation)) if generation else None
    except (SnapshotError, FileNotFoundError):
        return None


def _write_owners(database: Database, folder: Path, fingerprint: str) -> _Texts:
    """Write which messages each text stands for (offsets and ordinals, row by row), and each message's first text."""
    pairs = database.arrow(_OWNERS, {"model": fingerprint})
    rows = pairs["row"].to_numpy().astype(np.int64)
    owners = pairs["ordinal"].to_numpy().astype(np.int32)
    count = int(rows[-1]) + 1 if len(rows) else 0
    messages = int(database.value("SELECT count(*) FROM snap.messages"))
    text_of = np.full(messages, -1, np.int32)
    text_of[owners[::-1]] = rows[::-1]  # from the last to the first, so that the first of several stays
    np.save(folder / "owners.npy", owners)
    np.save(folder / "owner_offsets.npy", np.searchsorted(rows, np.arange(count + 1)).astype(np.int64))
    np.save(folder / "text.npy", text_of)
    digest = hashlib.blake2b(digest_size=16)
    for batch in database.cursor().batches(f"{_TEXTS} ORDER BY 1", _BLOCK, {"model": fingerprint}):
        digest.update("".join(batch.column(0).to_pylist()).encode())
    return _Texts(count, digest.hexdigest())


def _write_vectors(
    database: Database, store: Path, folder: Path, current: Manifest | None, digest: str, rows: int, dimensions: int,
    fingerprint: str, profile: VectorProfile,
) -> None:  # fmt: skip
    """The vector index: the current generation's files, linked, if they are of the same texts; else built."""
    target = folder / VECTORS_FOLDER
    if current and current.texts_digest == digest:
        source = generations.generation_folder(store, current.generation) / VECTORS_FOLDER
        shutil.copytree(source, target, copy_function=_link)
        return
    target.mkdir()
    blocks = _vector_blocks(database, fingerprint)
    VectorIndex.build(target, blocks, rows=rows, dimensions=dimensions, profile=profile)


def _link(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _vector_blocks(database: Database, fingerprint: str) -> Iterator[NDArray[np.float16]]:
    query = f"""SELECT v.vector FROM vectors v WHERE v.model = $model AND v.hash IN ({_TEXTS}) ORDER BY v.hash"""
    for batch in database.cursor().batches(query, _BLOCK, {"model": fingerprint}):
        blobs = batch.column(0).to_pylist()
        yield np.frombuffer(b"".join(blobs), dtype="<f2").reshape(len(blobs), -1)


def _counts(database: Database, texts: int, fingerprint: str) -> dict[str, int]:
    pending = """SELECT count(DISTINCT p.hash) FROM passages p JOIN snap.messages m ON m.id = p.message_id
        WHERE m.searched AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = p.hash AND v.model = $model)"""
    return {
        "conversations": int(database.value("SELECT count(*) FROM snap.conversations")),
        "messages": int(database.value("SELECT count(*) FROM snap.messages")),
        "searched": int(database.value("SELECT count(*) FROM snap.messages WHERE searched")),
        "artifacts": int(database.value("SELECT count(*) FROM snap.artifacts")),
        "texts": texts,
        "pending": int(database.value(pending, {"model": fingerprint})),
    }
