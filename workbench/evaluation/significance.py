"""How sure a difference is: bootstrap intervals, a paired randomisation test, and Holm's correction. Pure functions.

Scores are arrays of shape (queries, columns), a column being one system's one measure. Everything is drawn from a
given generator, so that a figure can be had again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

_CELLS = 4_000_000  # elements of one block of draws: bounds memory, whatever the number of queries
_EXACT_QUERIES = 14  # up to here all 2^n assignments of signs are fewer than the draws one would make
_ROUNDING = 1e-9  # relative: sums of the same numbers in another order differ by less


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its confidence interval."""

    mean: float
    low: float
    high: float


def bootstrap_means(scores: Scores, *, resamples: int, generator: np.random.Generator) -> Scores:
    """Means (resamples, columns) over queries drawn with replacement; a draw is the same for all columns.

    The nonparametric bootstrap of Efron (1979), over queries.
    """
    queries = len(scores)
    blocks = []
    for size in _blocks(resamples, queries):
        drawn = generator.integers(0, queries, (size, queries)) + np.arange(size)[:, None] * queries
        counts = np.bincount(drawn.ravel(), minlength=size * queries).reshape(size, queries)
        blocks.append(counts @ scores / queries)
    return np.concatenate(blocks)


def percentile_interval(means: Scores, level: float = 0.95) -> tuple[Scores, Scores]:
    """Lower and upper ends (columns,) of the percentile interval of bootstrapped `means` (resamples, columns)."""
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def randomisation_p(differences: Scores, *, draws: int, generator: np.random.Generator) -> Scores:
    """Two-sided p (columns,) of the paired randomisation test on the mean of `differences` (queries, columns).

    If two systems were the same, each query's difference could as well have had the other sign: p is the share of
    assignments of signs whose mean is at least as far from 0 as the one observed. Exact for up to 14 queries, else from
    `draws` random assignments, the observed one counted among them. Fisher's test, as Smucker, Allan and Carterette
    recommend it: "A comparison of statistical significance tests for information retrieval evaluation", CIKM 2007.
    """
    observed = np.abs(differences.sum(axis=0)) * (1 - _ROUNDING)
    queries = len(differences)
    if queries <= _EXACT_QUERIES:
        signs = 1.0 - 2.0 * (np.arange(2**queries)[:, None] >> np.arange(queries) & 1)
        return np.asarray((np.abs(signs @ differences) >= observed).mean(axis=0))
    extreme = np.zeros(differences.shape[1], np.int64)
    for size in _blocks(draws, queries):
        bits = np.unpackbits(
            np.frombuffer(generator.bytes(size * -(-queries // 8)), np.uint8).reshape(size, -1), axis=1
        )
        extreme += (np.abs((1.0 - 2.0 * bits[:, :queries]) @ differences) >= observed).sum(axis=0)
    return np.asarray((1 + extreme) / (1 + draws))


def holm(p: Sequence[float]) -> list[float]:
    """The p values, adjusted so that the chance of any false alarm among them stays as stated.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics, 1979: the i-th
    smallest of m (i from 1) is multiplied by m - i + 1, never falls below the one before it, nor rises above 1.
    """
    adjusted = [0.0] * len(p)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        largest = max(largest, min(1.0, p[place] * (len(p) - rank)))
        adjusted[place] = largest
    return adjusted


def _blocks(total: int, queries: int) -> Iterator[int]:
    size = max(1, _CELLS // max(1, queries))
    for start in range(0, total, size):
        yield min(size, total - start)
