"""From rankings to figures: means with intervals, by category and half, and what they are worth against BM25."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.evaluation.judgements import JudgedQuery, Split
from workbench.evaluation.metrics import ndcg, recall, reciprocal_rank
from workbench.evaluation.searching import BM25
from workbench.evaluation.significance import (
    Estimate,
    Scores,
    bootstrap_means,
    holm,
    percentile_interval,
    randomisation_p,
)

MEASURES = ("recall@5", "recall@10", "recall@20", "mrr@10", "ndcg@10")
OVERALL = "all"
"""The name of the category of all queries, and of the split of both halves."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How chance is drawn: for intervals and for tests."""

    resamples: int = 10_000
    permutations: int = 20_000
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a system gains over BM25 alone, on the same queries.

    `p` is of the paired randomisation test; `p_holm` is corrected for the categories tested beside this one, and equal
    to `p` over all of them together.
    """

    difference: Estimate
    p: float
    p_holm: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one system on some queries of a set. `comparison` is None for BM25 itself."""

    dataset: str
    embedder: str
    split: str
    category: str
    queries: int
    system: str
    measure: str
    estimate: Estimate
    comparison: Comparison | None


def score(ranking: Sequence[str], grades: Mapping[str, int]) -> list[float]:
    """The MEASURES of one ranking, in their order."""
    return [
        *(recall(ranking, grades, k) for k in (5, 10, 20)),
        reciprocal_rank(ranking, grades, 10),
        ndcg(ranking, grades, 10),
    ]


def figures(
    dataset: str, embedder: str, queries: Sequence[JudgedQuery], scores: Mapping[str, Scores], drawing: Drawing
) -> list[Figure]:
    """All figures of a set: `scores` has an array (queries, MEASURES) for each system, BM25 among them.

    Given are those of each half that has queries and, where a set has both or none, of all. Each has its categories.
    """
    found: list[Figure] = []
    for split, inside in _splits(queries).items():
        parts = {OVERALL: inside}
        for kind in dict.fromkeys(query.kind for query in queries):
            rows = inside & np.array([query.kind == kind for query in queries])
            if rows.any():
                parts[kind] = rows
        counts = {category: int(rows.sum()) for category, rows in parts.items()}
        estimated = {
            category: _estimated({name: of_all[rows] for name, of_all in scores.items()}, drawing)
            for category, rows in parts.items()
        }
        found += _corrected(dataset, embedder, split, counts, estimated)
    return found


def _splits(queries: Sequence[JudgedQuery]) -> dict[str, NDArray[np.bool_]]:
    """Which queries are in each split."""
    inside = {str(half): np.array([query.split == half for query in queries]) for half in Split}
    present = {name: rows for name, rows in inside.items() if rows.any()}
    return present if len(present) == 1 else {OVERALL: np.ones(len(queries), np.bool_), **present}


_Estimated = dict[tuple[str, str], tuple[Estimate, Estimate | None, float]]


def _estimated(scores: Mapping[str, Scores], drawing: Drawing) -> _Estimated:
    """By system and measure: mean, difference to BM25 and its p."""
    names = list(scores)
    width = len(MEASURES)
    columns = np.concatenate([scores[name] for name in names], axis=1)
    means = bootstrap_means(columns, resamples=drawing.resamples, generator=np.random.default_rng(drawing.seed))
    base = slice(names.index(BM25.name) * width, (names.index(BM25.name) + 1) * width)
    differences = columns - np.tile(columns[:, base], len(names))
    p = randomisation_p(differences, draws=drawing.permutations, generator=np.random.default_rng(drawing.seed))
    own = _estimates(columns, means)
    gained = _estimates(differences, means - np.tile(means[:, base], len(names)))
    keys = [(name, measure) for name in names for measure in MEASURES]
    return {key: (own[i], None if key[0] == BM25.name else gained[i], float(p[i])) for i, key in enumerate(keys)}


def _estimates(columns: Scores, means: Scores) -> list[Estimate]:
    low, high = percentile_interval(means)
    return [Estimate(*map(float, one)) for one in zip(columns.mean(axis=0), low, high, strict=True)]


def _corrected(
    dataset: str, embedder: str, split: str, queries: Mapping[str, int], estimated: Mapping[str, _Estimated]
) -> Iterator[Figure]:
    """The figures of one half, their p corrected for the number of categories."""
    categories = [name for name in estimated if name != OVERALL]
    for system, measure in estimated[OVERALL]:
        adjusted = holm([estimated[name][system, measure][2] for name in categories])
        corrected = dict(zip(categories, adjusted, strict=True))
        for category in estimated:
            own, gained, p = estimated[category][system, measure]
            compared = Comparison(gained, p, corrected.get(category, p)) if gained else None
            yield Figure(dataset, embedder, split, category, queries[category], system, measure, own, compared)
