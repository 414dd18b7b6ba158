"""The teacher: all-MiniLM-L6-v2, whose vectors are kept on disk because they take most of the time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.embedding.embedder import Embedder, Vectors

_BLOCK = 4096  # texts embedded between two writes


class Teacher:
    """Vectors of texts, computed once each.

    `folder` keeps them as pairs of files: `NNNN.keys.npy` (uint64, a digest of the text) and `NNNN.vectors.npy`
    (float16, unit rows).
    """

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def vectors(self, texts: Sequence[str], said: Callable[[int, int], None]) -> Vectors:
        """Unit vectors (len(texts), dimensions) in float32; `said` hears (texts done, texts there were to do)."""
        keys = np.array([_key(text) for text in texts], dtype=np.uint64)
        known, _ = self._kept()
        missing = dict(zip(keys.tolist(), texts, strict=True))
        for key in known.tolist():
            missing.pop(key, None)
        todo = list(missing.items())
        for start in range(0, len(todo), _BLOCK):
            block = todo[start : start + _BLOCK]
            vectors = self._embedder.embed([text for _, text in block])
            self._keep(np.array([key for key, _ in block], dtype=np.uint64), vectors.astype(np.float16))
            said(start + len(block), len(todo))
        known, vectors16 = self._kept()
        order = np.argsort(known)
        return vectors16[order[np.searchsorted(known[order], keys)]].astype(np.float32)

    def _kept(self) -> tuple[NDArray[np.uint64], NDArray[np.float16]]:
        """Keys and vectors of everything kept so far."""
        pairs = [(path, path.with_name(path.name.replace("keys", "vectors"))) for path in self._key_files()]
        if not pairs:
            return np.zeros(0, np.uint64), np.zeros((0, self._embedder.dimensions), np.float16)
        return (
            np.concatenate([np.load(keys) for keys, _ in pairs]),
            np.concatenate([np.load(vectors) for _, vectors in pairs]),
        )

    def _key_files(self) -> list[Path]:
        return sorted(self._folder.glob("*.keys.npy"))

    def _keep(self, keys: NDArray[np.uint64], vectors: NDArray[np.float16]) -> None:
        name = f"{len(self._key_files()):04d}"
        np.save(self._folder / f"{name}.vectors.npy", vectors)  # first: a block counts once its keys are there
        np.save(self._folder / f"{name}.keys.npy", keys)


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
