"""Making one score of two. Pure functions over arrays.

Several queries are scored at once: a candidate is a pair of query and message, and lies in flat arrays ordered by
query, then by message. `key` is that pair as one number (query x messages + ordinal), so sorted keys are in that order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ordinals = NDArray[np.int64]


def min_max(scores: Floats, low: Floats | float, high: Floats | float) -> Floats:
    """`scores` (n,) mapped linearly so that `low` becomes 0 and `high` 1; below `low` is 0, not a number is 0.

    `low` and `high` are the worst and best score of the leg's own list, for each candidate. Where they are equal, every
    score not below is 1.
    """
    known = np.nan_to_num(scores, nan=-np.inf)
    width = np.asarray(high - low, dtype=np.float32)
    flat = width <= 0
    scaled = np.clip((known - low) / np.where(flat, 1.0, width), 0.0, None)
    return np.where(flat, known >= high, scaled).astype(np.float32)


def reciprocal_rank(ranks: Floats, constant: int) -> Floats:
    """What ranks (n,) from 1 on count: (constant + 1) / (constant + rank), so 1 for the first; not a number is 0.

    Reciprocal rank fusion of Cormack, Clarke and Büttcher (SIGIR 2009), times a number that changes no order.
    """
    return np.nan_to_num((constant + 1) / (constant + ranks), nan=0.0).astype(np.float32)


def places(keys: Ordinals, wanted: Ordinals) -> tuple[Ordinals, NDArray[np.bool_]]:
    """Where `wanted` stand in the sorted `keys`, and whether they are there at all (where not, the place is 0)."""
    at = np.searchsorted(keys, wanted)
    at[at == len(keys)] = 0
    there = keys[at] == wanted if len(keys) else np.zeros(len(wanted), bool)
    at[~there] = 0
    return at, there


def scatter(keys: Ordinals, found: Ordinals, scores: Floats) -> Floats:
    """The scores of a leg's list (`found`, `scores`) at the positions of `keys` (sorted); nan where not listed."""
    out = np.full(len(keys), np.nan, np.float32)
    at, there = places(keys, found)
    out[at[there]] = scores[there]
    return out


def rank_of(scores: Floats, at: int) -> int:
    """Rank of one score, from 1 for the greatest, the first of equals first; 0 where it is not a number."""
    own = scores[at]
    if np.isnan(own):
        return 0
    return 1 + int(np.count_nonzero(scores > own)) + int(np.count_nonzero(scores[:at] == own))


def best_first(ordinals: Ordinals, scores: Floats, limit: int) -> NDArray[np.int64]:
    """Positions of the `limit` greatest scores, greatest first, equals by ordinal."""
    chosen = np.arange(len(scores))
    if len(scores) > limit:
        cut = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        chosen = np.flatnonzero(scores >= cut)  # ties at the cut are all kept here: the order below decides
    order = np.lexsort((ordinals[chosen], -scores[chosen]))[:limit]
    return chosen[order]
