"""What was remembered since the generation was made, in the lists of the legs.

Its memories are scored as the generation's messages are (the same BM25, the same cosine) and put into each leg's list
where they belong, before anything is scaled or fused. So they are ranked as they will be once they are published.
"""

from __future__ import annotations

import numpy as np

from workbench.index import LexicalHits
from workbench.model import Words
from workbench.search.candidates import Ranking
from workbench.search.facets import Facets, added, facet_counts
from workbench.search.filters import Mask
from workbench.search.fusion import Floats, Ordinals, best_first
from workbench.search.request import Request
from workbench.snapshot import Snapshot


def with_tail_words(view: Snapshot, found: LexicalHits, words: Words, limit: int, mask: Mask | None) -> LexicalHits:
    """`found` with the memories of the tail that have any of the words: the best `limit` of both."""
    if view.tail is None:
        return found
    scores, matching = view.tail.words.scores(words, view.tail.count)
    if mask is not None:
        matching &= mask[view.tail.first :]
    here = np.flatnonzero(matching)
    if not len(here):
        return found
    ordinals, merged = _merged(found.ordinals, found.scores, view.tail.first + here, scores[here], limit)
    return LexicalHits(ordinals, merged, f"{found.plan}; and {len(here):,} of {view.tail.count:,} new memories")


def tail_cosines(view: Snapshot, queries: Floats) -> Floats:
    """Cosines of centred queries (n, d) with the memories of the tail: shape (n, memories)."""
    if view.tail is None:
        return np.empty((len(queries), 0), np.float32)
    return np.asarray((view.tail.vectors @ queries.T).T)  # once for all queries: reading the vectors is what costs


def with_tail_vectors(view: Snapshot, ranking: Ranking, cosines: Floats, limit: int, mask: Mask | None) -> Ranking:
    """`ranking` with the tail's memories that have a vector: the `limit` nearest of both. `cosines` are the tail's."""
    if view.tail is None:
        return ranking
    here = np.flatnonzero(view.tail.embedded if mask is None else view.tail.embedded & mask[view.tail.first :])
    if not len(here):
        return ranking
    return Ranking(*_merged(ranking.ordinals, ranking.scores, view.tail.first + here, cosines[here], limit))


def tail_plan(view: Snapshot) -> str:
    """What the plan of the vector leg says of the tail."""
    return f"; and all {int(view.tail.embedded.sum()):,} new memories" if view.tail else ""


def has_vectors(view: Snapshot) -> bool:
    """Whether any memory of the tail has a vector."""
    return view.tail is not None and bool(view.tail.embedded.any())


def facets_of(request: Request) -> Facets:
    """How many of all messages that match have each value of each facet."""
    view, words, clauses = request.view, request.words, request.clauses
    if not words.text:
        return facet_counts(view, view.columns.searched if request.mask is None else request.mask)
    new = matched(view, words)
    if (clauses is None or clauses.exact) and not (view.tail and view.tail.updates):
        counts = view.lexical.facets(words, clauses)
        return added(counts, facet_counts(view, _passing(new, request.mask))) if len(new) else counts
    return facet_counts(view, _passing(np.concatenate([view.lexical.matched(words, clauses), new]), request.mask))


def _passing(ordinals: Ordinals, mask: Mask | None) -> Ordinals:
    return ordinals if mask is None else ordinals[mask[ordinals]]


def matched(view: Snapshot, words: Words) -> Ordinals:
    """The memories of the tail that have any of the words, all phrases and nothing excluded: sorted ordinals."""
    if view.tail is None:
        return np.empty(0, np.int64)
    found = view.tail.words.scores(words, view.tail.count)[1]
    required = view.tail.words.having_all(words.phrases, view.tail.count)
    if required is not None:
        found &= required
    found &= ~view.tail.words.having_any(words.excluded, words.excluded_prefixes, view.tail.count)
    return view.tail.first + np.flatnonzero(found)


def _merged(
    ordinals: Ordinals, scores: Floats, more: Ordinals, more_scores: Floats, limit: int
) -> tuple[Ordinals, Floats]:
    both = np.concatenate([ordinals, more])
    both_scores = np.concatenate([scores, more_scores.astype(np.float32)])
    order = best_first(both, both_scores, limit)
    return both[order], both_scores[order]
