"""The vector leg: the nearest messages that the filters allow, however few these are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.search.candidates import Ranking
from workbench.search.filters import Mask
from workbench.search.fusion import Floats, Ordinals, best_first
from workbench.snapshot import Snapshot

# Measured at 160,000 texts of 256 dimensions: a text that the graph search has to list costs about as much as 45 texts
# compared one after another. Decides only between two ways to the same answer.
_LISTED_COST = 45
_WIDER, _MOST_WIDER = 1.4, 8.0
_ENOUGH = 0.5  # of what is wanted: the second half of a list hardly moves the ten that are shown
_RESERVE = 1.3  # how many more than expected are listed, since a filter is seldom spread evenly around a query


@dataclass(frozen=True, slots=True)
class VectorLeg:
    """Messages by cosine and how they were found.

    `more` says that there may be others that are allowed, `complete` that the time sufficed to find what was asked for.
    """

    ranking: Ranking
    plan: str
    more: bool
    complete: bool = True


def search_vectors(
    snapshot: Snapshot,
    queries: Floats,
    limit: int | Sequence[int],
    masks: Sequence[Mask | None],
    deadlines: Sequence[float] | None = None,
) -> list[VectorLeg]:
    """For each centred query of (n, d), the `limit` messages nearest to it among those its mask allows.

    No mask (None) allows all that have a vector. Few allowed messages are all compared; many are looked for in the
    graph, in ever wider circles until at least half of `limit` are found or everything has been seen: never fewer than
    there are, unless the deadline (`time.perf_counter()`) passes. `limit` is one number, or one for each query.
    """
    limits = [limit] * len(masks) if isinstance(limit, int) else list(limit)
    legs: list[VectorLeg | None] = [None] * len(masks)
    open_ones = [number for number, mask in enumerate(masks) if mask is None]
    for wanted in sorted({limits[number] for number in open_ones}):
        together = [number for number in open_ones if limits[number] == wanted]
        for number, leg in zip(together, _unfiltered(snapshot, queries[together], wanted), strict=True):
            legs[number] = leg
    for number, mask in enumerate(masks):
        if mask is not None:
            deadline = deadlines[number] if deadlines else np.inf
            legs[number] = _filtered(snapshot, queries[number], limits[number], mask, deadline)
    return [leg for leg in legs if leg is not None]


def _unfiltered(snapshot: Snapshot, queries: Floats, limit: int) -> list[VectorLeg]:
    """As many texts as messages are wanted: every text stands for at least one."""
    index = snapshot.vectors
    total = len(index)
    plan = f"all {total:,} texts compared" if index.is_exact else f"graph, nearest {limit:,} of {total:,} texts"
    found = index.nearest(queries, limit)
    # Where every text stands for one message, as most do, nothing has to be put in order again.
    rows = np.concatenate([rows for rows, _ in found])
    offsets = snapshot.columns.owner_offsets
    single = offsets[rows + 1] - offsets[rows] == 1
    owners = snapshot.columns.owners[offsets[rows]].astype(np.int64)
    legs: list[VectorLeg] = []
    start = 0
    for nearest, cosines in found:
        mine = slice(start, start + len(nearest))
        start += len(nearest)
        if single[mine].all():
            ranking = Ranking(owners[mine], cosines)
        else:
            ranking = _best(*_owners(snapshot, nearest, cosines), limit)
        legs.append(VectorLeg(ranking, plan, more=len(ranking.ordinals) == limit))
    return legs


def _filtered(snapshot: Snapshot, query: Floats, limit: int, mask: Mask, deadline: float) -> VectorLeg:
    index = snapshot.vectors
    allowed = int(np.count_nonzero(mask))
    width = min(len(index), int(_RESERVE * limit * len(mask) / max(1, allowed)))
    while True:
        if index.is_exact or allowed <= _LISTED_COST * width:
            return _compared(snapshot, query, limit, mask)
        rows, cosines = index.nearest(query[None, :], width)[0]
        ordinals, scores = _owners(snapshot, rows, cosines)
        kept = mask[ordinals]
        found = int(np.count_nonzero(kept))
        enough = found >= _ENOUGH * limit or width >= len(index)
        if enough or time.perf_counter() >= deadline:
            break
        # Where fewer are allowed than expected, more of what is near is listed in the next try.
        ratio = np.clip(_WIDER * _ENOUGH * limit / max(1, found), _WIDER, _MOST_WIDER)
        width = min(len(index), int(width * ratio))
    plan = f"graph, nearest {width:,} of {len(index):,} texts for {allowed:,} allowed messages"
    return VectorLeg(_best(ordinals[kept], scores[kept], limit), plan, width < len(index), complete=bool(enough))


def _compared(snapshot: Snapshot, query: Floats, limit: int, mask: Mask) -> VectorLeg:
    """The nearest by looking at every allowed message that has a vector."""
    ordinals = np.flatnonzero(mask)
    texts = snapshot.columns.text[ordinals]
    if len(texts) and texts.min() < 0:
        ordinals, texts = ordinals[texts >= 0], texts[texts >= 0]
    places, cosines = snapshot.vectors.nearest_among(query, texts.astype(np.int64), limit)
    plan = f"all {len(ordinals):,} allowed messages compared"
    return VectorLeg(_best(ordinals[places], cosines, limit), plan, more=len(ordinals) >= limit)


def _owners(snapshot: Snapshot, rows: NDArray[np.int64], cosines: Floats) -> tuple[Ordinals, Floats]:
    """The messages that the rows stand for, each with its best cosine."""
    columns = snapshot.columns
    starts, ends = columns.owner_offsets[rows], columns.owner_offsets[rows + 1]
    counts = ends - starts
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    owners = columns.owners[np.repeat(starts, counts) + within].astype(np.int64)
    scores = np.repeat(cosines, counts)
    ordinals, first = np.unique(owners, return_index=True)  # rows come best first, so the first is the best
    return ordinals, scores[first]


def _best(ordinals: Ordinals, scores: Floats, limit: int) -> Ranking:
    order = best_first(ordinals, scores, limit)
    return Ranking(ordinals[order].astype(np.int64), scores[order])
