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

# Measured at 250,000 texts of 256 dimensions: a text that the graph search has to list costs about as much as 15 texts
# compared one after another. Decides only between two ways to the same answer.
_LISTED_COST = 15
_RESERVE = 1.5  # how many more than expected are listed, since a filter is seldom spread evenly around a query


@dataclass(frozen=True, slots=True)
class VectorLeg:
    """Messages by cosine, how they were found, and whether the time sufficed to find all that was asked for."""

    ranking: Ranking
    plan: str
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
    graph, in ever wider circles until `limit` are found or everything has been seen: never fewer than there are, unless
    the deadline (`time.perf_counter()`) passes. `limit` is one number, or one for each query.
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
            legs.append(VectorLeg(Ranking(owners[mine], cosines), plan))
        else:
            legs.append(VectorLeg(_best(*_owners(snapshot, nearest, cosines), limit), plan))
    return legs


def _filtered(snapshot: Snapshot, query: Floats, limit: int, mask: Mask, deadline: float) -> VectorLeg:
    index = snapshot.vectors
    with_text = mask & (snapshot.columns.text >= 0)
    allowed = int(np.count_nonzero(with_text))
    width = int(min(len(index), _RESERVE * limit * len(with_text) / max(1, allowed)))
    if index.is_exact or allowed <= _LISTED_COST * width:
        ordinals = np.flatnonzero(with_text)
        cosines = index.cosines(query, snapshot.columns.text[ordinals].astype(np.int64))
        return VectorLeg(_best(ordinals, cosines, limit), f"all {allowed:,} allowed messages compared")
    while True:
        rows, cosines = index.nearest(query[None, :], width)[0]
        ordinals, scores = _owners(snapshot, rows, cosines)
        kept = mask[ordinals]
        enough = np.count_nonzero(kept) >= limit or width >= len(index)
        if enough or time.perf_counter() >= deadline:
            break
        width = min(len(index), width * 3)
    plan = f"graph, nearest {width:,} of {len(index):,} texts for {allowed:,} allowed messages"
    return VectorLeg(_best(ordinals[kept], scores[kept], limit), plan, complete=bool(enough))


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
