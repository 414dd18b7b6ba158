"""Measures of one ranked list against graded judgements. Pure functions.

Throughout, `ranking` holds ids from best to worst and `grades` maps each relevant id to its grade (1 or more).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def recall(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Share of the relevant ids among the first k: |relevant in the first k| / |relevant|."""
    return len(set(ranking[:k]) & grades.keys()) / len(grades)


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """1 / rank of the first relevant id among the first k, 0 if there is none. Its mean over queries is MRR@k."""
    return next((1 / rank for rank, one in enumerate(ranking[:k], start=1) if one in grades), 0.0)


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Normalised discounted cumulative gain at k: DCG / DCG of the ideal ranking.

    DCG = sum over ranks i = 1..k of grade(i) / log2(i + 1), as in Järvelin and Kekäläinen (2002) in the linear form
    that trec_eval uses.
    """
    ideal = _dcg(sorted(grades.values(), reverse=True)[:k])
    return _dcg([grades.get(one, 0) for one in ranking[:k]]) / ideal


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
