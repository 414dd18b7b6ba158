"""Everything compared with everything: numpy, no index. Its answers are the truth that the others are held to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from workbench.experiments.peers.corpus import Corpus
from workbench.experiments.peers.peer import Crowd, Floats, Ids, Peer, Question, Window, fused
from workbench.text.terms import STOP_WORDS

_K1, _B = 1.2, 0.75
_LISTED = 100  # of each leg
_WORD = re.compile(r"[^\W_]+")
Mask = NDArray[np.bool_]


class BruteForce(Peer):
    """One product with all vectors; BM25 (k1 1.2, b 0.75) over all postings of the words, weights worked out before."""

    name = "brute-force"
    title = "brute force (numpy)"
    how = "all vectors compared, BM25 over all postings of the words (not stemmed), RRF"
    weak = "time and memory grow with the store; more messages mean building anew"
    packages = ("numpy",)
    settings = MappingProxyType({"vectors": "f32", "k1": _K1, "b": _B, "listed": _LISTED})
    crowd = Crowd(processes=2, threads=1)

    def build(self, folder: Path, corpus: Corpus) -> None:
        """Vectors and times as they are; postings with the weight of each word in each message."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "vectors.npy", np.concatenate([one.vectors for one in corpus.batches()]))
        np.save(folder / "times.npy", corpus.times)
        np.save(folder / "numbers.npy", np.arange(corpus.first, corpus.first + len(corpus)))
        _write_postings(folder, [_WORD.findall(text.lower()) for one in corpus.batches() for text in one.contents])

    def add(self, folder: Path, corpus: Corpus) -> None:
        """Vectors and times behind the others; the words of what is new are not found before all is built anew."""
        parts = {
            "vectors": np.concatenate([one.vectors for one in corpus.batches()]), "times": corpus.times,
            "numbers": np.arange(corpus.first, corpus.first + len(corpus)),
        }  # fmt: skip
        for name, values in parts.items():
            np.save(folder / f"{name}.npy", np.concatenate([np.load(folder / f"{name}.npy"), values]))

    def open(self, folder: Path) -> BruteSearcher:
        """Vectors mapped, all else in memory."""
        return BruteSearcher(folder)


class BruteSearcher:
    """All arrays."""

    def __init__(self, folder: Path) -> None:
        self._vectors = np.load(folder / "vectors.npy", mmap_mode="r").view(np.ndarray)  # shared by processes
        self._times = np.load(folder / "times.npy")
        self._numbers = np.load(folder / "numbers.npy")
        self._ends, self._messages = np.load(folder / "ends.npy"), np.load(folder / "messages.npy")
        self._weights = np.load(folder / "weights.npy")
        words = (folder / "words.txt").read_text(encoding="utf-8").split("\n")
        self._terms = {word: number for number, word in enumerate(words)}

    def search(self, questions: Sequence[Question]) -> list[Ids]:
        """Both legs, fused by rank."""
        return [self._hybrid(one) for one in questions]

    def nearest(self, question: Question) -> Ids:
        """By all cosines."""
        return self._meaning(question, self._mask(question.window), question.k)

    def close(self) -> None:
        """Nothing is held open."""

    def _hybrid(self, question: Question) -> Ids:
        mask = self._mask(question.window)
        return fused(self._words(question.text, mask, _LISTED), self._meaning(question, mask, _LISTED), k=question.k)

    def _mask(self, window: Window | None) -> Mask | None:
        return None if window is None else (self._times >= window.after) & (self._times < window.before)

    def _meaning(self, question: Question, mask: Mask | None, count: int) -> Ids:
        cosines = self._vectors @ question.vector
        if mask is not None:
            cosines[~mask] = -np.inf
        return self._best(cosines, count)

    def _words(self, text: str, mask: Mask | None, count: int) -> Ids:
        scores = np.zeros(len(self._times), np.float32)
        for word in set(_WORD.findall(text.lower())) - STOP_WORDS:
            if (term := self._terms.get(word)) is not None:
                span = slice(self._ends[term - 1] if term else 0, self._ends[term])
                scores[self._messages[span]] += self._weights[span]
        if mask is not None:
            scores[~mask] = 0.0
        scores[scores == 0.0] = -np.inf
        return self._best(scores, count)

    def _best(self, scores: Floats, count: int) -> Ids:
        """Numbers of the best, those with no score (-inf) left out."""
        best = np.argpartition(-scores, count - 1)[:count] if count < len(scores) else np.arange(len(scores))
        best = best[np.lexsort((best, -scores[best]))]
        return [int(number) for number in self._numbers[best[scores[best] > -np.inf]]]


def _write_postings(folder: Path, texts: Sequence[Sequence[str]]) -> None:
    """Weight by posting, sorted by word: BM25 as Robertson et al. (TREC-3, 1994) have it, with Lucene's idf."""
    terms: dict[str, int] = {}
    lengths = np.array([len(words) for words in texts], np.float32)
    ids = np.fromiter((terms.setdefault(word, len(terms)) for words in texts for word in words), np.int64)
    keys = ids * len(texts) + np.repeat(np.arange(len(texts)), lengths.astype(np.int64))
    keys, counts = np.unique(keys, return_counts=True)
    term, message = np.divmod(keys, len(texts))
    spread = np.bincount(term, minlength=len(terms))
    rarity = np.array([log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for n in spread.tolist()], np.float32)
    norm = _K1 * (1 - _B + _B * lengths / max(1.0, float(lengths.mean())))
    weights = rarity[term] * counts * (_K1 + 1) / (counts + norm[message])
    np.save(folder / "ends.npy", np.cumsum(spread))
    np.save(folder / "messages.npy", message.astype(np.int32))
    np.save(folder / "weights.npy", weights.astype(np.float32))
    (folder / "words.txt").write_text("\n".join(terms), encoding="utf-8")


PEERS: dict[str, Peer] = {BruteForce.name: BruteForce()}
