"""What should have been found: by all exact cosines, and by the words that a query was taken from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.experiments.load.recall import recall_at
from workbench.experiments.peers.corpus import Corpus
from workbench.experiments.peers.peer import Floats, Ids, Window
from workbench.experiments.peers.questions import passing

_WORD = re.compile(r"[^\W_]+")
_WORD_CHARACTERS = 12  # as `load.queries` cuts the words of its queries


@dataclass(frozen=True, slots=True)
class Recall:
    """recall@k over some queries: mean and worst; how many answers were shorter than they could be, or not allowed."""

    queries: int
    mean: float
    worst: float
    short: int
    outside: int


class Truth:
    """All cosines of a corpus, worked out when asked for."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._vectors = corpus.centred(corpus.model_vectors)
        self._rows, self._times = corpus.rows, corpus.times

    def recall(self, answers: Sequence[Ids], vectors: Floats, k: int, window: Window | None = None) -> Recall:
        """How much of the truly nearest `k` the `answers` to the first of `vectors` (n, d) hold; ties are fair."""
        mask = np.ones(len(self._times), np.bool_) if window is None else passing(self._times, window)
        wanted = min(k, int(np.count_nonzero(mask)))
        recalls, short, outside = [], 0, 0
        for found, vector in zip(answers, vectors, strict=False):
            cosines = (self._vectors @ vector)[self._rows]
            numbers = np.unique(np.array(found, np.int64))
            allowed = numbers[mask[numbers]]
            recalls.append(recall_at(k, cosines[allowed], cosines[mask]))
            short += len(numbers) < wanted
            outside += len(numbers) - len(allowed)
        if not recalls:
            return Recall(0, 0.0, 0.0, 0, 0)
        return Recall(len(recalls), float(np.mean(recalls)), float(np.min(recalls)), short, outside)

    def known_items(self, answers: Sequence[Ids], texts: Sequence[str]) -> float:
        """The share of queries with a message among the answers that holds the query's words in a row."""
        hits = [
            any(holds(self._corpus.content(number), text) for number in found)
            for found, text in zip(answers, texts, strict=False)
        ]
        return float(np.mean(hits)) if hits else 0.0


def holds(content: str, text: str) -> bool:
    """Whether the words of `text` stand in `content`, one behind another."""
    return f" {_words(text)} " in f" {_words(content)} "


def _words(text: str) -> str:
    return " ".join(word[:_WORD_CHARACTERS].lower() for word in _WORD.findall(text))
