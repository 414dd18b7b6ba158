"""The messages, vectors and queries that every peer gets: taken from a store once, kept as plain files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
from numpy.typing import NDArray

from workbench.errors import UsageError
from workbench.model import content_hash
from workbench.record import RECORD_FILE, connect_read_only
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import NO_TIME, ROLES
from workbench.text.passages import passages

Floats = NDArray[np.float32]
UNTIMED = -1
"""In place of a time that is not known: before every window, and a number that every peer takes."""

_MESSAGES, _VECTORS, _MEAN, _HASHES = "messages.arrow", "vectors.f16.npy", "mean.f32.npy", "hashes.npy"
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Some messages: numbers, texts, times (microseconds since 1970 or UNTIMED), vectors (n, d) of length 1."""

    numbers: list[int]
    contents: list[str]
    times: list[int]
    vectors: Floats


@dataclass(frozen=True, slots=True)
class Corpus:
    """Messages with vectors, numbered from `first`; equal texts share a vector.

    `table` has conversation, position, role, assistant, time and content of each message, `row` that of its vector.
    `model_vectors` (unique texts, d) are as the model gave them, `hashes` those of their texts. Peers get them less
    `mean` and scaled to length 1 again, as our own index compares them: so that all are measured in one space, and
    none loses recall to the common direction of static vectors (docs/performance.md).
    """

    table: pa.Table
    model_vectors: NDArray[np.float16]
    mean: Floats
    hashes: NDArray[np.str_]
    first: int = 0

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self.model_vectors.shape[1])

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of each message's vector."""
        return np.asarray(self.table["row"].to_numpy(), np.int64)

    @property
    def times(self) -> NDArray[np.int64]:
        """Of each message, in microseconds since 1970; UNTIMED where it is not known."""
        return np.asarray(self.table["time"].to_numpy(), np.int64)

    def content(self, number: int) -> str:
        """The text of one message."""
        return str(self.table["content"][number - self.first].as_py())

    def centred(self, vectors: NDArray[Any]) -> Floats:
        """Vectors (n, d) of the model in the space that all peers search."""
        moved = vectors.astype(np.float32) - self.mean
        norms = np.linalg.norm(moved, axis=1, keepdims=True)
        norms[norms == 0] = 1.0
        # Rounded as our index keeps them, so that nobody's answer is judged by finer vectors than it was given.
        return np.asarray((moved / norms).astype(np.float16), dtype=np.float32)

    def batches(self, size: int = _BATCH) -> Iterator[Batch]:
        """All messages, in order."""
        rows, at = self.rows, 0
        for part in self.table.select(["content", "time"]).to_batches(max_chunksize=size):
            numbers = list(range(self.first + at, self.first + at + part.num_rows))
            vectors = self.centred(self.model_vectors[rows[at : at + part.num_rows]])
            yield Batch(numbers, part.column("content").to_pylist(), part.column("time").to_pylist(), vectors)
            at += part.num_rows

    def write(self, folder: Path) -> None:
        """Keep it in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        feather.write_feather(self.table, str(folder / _MESSAGES), compression="uncompressed")
        for name, values in ((_VECTORS, self.model_vectors), (_MEAN, self.mean), (_HASHES, self.hashes)):
            np.save(folder / name, values)

    @classmethod
    def read(cls, folder: Path) -> Corpus:
        """What `write` kept, mapped into memory."""
        vectors = np.load(folder / _VECTORS, mmap_mode="r").view(np.ndarray)
        table = feather.read_table(str(folder / _MESSAGES), memory_map=True)
        return cls(table, vectors, np.load(folder / _MEAN), np.load(folder / _HASHES))

    @classmethod
    def of_store(cls, snapshot: Snapshot) -> Corpus:
        """All messages of a store that are searched and have words. What is beside the text of messages is left out.

        Raises:
            UsageError: There is none with a vector.
        """
        contents, ordinals, texts = [], [], []
        for ordinal in np.flatnonzero(snapshot.columns.searched).tolist():
            content = snapshot.texts.content[ordinal]
            if parts := passages(content):
                contents.append(content)
                ordinals.append(ordinal)
                texts.append(content_hash(parts[0]))
        hashes, vectors = _vectors(snapshot)
        there = np.isin(texts, hashes)
        if not there.any():
            raise UsageError("the store has no message with a vector", "", "import some conversations first")
        contents = [content for content, one in zip(contents, there.tolist(), strict=True) if one]
        unique, row = np.unique(np.array(texts)[there], return_inverse=True)
        kept = vectors[np.searchsorted(hashes, unique)]
        table = _table(snapshot, np.array(ordinals)[there], contents, row)
        return cls(table, kept, _mean(kept), unique)


def one_message(corpus: Corpus, content: str, vector: Floats) -> Corpus:
    """A corpus of one more message, of a conversation of its own, with the vector (d,) that the model gives it."""
    values = {
        "conversation": [int(np.max(corpus.table["conversation"].to_numpy())) + 1], "position": [0], "role": ["user"],
        "assistant": corpus.table["assistant"][:1].to_pylist(), "time": [int(corpus.times.max())],
        "content": [content], "row": [0],
    }  # fmt: skip
    hashes = np.array([content_hash(passages(content)[0])])
    return Corpus(
        pa.table(values, corpus.table.schema), vector[None].astype(np.float16), corpus.mean, hashes, len(corpus)
    )


def _mean(vectors: NDArray[np.float16]) -> Floats:
    return np.asarray(vectors.sum(axis=0, dtype=np.float64) / len(vectors), np.float32)


def _vectors(snapshot: Snapshot) -> tuple[NDArray[np.str_], NDArray[np.float16]]:
    """The hashes of all texts with a vector of the store's model, sorted, and these vectors as the model gave them."""
    with connect_read_only(snapshot.store / RECORD_FILE) as record:
        table = record.arrow(
            "SELECT hash, vector FROM vectors WHERE model = $model ORDER BY hash",
            {"model": snapshot.manifest.fingerprint},
        )
    joined = b"".join(table["vector"].to_pylist())
    return np.array(table["hash"].to_pylist(), np.str_), np.frombuffer(joined, "<f2").reshape(table.num_rows, -1)


def _table(snapshot: Snapshot, ordinals: NDArray[np.int64], contents: list[str], row: NDArray[np.int64]) -> pa.Table:
    columns = snapshot.columns
    times = columns.time[ordinals]
    return pa.table(
        {
            "conversation": columns.conversation[ordinals].astype(np.int64),
            "position": snapshot.texts.positions[ordinals],
            "role": np.array(ROLES)[columns.role[ordinals]],
            "assistant": np.array(snapshot.assistants)[columns.assistant[ordinals]],
            "time": np.where(times == NO_TIME, UNTIMED, times),
            "content": contents,
            "row": row.astype(np.int64),
        }
    )
