"""Messages like a given one, by the vector it already has."""

from __future__ import annotations

import numpy as np

from workbench.errors import NotFoundError, QueryError
from workbench.model import Filters, LegScore, Match, Query, SearchResult
from workbench.search.filters import allowed
from workbench.search.fusion import Floats
from workbench.search.hits import Found, build_hits
from workbench.search.request import MAX_RESULTS, Stopwatch
from workbench.search.tail import tail_cosines, tail_plan, with_tail_vectors
from workbench.search.vector_leg import search_vectors
from workbench.snapshot import Snapshot
from workbench.text.snippets import Highlighter

_ORDINAL = "SELECT ordinal FROM messages WHERE id = ?"


def similar(snapshot: Snapshot, message_id: str, *, k: int = 10, filters: Filters | None = None) -> SearchResult:
    """The `k` messages nearest in meaning to a message, without itself and without copies of its text.

    Raises:
        NotFoundError: There is no such message.
        QueryError: It has no vector, or `k` or a filter is not possible.
    """
    if not 1 <= k <= MAX_RESULTS:
        raise QueryError(f"k is {k}", "", f"give a number from 1 to {MAX_RESULTS:,}")
    watch = Stopwatch()
    filters = filters or Filters()
    ordinal = _ordinal(snapshot, message_id)
    vector = _vector(snapshot, ordinal)
    if vector is None:
        raise QueryError(f"message {message_id} has no vector", "only searched messages have one")
    with watch.stage("filter"):
        text = snapshot.columns.text[ordinal]
        mask = allowed(snapshot, filters)
        mask = np.ones(len(snapshot.columns.text), np.bool_) if mask is None else mask
        mask &= snapshot.columns.text != text if text >= 0 else np.arange(len(mask)) != ordinal
    with watch.stage("vector"):
        leg = search_vectors(snapshot, vector[np.newaxis], k, [mask])[0]
        ranking = with_tail_vectors(snapshot, leg.ranking, tail_cosines(snapshot, vector[np.newaxis])[0], k, mask)
    with watch.stage("fetch"):
        ranked = zip(ranking.ordinals.tolist(), ranking.scores.tolist(), strict=True)
        found = [
            Found(one, cosine, (LegScore("vector", rank, cosine, cosine),), 0)
            for rank, (one, cosine) in enumerate(ranked, start=1)
        ]
        hits, _ = build_hits(snapshot, found, Highlighter(frozenset(), snapshot.lexical.stem))
    return SearchResult(
        query=Query(message_id, k, 1.0, filters, thread_context=False, plain=True),
        hits=hits,
        generation=snapshot.generation,
        timings_ms={**watch.timings, "total": watch.elapsed()},
        plan={"vector": leg.plan + tail_plan(snapshot)},
        candidates=len(hits),
        match=Match.GOOD if hits else Match.NONE,
        version=snapshot.version,
    )


def _ordinal(snapshot: Snapshot, message_id: str) -> int:
    published = snapshot.catalog.cursor().value(_ORDINAL, [message_id])
    if published is not None:
        return int(published)
    first = snapshot.tail.first if snapshot.tail else len(snapshot.texts.ids)
    new = np.flatnonzero(snapshot.texts.ids[first:] == message_id.encode())
    if not len(new):
        raise NotFoundError(f"there is no message {message_id}", "", "ids are shown by `workbench search --json`")
    return first + int(new[0])


def _vector(snapshot: Snapshot, ordinal: int) -> Floats | None:
    """The centred vector of a message, None if it has none."""
    text, tail = int(snapshot.columns.text[ordinal]), snapshot.tail
    if text >= 0:
        return np.asarray(snapshot.vectors.vectors(np.array([text]))[0])
    if tail is None or ordinal < tail.first or not tail.embedded[ordinal - tail.first]:
        return None
    return np.asarray(tail.vectors[ordinal - tail.first])
