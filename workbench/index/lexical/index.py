"""A built index, open for searching."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from workbench.errors import SnapshotError
from workbench.index.lexical.documents import FACETS, ORDINAL, ORDINALS_FILE, LexicalDocuments, build, register
from workbench.index.lexical.matching import Clauses, Matcher
from workbench.model import Words

# A filter that lets through more than the share _BROAD may be applied to a longer list of the best: a plain search for
# any of the words skips most of what matches, one with a clause reads all of it. A hit that is listed costs about as
# much as 30 postings read (0.45 us against 15 ns). Below the share _NARROW, clauses by day beat exact times (0.26
# against 0.45 ms at 1,250 of 250,000 messages; at 12,501 it is 1.16 against 0.54).
_BROAD = 0.15
_LISTED_COST = 30
_NARROW = 0.02
_RESERVE = 1.3  # how many more than expected are listed, so that a second try is seldom needed
_WIDER = 4  # times as many at most in the next try
_MANY = 2_000  # matches; few have more
_MOST_FACETS = 10_000  # values that are counted
Ordinals = NDArray[np.int64]
Mask = NDArray[np.bool_]
_Clause = tuple[tantivy.Occur, tantivy.Query]


@dataclass(frozen=True, slots=True)
class LexicalHits:
    """A ranked list, best first, equal scores by ordinal; and how it was found, in words."""

    ordinals: Ordinals
    scores: NDArray[np.float32]
    plan: str = "no word of the query is in any message"

    def __iter__(self) -> Iterator[NDArray[np.int64] | NDArray[np.float32]]:
        """Ordinals and scores, so that they can be taken apart."""
        yield self.ordinals
        yield self.scores

    @classmethod
    def none(cls) -> LexicalHits:
        """Nothing found."""
        return cls(np.empty(0, np.int64), np.empty(0, np.float32))


class LexicalIndex:
    """A built index, open for searching by any number of threads."""

    def __init__(self, index: tantivy.Index, ordinals: Ordinals) -> None:
        self._searcher = index.searcher()
        self._ordinals = ordinals if self._searcher.num_segments == 1 else None
        self.matcher = Matcher(index.schema, self._searcher)
        self.stem = self.matcher.stem
        """The form in which the index keeps a word (one word, any case)."""

    @classmethod
    def build(cls, folder: Path, batches: Iterable[LexicalDocuments]) -> None:
        """Write an index of `batches` into the empty folder `folder`."""
        build(folder, batches)

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """The index in `folder`.

        Raises:
            SnapshotError: It is not there, or damaged.
        """
        try:
            index = tantivy.Index.open(str(folder))
            register(index)
            return cls(index, np.load(folder / ORDINALS_FILE))
        except (ValueError, OSError) as error:
            raise SnapshotError(
                f"the lexical index {folder} cannot be opened", str(error), "run `workbench verify`"
            ) from error

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def stems(self, text: str) -> frozenset[str]:
        """The forms in which the index keeps the words of a query worth looking up."""
        return frozenset(self.matcher.stems(text))

    def matched(self, words: Words, clauses: Clauses | None = None) -> Ordinals:
        """All messages with any of the words, all phrases, nothing excluded, that pass the clauses. Sorted ordinals."""
        query = self.matcher.any_word(words, scored=False)
        if query is None:
            return np.empty(0, np.int64)
        filters = self.matcher.filters(clauses, exact=True) if clauses else []
        return self._all([*self._restricted(query, words), *filters])

    def missing(self, text: str) -> list[str]:
        """The words of a query worth looking up that no message has, as the index would keep them."""
        return [stem for stem in self.matcher.stems(text) if not self.matcher.frequency(stem)]

    def search(
        self, words: Words | str, limit: int, *, clauses: Clauses | None = None, mask: Mask | None = None
    ) -> LexicalHits:
        """The best messages by BM25 for any of `words`, at most `limit`.

        `mask` (messages,) says which ordinals may be found, `clauses` the same as far as the index knows it: with both,
        the quicker way is taken; with clauses alone, these are exact. Phrases and exclusions are always kept to. Scores
        do not depend on filters.
        """
        words = Words(words) if isinstance(words, str) else words
        query = self.matcher.any_word(words)
        if query is None or limit < 1 or (mask is not None and not mask.any()):
            return LexicalHits.none()
        must = self._restricted(query, words)
        if mask is None:
            narrowed = [*must, *self.matcher.filters(clauses, exact=True)] if clauses else must
            return self._best(narrowed, limit)
        share = min(1.0, float(np.count_nonzero(mask)) / max(1, len(self)))
        if clauses is None or share >= _BROAD:
            most = len(self) if clauses is None else self.matcher.postings(words) // _LISTED_COST
            found = self._allowed(must, limit, mask, int(_RESERVE * limit / max(share, _BROAD)), most)
            if found is not None:
                return found
        narrowed = [*must, *self.matcher.filters(clauses or Clauses(), exact=share > _NARROW)]
        return self._allowed(narrowed, limit, mask, limit, len(self)) or LexicalHits.none()

    def matching(self, words: Words) -> tuple[Ordinals | None, Ordinals | None]:
        """Which messages have all the phrases of `words`, and which have something excluded; None where none is named.

        Sorted ordinals. What neither leg may show is told by these.
        """
        required, excluded = self.matcher.required(words), self.matcher.excluded(words)
        return (
            self._all([(tantivy.Occur.Must, one) for one in required]) if required else None,
            self._all([(tantivy.Occur.Should, one) for one in excluded]) if excluded else None,
        )

    def facets(self, words: Words | str, clauses: Clauses | None = None) -> dict[str, list[tuple[str, int]]]:
        """How many of the messages that match have each value of each facet, the most frequent first.

        A message matches if it has any of the words and all the phrases, nothing excluded, and passes the filters;
        without words, if it passes the filters.
        """
        words = Words(words) if isinstance(words, str) else words
        query = self.matcher.any_word(words, scored=False)
        if query is None:
            if self.matcher.stems(words.text) or words.prefixes:
                return {}
            query = tantivy.Query.all_query()
        must = self._restricted(query, words) + (self.matcher.filters(clauses, exact=True) if clauses else [])
        matching = _combined(must)
        wanted = {name: {"terms": {"field": name, "size": _MOST_FACETS}} for name in FACETS}
        found = self._searcher.aggregate(matching, wanted)
        return {
            name: [(bucket["key"], int(bucket["doc_count"])) for bucket in found[name]["buckets"]] for name in FACETS
        }

    def _restricted(self, query: tantivy.Query, words: Words) -> list[_Clause]:
        """The clauses of `query` and of what `words` demands besides."""
        phrases = [tantivy.Query.const_score_query(one, 0.0) for one in self.matcher.required(words)]
        return [
            (tantivy.Occur.Must, query),
            *((tantivy.Occur.Must, one) for one in phrases),
            *((tantivy.Occur.MustNot, one) for one in self.matcher.excluded(words)),
        ]

    def _allowed(self, clauses: list[_Clause], limit: int, mask: Mask, width: int, most: int) -> LexicalHits | None:
        """The best that `mask` allows, found among the best `width` or more; None if it would take over `most`."""
        while width <= most or most == len(self):
            listed = self._best(clauses, width)
            keep = np.flatnonzero(mask[listed.ordinals])[:limit]
            if len(keep) == limit or len(listed.ordinals) < width:
                plan = f"{listed.plan}, {len(keep):,} of them allowed"
                return LexicalHits(listed.ordinals[keep], listed.scores[keep], plan)
            width = int(np.clip(_RESERVE * width * limit / max(1, len(keep)), _RESERVE * width, _WIDER * width))
        return None

    def _best(self, clauses: list[_Clause], limit: int) -> LexicalHits:
        hits = self._searcher.search(_combined(clauses), limit, count=False).hits
        scores = np.array([score for score, _ in hits], np.float32)
        ordinals = self._ordinals_of([address for _, address in hits])
        order = np.lexsort((ordinals, -scores))
        how = "BM25 with filters" if len(clauses) > 1 else "BM25"
        return LexicalHits(ordinals[order], scores[order], f"{how}, best {len(hits):,} of {len(self):,} messages")

    def _all(self, clauses: list[_Clause]) -> Ordinals:
        """All that match, sorted."""
        query = _combined(clauses)
        hits = self._searcher.search(query, _MANY, count=False).hits
        if len(hits) == _MANY:
            hits = self._searcher.search(query, len(self), count=False).hits
        return np.sort(self._ordinals_of([address for _, address in hits]))

    def _ordinals_of(self, addresses: list[tantivy.DocAddress]) -> Ordinals:
        if self._ordinals is None:  # several segments: their order is tantivy's own
            return np.array(self._searcher.fast_field_values(ORDINAL, addresses), dtype=np.int64)
        return self._ordinals[np.array([one.doc for one in addresses], np.int64)]


def _combined(clauses: list[_Clause]) -> tantivy.Query:
    """One query; a lone clause as it is, since only a plain union may skip what cannot be among the best."""
    return clauses[0][1] if len(clauses) == 1 else tantivy.Query.boolean_query(clauses)
