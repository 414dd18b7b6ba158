"""Making one score of two. Pure functions over arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ordinals = NDArray[np.int64]


def min_max(scores: Floats, low: float, high: float) -> Floats:
    """`scores` (n,) mapped linearly so that `low` becomes 0 and `high` 1; below `low` is 0, not a number is 0.

    `low` and `high` are the worst and best score of the leg's own list. If they are equal, every score not below is 1.
    """
    known = np.nan_to_num(scores, nan=-np.inf)
    if high <= low:
        return (known >= high).astype(np.float32)
    scaled: Floats = np.clip((known - low) / (high - low), 0.0, None).astype(np.float32)
    return scaled


def scatter(ordinals: Ordinals, found: Ordinals, scores: Floats) -> Floats:
    """The scores of a leg's list (`found`, `scores`) at the positions of `ordinals` (sorted); nan where not listed."""
    out = np.full(len(ordinals), np.nan, np.float32)
    at = np.searchsorted(ordinals, found)
    inside = at < len(ordinals)
    hit = inside.copy()
    hit[inside] = ordinals[at[inside]] == found[inside]
    out[at[hit]] = scores[hit]
    return out


def neighbour_gain(ordinals: Ordinals, fused: Floats, previous: Ordinals, following: Ordinals) -> Floats:
    """For each message the better fused score of its two neighbours in the thread, 0 where neither is a candidate.

    `previous` and `following` (n,) are the neighbours' ordinals, -1 for none; `ordinals` is sorted.
    """
    best = np.zeros(len(ordinals), np.float32)
    for neighbour in (previous, following):
        at = np.searchsorted(ordinals, neighbour)
        at[at == len(ordinals)] = 0
        there = ordinals[at] == neighbour
        best = np.maximum(best, np.where(there, fused[at], 0.0))
    return best.astype(np.float32)


def length_weight(lengths: NDArray[np.integer], short: int, long: int, least: float) -> Floats:
    """1 up to `short` characters, `least` from `long` on, linear between."""
    share = np.clip((long - lengths) / max(1, long - short), 0.0, 1.0)
    return (least + (1.0 - least) * share).astype(np.float32)


def ranks(scores: Floats) -> NDArray[np.int64]:
    """Rank of each score, from 1 for the greatest; 0 where it is not a number."""
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")
    out = np.empty(len(scores), np.int64)
    out[order] = np.arange(1, len(scores) + 1)
    out[np.isnan(scores)] = 0
    return out
