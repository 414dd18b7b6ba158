"""Since when a figure is another: change points of a series of runs.

E-divisive of Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate data",
JASA 2014, as Daly et al. use it on benchmarks ("The use of change point detection to identify software performance
regressions in a continuous integration system", ICPE 2020): a series is divided where the energy distance between what
is before and after is largest, if a permutation test says that chance does not divide so well; then each part is looked
at in the same way. It supposes no distribution. Only parts that are compared whole are considered (the paper's second
index is at the end of the part).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHORTEST = 3
"""Runs on either side of a change: fewer are an outlier."""
SIGNIFICANCE = 0.01
PERMUTATIONS = 499
_BLOCK = 50  # permutations at once; after each it is seen whether more are worth while


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A change before the run at `index`: the medians of the parts on either side, up to the next change, and p."""

    index: int
    before: float
    after: float
    p: float

    @property
    def ratio(self) -> float:
        """After by before; infinite where before is 0."""
        return self.after / self.before if self.before else float("inf")


def change_points(
    values: Sequence[float], *, significance: float = SIGNIFICANCE, permutations: int = PERMUTATIONS, seed: int = 7
) -> tuple[ChangePoint, ...]:
    """The changes of a series, the first one first; the same for the same seed.

    At the usual significance it takes ten values or so before chance can be ruled out.
    """
    series = np.asarray(values, np.float64)
    generator = np.random.default_rng(seed)
    cuts: dict[int, float] = {}
    waiting = [(0, len(series))]
    while waiting:
        start, end = waiting.pop()
        found = _divide(series[start:end], significance, permutations, generator)
        if found is not None:
            cut = start + found[0]
            cuts[cut] = found[1]
            waiting += [(start, cut), (cut, end)]
    edges = [0, *sorted(cuts), len(series)]
    medians = [float(np.median(series[start:end])) for start, end in pairwise(edges) if end > start]
    return tuple(
        ChangePoint(cut, medians[place], medians[place + 1], cuts[cut]) for place, cut in enumerate(sorted(cuts))
    )


def _divide(
    part: Floats, significance: float, permutations: int, generator: np.random.Generator
) -> tuple[int, float] | None:
    """Where the part is best divided, and p; None where chance divides as well."""
    if len(part) < 2 * SHORTEST:
        return None
    distances = np.abs(part[:, None] - part[None, :])
    energies = _energies(distances)
    best = int(energies.argmax())
    beaten = drawn = 0
    enough = significance * (permutations + 1)
    while drawn < permutations and beaten + 1 <= enough:
        for _ in range(min(_BLOCK, permutations - drawn)):
            order = generator.permutation(len(part))
            beaten += bool(_energies(distances[np.ix_(order, order)]).max() >= energies[best] * (1 - 1e-9))
            drawn += 1
    p = (1 + beaten) / (1 + drawn)
    return (best + SHORTEST, p) if p <= significance else None


def _energies(distances: Floats) -> Floats:
    """The scaled energy distance of each division, from SHORTEST values on the left to SHORTEST on the right.

    With n values left, m right: n m / (n + m) (2 mean of distances across - mean within left - mean within right),
    the means within over pairs of different values (Matteson and James, formula 5, alpha 1).
    """
    count = len(distances)
    left = np.arange(SHORTEST, count - SHORTEST + 1)
    right = count - left
    below = np.concatenate([[0.0], np.cumsum(np.tril(distances).sum(axis=1))])  # pairs among the first n
    total = below[-1]
    rows = np.concatenate([[0.0], np.cumsum(distances.sum(axis=1))])  # distances of the first n to all
    within_left = below[left]
    across = rows[left] - 2 * within_left
    within_right = total - within_left - across
    means = 2 * across / (left * right) - _mean(within_left, left) - _mean(within_right, right)
    return np.asarray(left * right / count * means)


def _mean(total: Floats, count: NDArray[np.int64]) -> Floats:
    return np.asarray(total / (count * (count - 1) / 2))
