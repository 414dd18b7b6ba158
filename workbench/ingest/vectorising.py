"""Giving every new text its vector, in batches, wherever the executor runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workbench.embedding import Embedder, load_embedder
from workbench.errors import EmbeddingError
from workbench.ingest.progress import Progress
from workbench.parallel import Executor
from workbench.record import Database, add_vectors, missing_passages

_BATCH_TEXTS = 1024


@dataclass(frozen=True, slots=True)
class _Texts:
    hashes: list[str]
    texts: list[str]


@dataclass(frozen=True, slots=True)
class _Vectors:
    hashes: list[str]
    vectors: NDArray[np.float16]
    fingerprint: str


def embed_missing(database: Database, embedder: Embedder, run: Executor, progress: Progress) -> int:
    """Embed every text that has no vector of this model, each once; returns how many that were.

    Raises:
        EmbeddingError: A worker has another version of the model than this process.
    """
    written = 0
    batches = _batches(database, embedder.fingerprint)
    for done in run.map(partial(_make_worker, embedder.name), batches):
        if done.fingerprint != embedder.fingerprint:
            raise EmbeddingError(
                f"a worker embeds with {done.fingerprint}, this process with {embedder.fingerprint}",
                "their vectors cannot be compared",
                "install the same versions on every node of the cluster, or use `--ray off`",
            )
        written += add_vectors(database, embedder.fingerprint, done.hashes, done.vectors)
        progress.advance(len(done.hashes))
    return written


def _batches(database: Database, fingerprint: str) -> Iterator[_Texts]:
    for hashes, texts in missing_passages(database, fingerprint, batch=_BATCH_TEXTS):
        yield _Texts(hashes, texts)


def _make_worker(name: str) -> Callable[[_Texts], _Vectors]:
    embedder = load_embedder(name)

    def work(batch: _Texts) -> _Vectors:
        return _Vectors(batch.hashes, embedder.embed(batch.texts).astype(np.float16), embedder.fingerprint)

    return work
