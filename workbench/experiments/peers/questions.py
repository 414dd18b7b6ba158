"""The queries that every peer is asked: text, vector, and the windows of time that filters keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from workbench.embedding import Embedder
from workbench.experiments.peers.corpus import UNTIMED, Corpus
from workbench.experiments.peers.peer import Floats, Question, Window

SHARES = (0.5, 0.1, 0.01)
_FILE, _VECTORS = "questions.json", "questions.npz"
_WINDOW_AT = 0.3  # where in time a window begins, as a share of the messages


@dataclass(frozen=True, slots=True)
class Narrow:
    """A window that was to keep `share` of the messages, and how many it keeps."""

    share: float
    kept: int
    window: Window


@dataclass(frozen=True, slots=True)
class Questions:
    """Texts with their vectors (n, d), in the space of the corpus and as the model gave them; and the filters."""

    texts: tuple[str, ...]
    vectors: Floats
    model_vectors: Floats
    windows: tuple[Narrow, ...]
    k: int = 10

    @classmethod
    def embed(
        cls, texts: Sequence[str], embedder: Embedder, corpus: Corpus, *, shares: Sequence[float] = SHARES, k: int = 10
    ) -> Questions:
        """Those of `texts` that have a vector, embedded beforehand, and a window for each share."""
        given = embedder.embed(texts)
        there = np.linalg.norm(given, axis=1) > 0
        kept = tuple(text for text, one in zip(texts, there.tolist(), strict=True) if one)
        return cls(kept, corpus.centred(given[there]), given[there], tuple(windows(corpus.times, shares)), k)

    def asked(self, window: Window | None = None, most: int | None = None) -> list[Question]:
        """The first `most` of them (all if None)."""
        rows = zip(self.texts[:most], self.vectors, self.model_vectors, strict=False)
        return [Question(text, vector, given, self.k, window) for text, vector, given in rows]

    def write(self, folder: Path) -> None:
        """Keep them in `folder`."""
        np.savez(folder / _VECTORS, vectors=self.vectors, model_vectors=self.model_vectors)
        plain = {"texts": self.texts, "windows": self.windows, "k": self.k}
        (folder / _FILE).write_bytes(orjson.dumps(plain))

    @classmethod
    def read(cls, folder: Path) -> Questions:
        """What `write` kept."""
        arrays, found = np.load(folder / _VECTORS), orjson.loads((folder / _FILE).read_bytes())
        narrow = tuple(
            Narrow(one["share"], one["kept"], Window(one["window"]["after"], one["window"]["before"]))
            for one in found["windows"]
        )
        return cls(tuple(found["texts"]), arrays["vectors"], arrays["model_vectors"], narrow, found["k"])


def windows(times: NDArray[np.int64], shares: Sequence[float]) -> list[Narrow]:
    """A stretch of time for each share that the messages have room for."""
    timed = np.sort(times[times != UNTIMED])
    out = []
    for share in shares:
        wanted = max(1, round(share * len(times)))
        if wanted >= len(timed):
            continue
        start = min(int(_WINDOW_AT * len(timed)), len(timed) - wanted - 1)
        window = Window(int(timed[start]), int(timed[start + wanted]))
        kept = int(np.count_nonzero(passing(times, window)))
        if kept:
            out.append(Narrow(share, kept, window))
    return out


def passing(times: NDArray[np.int64], window: Window) -> NDArray[np.bool_]:
    """Which messages a window lets pass."""
    return (times >= window.after) & (times < window.before)
