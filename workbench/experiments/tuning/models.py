"""The store's texts as another model sees them: a scratch copy, so that a trial leaves the store as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

from workbench.embedding import Embedder, load_embedder
from workbench.errors import UsageError
from workbench.ingest import Progress
from workbench.ingest.vectorising import embed_missing
from workbench.parallel import executor, plan_parallel
from workbench.record import RECORD_FILE, WriterLock, count_missing, open_record
from workbench.snapshot import Snapshot, VectorSpace, open_snapshot, publish


def scratch_snapshot(store: Path, name: str, folder: Path, progress: Progress) -> tuple[Snapshot, Embedder]:
    """A generation of a copy of the store's record, in `folder`, with the vectors of the embedder `name`.

    Vectors that the record has are used, the others are made.

    Raises:
        UsageError: The store has no record: it is a replica.
        StoreLockedError: Another process is writing to it.
        EmbeddingError: The model cannot be loaded.
    """
    embedder = load_embedder(name)
    if not (store / RECORD_FILE).exists():
        raise UsageError(f"{store} has no record", "without one no other embedder can be tried", "tune the original")
    folder.mkdir(parents=True)
    with WriterLock(store):
        shutil.copy2(store / RECORD_FILE, folder / RECORD_FILE)
    with WriterLock(folder), open_record(folder) as database:
        missing = count_missing(database, embedder.fingerprint)
        progress.start(f"embedding with {name}", missing, "texts")
        with executor(plan_parallel("off", missing / embedder.texts_per_second, workers=None)) as run:
            embed_missing(database, embedder, run, progress)
        progress.finish()
        publish(database, folder, VectorSpace(embedder.name, embedder.fingerprint, embedder.dimensions))
    return open_snapshot(folder), embedder
