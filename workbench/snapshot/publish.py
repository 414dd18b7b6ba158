"""Making a generation from the record."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import SnapshotError, StoreVersionError
from workbench.index import LexicalIndex, VectorIndex, VectorProfile
from workbench.model import content_hash
from workbench.record import Database, absorbed, journal
from workbench.snapshot import catalog, generations
from workbench.snapshot.manifest import Manifest, describe_folder
from workbench.snapshot.texts import TEXTS_FOLDER, write_texts

LEXICAL_FOLDER, VECTORS_FOLDER = "lexical", "vectors"
_BLOCK = 16_384

_TEXTS = """
    SELECT DISTINCT p.hash FROM passages p JOIN snap.messages m ON m.id = p.message_id
    JOIN vectors v ON v.hash = p.hash AND v.model = $model WHERE m.searched"""
_OWNERS = f"""
    SELECT t.row, m.ordinal FROM (SELECT hash, row_number() OVER (ORDER BY hash) - 1 AS row FROM ({_TEXTS})) t
    JOIN passages p ON p.hash = t.hash JOIN snap.messages m ON m.id = p.message_id
    WHERE m.searched ORDER BY t.row, m.ordinal"""


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """Whose vectors a generation holds, how they are indexed, and how it is to be searched.

    `embedder` is the name to load the model by, `fingerprint` and `dimensions` are the model's. `search` and `tuned_by`
    are as in `Manifest`.
    """

    embedder: str
    fingerprint: str
    dimensions: int
    profile: VectorProfile = field(default_factory=VectorProfile)
    search: Mapping[str, int | float | str] = field(default_factory=dict)
    tuned_by: Mapping[str, Any] = field(default_factory=dict)


def publish(database: Database, store: Path, space: VectorSpace, *, anew: bool = False) -> Manifest:
    """Make a generation from the record and switch to it. The caller holds the WriterLock.

    If nothing has changed since the current generation was made, that one is returned and nothing is written; with
    `anew` a generation is made all the same, and no file of the current one is used again. What every generation then
    holds is taken out of the journal.

    Raises:
        StoreError: The record cannot be read or the disk not be written; the current generation stays.
    """
    revision = int(database.value("SELECT value FROM facts WHERE name = 'revision'"))
    current = None if anew else current_manifest(store)
    if current and _is_up_to_date(current, revision, space):
        return current
    generation = generations.next_generation(store)
    folder = generations.begin(store, generation)
    catalog.write_catalog(database, folder)
    try:
        parts = _write_parts(database, store, folder, current, space)
    finally:
        catalog.close_catalog(database)
    manifest = Manifest(
        generation=generation,
        created_at=datetime.now(UTC).isoformat("T", "seconds"),
        record_revision=revision,
        counts=parts.counts,
        assistants=parts.assistants,
        embedder=space.embedder,
        fingerprint=space.fingerprint,
        dimensions=space.dimensions,
        profile=space.profile.as_dict(),
        texts_digest=parts.digest,
        files=describe_folder(folder),
        journal_sequence=absorbed(database),
        search=dict(space.search),
        tuned_by=dict(space.tuned_by),
    )
    manifest.write(folder)
    generations.commit(store, folder, generation)
    generations.sweep(store)
    journal.compact(store, _in_every_generation(store))
    return manifest


def _in_every_generation(store: Path) -> int:
    """The sequence up to which all generations that are still there hold the memories.

    A generation that somebody reads is there: that reader still needs what it lacks from the journal.
    """
    return min((_journal_sequence(folder) for folder in generations.folders(store)), default=0)


def _journal_sequence(folder: Path) -> int:
    try:
        return Manifest.read(folder).journal_sequence
    except (SnapshotError, StoreVersionError, FileNotFoundError):  # whatever it lacks is kept in the journal
        return 0


def current_manifest(store: Path) -> Manifest | None:
    """The manifest of the current generation; None if there is none that can be read, and all is to be made anew."""
    try:
        generation = generations.current_generation(store)
        return Manifest.read(generations.generation_folder(store, generation)) if generation else None
    except (SnapshotError, FileNotFoundError):
        return None


def _is_up_to_date(current: Manifest, revision: int, space: VectorSpace) -> bool:
    made_from = (current.record_revision, current.fingerprint, dict(current.profile), dict(current.search))
    return made_from == (revision, space.fingerprint, space.profile.as_dict(), dict(space.search))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the manifest has to say of the parts that were written."""

    counts: Mapping[str, int]
    assistants: Mapping[str, int]
    digest: str


def _write_parts(database: Database, store: Path, folder: Path, current: Manifest | None, space: VectorSpace) -> _Parts:
    """Write columns, words and vectors of the attached catalog."""
    assistants = dict(database.rows("SELECT assistant, count(*) FROM snap.messages GROUP BY ALL ORDER BY ALL"))
    catalog.write_columns(database, folder / catalog.COLUMNS_FOLDER, sorted(assistants))
    write_texts(database, folder / TEXTS_FOLDER)
    (folder / LEXICAL_FOLDER).mkdir()
    LexicalIndex.build(folder / LEXICAL_FOLDER, catalog.documents(database))
    texts = _write_owners(database, folder / catalog.COLUMNS_FOLDER, space.fingerprint)
    digest = content_hash(f"{texts.digest} {space.fingerprint} {space.dimensions} {space.profile.build}")
    target = folder / VECTORS_FOLDER
    if current and current.texts_digest == digest:  # the same texts and model: share the files, write nothing
        source = generations.generation_folder(store, current.generation) / VECTORS_FOLDER
        shutil.copytree(source, target, copy_function=generations.link_or_copy)
    else:
        target.mkdir()
        blocks = _vector_blocks(database, space.fingerprint)
        VectorIndex.build(target, blocks, rows=texts.count, dimensions=space.dimensions, profile=space.profile)
    return _Parts(_counts(database, texts.count, space.fingerprint), assistants, digest)


@dataclass(frozen=True, slots=True)
class _Texts:
    """The unique texts of a generation: how many, and a digest over their hashes."""

    count: int
    digest: str


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
