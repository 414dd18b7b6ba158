"""Recall as a curve: how much is found among the first message, the first two, and so on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.evaluation.figures import Drawing
from workbench.evaluation.report import AskedQuery
from workbench.evaluation.significance import Estimate, bootstrap_means, percentile_interval


def recall_curve(queries: Sequence[AskedQuery], system: str, depth: int, drawing: Drawing) -> list[Estimate]:
    """recall@k of a system for k = 1 to `depth`, each with its 95 % interval over queries.

    The share of a query's relevant messages among the first k, averaged over queries.
    """
    found = np.zeros((len(queries), depth))
    for row, query in zip(found, queries, strict=True):
        for rank in query.ranks[system]:
            row[rank - 1 :] += 1 / query.relevant
    generator = np.random.default_rng(drawing.seed)
    low, high = percentile_interval(bootstrap_means(found, resamples=drawing.resamples, generator=generator))
    return [Estimate(*map(float, one)) for one in zip(found.mean(axis=0), low, high, strict=True)]
