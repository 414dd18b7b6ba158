"""BM25 over documents in memory, on the scale of the index beside which they are.

What was remembered a moment ago is in no index yet. It is scored as it will be once it is: with the same terms, the
same formula and the statistics of the index and these documents together. For some thousand documents.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.index.lexical.index import LexicalIndex
from workbench.index.lexical.matching import is_error
from workbench.model import Words

_K1, _B = 1.2, 0.75  # as tantivy has them
_EXACT_LENGTHS, _MANTISSA = 24, 4
Documents = NDArray[np.int64]
Scores = NDArray[np.float32]


class LexicalTail:
    """Documents, numbered from 0 as they are added, beside `index`.

    Every question names how many documents there are to it (`count`), so that it has one answer for ever. One thread
    may add while others ask.
    """

    def __init__(self, index: LexicalIndex) -> None:
        self._match = index.matcher
        self._in_index = index.matcher.documents
        self._length_in_index = self._in_index * index.matcher.mean_length()
        self._postings: dict[str, tuple[array[int], array[int]]] = {}  # a term's documents and how often it is in each
        self._parts: list[list[list[str]]] = []  # the terms of each document, in order, in parts with gaps between
        self._lengths = array("d")
        self._total = array("d", [0.0])  # lengths of the first 0, 1, … documents together

    def add(self, text: str) -> None:
        """Take in one more document."""
        number = len(self._parts)
        parts = self._match.taken_in(text)
        counts = Counter(term for part in parts for term in part)
        length = sum(counts.values())
        self._lengths.append(_kept_length(length))
        self._total.append(self._total[-1] + length)
        self._parts.append(parts)
        for term, count in counts.items():
            documents, frequencies = self._postings.setdefault(term, (array("q"), array("q")))
            frequencies.append(count)  # before its document, which is what readers go by
            documents.append(number)

    def has(self, term: str, count: int) -> bool:
        """Whether any of the first `count` documents has the term."""
        return len(self._documents(term, count)) > 0

    def scores(self, words: Words, count: int) -> tuple[Scores, NDArray[np.bool_]]:
        """BM25 of the first `count` documents, and whether they have any of the words at all."""
        out = np.zeros(count, np.float64)
        found = np.zeros(count, np.bool_)
        weights = self._match.weights(words.text, lambda term: self._idf(term, count))
        for term in weights.keys() - self._match.passed_over(weights):
            documents, scores = self._term_scores(term, count)
            out[documents] += weights[term] * scores
            found[documents] = True
        for prefix in words.prefixes:
            best = np.zeros(count, np.float64)
            for term in self._endings(prefix, count):
                documents, scores = self._term_scores(term, count)
                best[documents] = np.maximum(best[documents], scores)
            out += best
            found |= best > 0
        if found.any() and is_error(words.text):
            documents, scores = self._phrase_scores(words.text, count)
            out[documents] += scores
        return out.astype(np.float32), found

    def having_all(self, phrases: Sequence[str], count: int) -> NDArray[np.bool_] | None:
        """Which of the first `count` documents have all `phrases`; None where these have no words."""
        asked = [runs for phrase in phrases if (runs := self._match.runs(phrase))]
        if not asked:
            return None
        out = np.ones(count, np.bool_)
        for runs in asked:
            out &= self._having(runs, count)
        return out

    def having_any(self, phrases: Sequence[str], prefixes: Sequence[str], count: int) -> NDArray[np.bool_]:
        """Which of the first `count` documents have one of `phrases` or a word with one of the beginnings."""
        out = np.zeros(count, np.bool_)
        for phrase in phrases:
            if runs := self._match.runs(phrase):
                out |= self._having(runs, count)
        for prefix in prefixes:
            for term in self._endings(prefix, count):
                out[self._documents(term, count)] = True
        return out

    def _documents(self, term: str, count: int) -> Documents:
        found = self._postings.get(term)
        if found is None:
            return np.empty(0, np.int64)
        documents = _copied(found[0], np.int64)
        return documents[: np.searchsorted(documents, count)]

    def _term_scores(self, term: str, count: int) -> tuple[Documents, NDArray[np.float64]]:
        documents = self._documents(term, count)
        if not len(documents):
            return documents, np.empty(0, np.float64)
        frequencies = _copied(self._postings[term][1], np.int64)[: len(documents)].astype(np.float64)
        return documents, self._bm25(documents, frequencies, self._idf(term, count), count)

    def _bm25(
        self, documents: Documents, frequencies: NDArray[np.float64], idf: float, count: int
    ) -> NDArray[np.float64]:
        """Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), as tantivy computes it."""
        mean = (self._length_in_index + self._total[count]) / (self._in_index + count)
        lengths = _copied(self._lengths, np.float64)[documents]
        norm = _K1 * (1.0 - _B + _B * lengths / mean)
        scores: NDArray[np.float64] = idf * (1.0 + _K1) * frequencies / (frequencies + norm)
        return scores

    def _idf(self, term: str, count: int) -> float:
        having = self._match.frequency(term) + len(self._documents(term, count))
        return log(1 + (self._in_index + count - having + 0.5) / (having + 0.5))

    def _endings(self, prefix: str, count: int) -> list[str]:
        """The terms of these documents that words beginning with `prefix` are kept as.

        Of the beginnings the first counts that there is, here or in the index.
        """
        whole, *shorter = self._match.beginnings(prefix) or [""]
        if not whole:
            return []
        found = [term for term in list(self._postings) if term.startswith(whole) and self.has(term, count)]
        if found or any(term.startswith(whole) for term in self._match.endings(prefix, 1)):
            return found
        for beginning in shorter:
            if self.has(beginning, count):
                return [beginning]
            if self._match.frequency(beginning):
                break
        return []

    def _having(self, runs: Sequence[Sequence[str]], count: int) -> NDArray[np.bool_]:
        out = np.zeros(count, np.bool_)
        for number in self._candidates([term for run in runs for term in run], count):
            out[number] = all(_times(run, self._parts[number]) for run in runs)
        return out

    def _candidates(self, terms: Iterable[str], count: int) -> list[int]:
        """The documents that have all of some terms."""
        sets = [set(self._documents(term, count).tolist()) for term in dict.fromkeys(terms)]
        return sorted(set.intersection(*sets)) if sets else []

    def _phrase_scores(self, phrase: str, count: int) -> tuple[Documents, NDArray[np.float64]]:
        """What a phrase adds where it stands whole: BM25 of each run, its idf the sum of those of its terms."""
        runs = self._match.runs(phrase)
        documents = np.flatnonzero(self._having(runs, count)) if runs else np.empty(0, np.int64)
        out = np.zeros(len(documents), np.float64)
        for run in runs if len(documents) else ():
            times = np.array([_times(run, self._parts[number]) for number in documents.tolist()], np.float64)
            out += self._bm25(documents, times, sum(self._idf(term, count) for term in run), count)
        return documents, out


def _copied(values: array[Any], dtype: type[Any]) -> NDArray[Any]:
    """The values as they are now; a view of an array that still grows would keep it from growing."""
    return np.frombuffer(values.tobytes(), dtype)


def _times(run: Sequence[str], parts: Iterable[Sequence[str]]) -> int:
    """How often the terms of `run` stand one behind another."""
    wanted, length = list(run), len(run)
    return sum(
        1
        for part in parts
        for start in range(len(part) - length + 1)
        if part[start] == wanted[0] and list(part[start : start + length]) == wanted
    )


def _kept_length(length: int) -> int:
    """A length as tantivy keeps it in one byte: exact up to 40, then with four significant bits.

    Lucene's SmallFloat.intToByte4, from which tantivy's table of field norms comes.
    """
    rest = length - _EXACT_LENGTHS
    shift = max(0, rest.bit_length() - _MANTISSA) if rest > 0 else 0
    return _EXACT_LENGTHS + (rest >> shift << shift) if rest > 0 else length
