"""Vectors in the record, by text and model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.record.database import Database
from workbench.text.passages import passages

_MISSING = """
    FROM passages p JOIN messages m ON m.id = p.message_id
    WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = p.hash AND v.model = $model)"""


def count_missing(database: Database, model: str) -> int:
    """How many different texts have no vector of the model with fingerprint `model`."""
    return int(database.value(f"SELECT count(DISTINCT p.hash) {_MISSING}", {"model": model}))


def missing_passages(database: Database, model: str, *, batch: int) -> Iterator[tuple[list[str], list[str]]]:
    """Hashes and texts that have no vector of `model` yet, each once, ordered by hash, in lists of at most `batch`.

    What is missing is decided at the start; vectors may be added while this is being read.
    """
    cursor = database.cursor()
    query = f"""SELECT p.hash, arg_min(m.content, m.id) AS content, arg_min(p.ordinal, m.id) AS ordinal {_MISSING}
                GROUP BY p.hash ORDER BY p.hash"""
    try:
        for found in cursor.batches(query, batch, {"model": model}):
            columns = found.to_pydict()
            texts = [passages(c)[o] for c, o in zip(columns["content"], columns["ordinal"], strict=True)]
            yield columns["hash"], texts
    finally:
        cursor.close()


def add_vectors(database: Database, model: str, hashes: Sequence[str], vectors: NDArray[np.float16]) -> int:
    """Store `vectors` (n, d) float16 under their `hashes`; returns how many were written."""
    if not hashes:
        return 0
    width = vectors.shape[1] * 2
    raw = pa.py_buffer(np.ascontiguousarray(vectors, dtype="<f2"))
    blobs = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(hashes), [None, raw])
    table = pa.table(
        {"hash": pa.array(hashes), "model": pa.array([model] * len(hashes)), "vector": blobs.cast(pa.binary())}
    )
    with database.tables(incoming_vectors=table), database.transaction():
        database.run("INSERT INTO vectors BY NAME SELECT * FROM incoming_vectors")
        database.run("UPDATE facts SET value = value + 1 WHERE name = 'revision'")
    return len(hashes)
