"""A scratch store of a labelled set, made by the same code as a person's own and kept for the next run."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from workbench import record, sources
from workbench.embedding import Embedder
from workbench.evaluation.datasets import Dataset
from workbench.ingest import Progress
from workbench.ingest.vectorising import embed_missing
from workbench.parallel import ParallelPlan, executor
from workbench.record import Rows, WriterLock, count_missing, merge, open_record, to_rows
from workbench.snapshot import VectorSpace, publish

# What makes a generation of a record. While any of it is the same, so is the generation.
_MAKERS = ("index", "record", "snapshot", "text")
_MADE_BY = "made-by"
_INLINE = ParallelPlan("inline", 1, "the sets are small")


def scratch_store(dataset: Dataset, embedder: Embedder, *, work: Path, progress: Progress) -> Path:
    """The store of `dataset` with the vectors of `embedder`, below `work`; made if it is not there.

    Its folder is named by a digest of all rows (so by the set's files, the parsers and the passages) and by the model.
    It is published anew if the code that publishes has changed.

    Raises:
        StoreLockedError: Another process is making it.
    """
    progress.start(f"{dataset.name}: reading", 0, "")
    rows = to_rows(dataset.transcripts, parser_revision=sources.REVISION)
    progress.finish()
    store = work / f"{dataset.name}-{_digest(rows)}-{embedder.fingerprint}"
    with WriterLock(store), open_record(store) as database:
        merge(database, rows)
        if missing := count_missing(database, embedder.fingerprint):
            progress.start(f"{dataset.name}: embedding with {embedder.name}", missing, "texts")
            with executor(_INLINE) as run:
                embed_missing(database, embedder, run, progress)
            progress.finish()
        makers = _code_digest()
        note = store / _MADE_BY
        if not note.exists() or note.read_text(encoding="utf-8") != makers:
            shutil.rmtree(store / "snapshots", ignore_errors=True)
        progress.start(f"{dataset.name}: publishing", 0, "")
        publish(database, store, VectorSpace(embedder.name, embedder.fingerprint, embedder.dimensions))
        progress.finish()
        note.write_text(makers, encoding="utf-8")
    return store


def _digest(rows: Rows) -> str:
    """Of everything that the search could see of the rows."""
    digest = hashlib.blake2b(digest_size=8)
    columns = (
        (rows.conversations, ("row_hash", "parser_revision")),
        (rows.messages, ("row_hash",)),
        (rows.passages, ("message_id", "hash")),
    )
    for table, names in columns:
        for name in names:
            digest.update("\n".join(map(str, table[name].to_pylist())).encode())
    return digest.hexdigest()


def _code_digest() -> str:
    package = Path(record.__file__).parent.parent
    digest = hashlib.blake2b(digest_size=8)
    for maker in _MAKERS:
        for path in sorted((package / maker).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
