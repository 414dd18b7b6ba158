"""BM25 as others measured it, to tell whether a set is set up as theirs was: not a way to search a store.

Our own BM25 leaves more words out of a query and knows of titles and files. If this one gives what was published, then
loader, judgements and measures are as they should be. It follows bm25s (Lù, 2024, "BM25S: Orders of magnitude faster
lexical search") with its defaults: words of two characters or more, Lucene's 33 English stop words left out, stems,
k1 1.5; how rare a word is counts over the whole set, also where a query ranks one conversation.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

import numpy as np

from workbench.evaluation.datasets import Dataset
from workbench.evaluation.judgements import JudgedQuery
from workbench.model import SEARCHED_KINDS, Message

REFERENCE = "BM25, textbook"
_K1, _B = 1.5, 0.75
_WORD = re.compile(r"\w\w+")
_STOP_WORDS = frozenset(
    """a an and are as at be but by for if in into is it no not of on or such that the their then there these they
    this to was will with""".split()
)


class ReferenceBM25:
    """Ranks messages for any text, its words stemmed by `stem`.

    score(d) = sum over the words w of the query of ln(1 + (N - n + 0.5) / (n + 0.5)) tf (k1 + 1) / (tf + k1 (1 - b + b
    |d| / avg)), n of the N messages holding w, k1 = 1.5, b = 0.75: Robertson et al. (TREC-3, 1994), with the idf of
    Lucene, which is never negative.
    """

    def __init__(self, messages: Iterable[Message], stem: Callable[[str], str]) -> None:
        self._stem = stem
        self._ids: list[str] = []
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        lengths: list[int] = []
        pools: list[str] = []
        for number, message in enumerate(messages):
            words = self._words(message.content)
            self._ids.append(message.id)
            pools.append(message.conversation_id)
            lengths.append(len(words))
            for word, times in Counter(words).items():
                self._postings[word].append((number, times))
        self._pools = np.array(pools)
        sizes = np.array(lengths, np.float64)
        self._norm = _K1 * (1 - _B + _B * sizes / max(1.0, float(sizes.mean()) if lengths else 1.0))

    def _words(self, text: str) -> list[str]:
        words = (word for word in _WORD.findall(text.lower()) if word not in _STOP_WORDS)
        return [form for word in words if (form := self._stem(word))]

    def ranking(self, text: str, depth: int, pool: str | None = None) -> list[str]:
        """Ids of the best `depth` messages that hold a word of `text`, best first; equal ones in their own order.

        `pool` is the conversation they have to be of. How rare a word is counts over all messages nevertheless.
        """
        scores = np.zeros(len(self._ids))
        for word in self._words(text):
            if postings := self._postings.get(word):
                at, times = np.array(postings).T
                rarity = math.log(1 + (len(scores) - len(at) + 0.5) / (len(at) + 0.5))
                scores[at] += rarity * times * (_K1 + 1) / (times + self._norm[at])
        if pool is not None:
            scores[self._pools != pool] = 0
        best = np.argsort(-scores, kind="stable")[:depth]
        return [self._ids[number] for number in best if scores[number] > 0]


def reference_rankings(
    dataset: Dataset, judged: Iterable[JudgedQuery], stem: Callable[[str], str], depth: int
) -> list[list[str]]:
    """The rankings of all queries, each within its own pool."""
    messages = (message for one in dataset.transcripts for message in one.messages)
    bm25 = ReferenceBM25((one for one in messages if not one.hidden and one.kind in SEARCHED_KINDS), stem)
    return [bm25.ranking(query.text, depth, query.pool) for query in judged]
