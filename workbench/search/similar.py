"""Messages like a given one, by the vector it already has."""

from __future__ import annotations

import numpy as np

from workbench.errors import NotFoundError, QueryError
from workbench.model import Filters, LegScore, Match, Query, SearchResult
from workbench.search.filters import allowed
from workbench.search.hits import Found, build_hits
from workbench.search.request import MAX_RESULTS, Stopwatch
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
    ordinal = snapshot.catalog.cursor().value(_ORDINAL, [message_id])
    if ordinal is None:
        raise NotFoundError(f"there is no message {message_id}", "", "ids are shown by `workbench search --json`")
    text = int(snapshot.columns.text[ordinal])
    if text < 0:
        raise QueryError(f"message {message_id} has no vector", "only searched messages have one")
    with watch.stage("filter"):
        others = snapshot.columns.text != text
        mask = allowed(snapshot, filters)
        mask = others if mask is None else mask & others
    with watch.stage("vector"):
        leg = search_vectors(snapshot, snapshot.vectors.vectors(np.array([text])), k, [mask])[0]
    with watch.stage("fetch"):
        ranked = zip(leg.ranking.ordinals.tolist(), leg.ranking.scores.tolist(), strict=True)
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
        plan={"vector": leg.plan},
        candidates=len(hits),
        match=Match.GOOD if hits else Match.NONE,
    )
