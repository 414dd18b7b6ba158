"""The vector leg: the nearest messages that the filters allow, however few these are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.search.filters import Mask
from workbench.search.fusion import Floats, Ordinals
from workbench.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class VectorLeg:
    """Messages by cosine, best first, and how they were found."""

    ordinals: Ordinals
    cosines: Floats
    plan: str


def search_vectors(snapshot: Snapshot, query: Floats, limit: int, mask: Mask | None) -> VectorLeg:
    """The `limit` messages nearest to a centred query vector among those `mask` allows (None: all searched ones).

    Few allowed messages are all compared; many are looked for in the graph, in ever wider circles until `limit` are
    found or everything has been seen. Never fewer than there are.
    """
    index = snapshot.vectors
    allowed = None if mask is None else np.flatnonzero(mask & (snapshot.columns.text >= 0))
    if allowed is not None and len(allowed) <= index.profile.exact_below:
        return _scan(snapshot, query, limit, allowed)
    if index.is_exact:
        how = f"all {len(index):,} texts compared"
        return _by_rows(snapshot, query, limit, mask, start=len(index), how=how)
    return _by_rows(snapshot, query, limit, mask, start=2 * limit, how="graph")


def cosines_of(snapshot: Snapshot, query: Floats, ordinals: Ordinals) -> Floats:
    """Cosine of each message's first text with a centred query vector; nan for a message without a vector."""
    rows = snapshot.columns.text[ordinals].astype(np.int64)
    out = np.full(len(ordinals), np.nan, np.float32)
    there = rows >= 0
    out[there] = snapshot.vectors.scan(query, rows[there])
    return out


def _scan(snapshot: Snapshot, query: Floats, limit: int, allowed: Ordinals) -> VectorLeg:
    cosines = snapshot.vectors.scan(query, snapshot.columns.text[allowed].astype(np.int64))
    ordinals, cosines = _best(allowed.astype(np.int64), cosines, limit)
    return VectorLeg(ordinals, cosines, f"all {len(allowed):,} allowed messages compared")


def _by_rows(snapshot: Snapshot, query: Floats, limit: int, mask: Mask | None, *, start: int, how: str) -> VectorLeg:
    total = len(snapshot.vectors)
    width = min(start, total)
    while True:
        rows, cosines = snapshot.vectors.nearest(query, width)
        ordinals, scores = _owners(snapshot, rows, cosines)
        if mask is not None:
            keep = mask[ordinals]
            ordinals, scores = ordinals[keep], scores[keep]
        if len(ordinals) >= limit or width == total:
            break
        width = min(total, width * 4)
    ordinals, scores = _best(ordinals, scores, limit)
    return VectorLeg(ordinals, scores, how if how != "graph" else f"graph, nearest {width:,} of {total:,} texts")


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


def _best(ordinals: Ordinals, scores: Floats, limit: int) -> tuple[Ordinals, Floats]:
    """The `limit` greatest scores, greatest first, equals by ordinal."""
    if len(scores) > limit:
        cut = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        keep = scores >= cut  # ties at the cut are all kept here, so that the order below decides
        ordinals, scores = ordinals[keep], scores[keep]
    order = np.lexsort((ordinals, -scores))[:limit]
    return ordinals[order], scores[order]
