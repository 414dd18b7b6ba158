"""Telling a change from noise: ratios of what two sides took, with intervals that know where noise comes from.

Noise has two levels: blocks differ within a process, and processes differ from each other, however long each of them
is measured. So a round, with its fresh processes, counts as one observation: the median over its turns, which neither
a heavy tail nor the likeness of neighbouring blocks can move far. Over rounds the interval is Student's. That is the
scheme of Kalibera and Jones, "Rigorous benchmarking in reasonable time", ISMM 2013, with logarithms of times, so that
the mean is a geometric one and the interval that of a ratio.

For m workloads at once each interval has the level 1 - 0.05 / m (Dunn, "Multiple comparisons among means", JASA 1961):
the chance of any false alarm among all of them is at most 5 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Times = NDArray[np.float64]
FALSE_ALARMS = 0.05
"""The chance of any false alarm in a comparison of all workloads."""
SLOWER, FASTER, SAME, UNSURE = "slower", "faster", "same", "unsure"


@dataclass(frozen=True, slots=True)
class Ratio:
    """What "after" takes by what "before" takes, with its simultaneous 95 % interval. Above 1: it became slower.

    `spread` is the standard deviation of its logarithm from round to round.
    """

    estimate: float
    low: float
    high: float
    spread: float

    def verdict(self, threshold: float) -> str:
        """Slower (or faster): the interval has no 1 in it, and the estimate is beyond the threshold (0.05: by 5 %).

        Same: the interval lies within the threshold. Else unsure: too noisy to tell.
        """
        limit = 1 + threshold
        if self.low > 1 and self.estimate >= limit:
            return SLOWER
        if self.high < 1 and self.estimate <= 1 / limit:
            return FASTER
        return SAME if self.low >= 1 / limit and self.high <= limit else UNSURE


def paired(before: Times, after: Times, *, workloads: int = 1) -> Ratio:
    """The ratio of two sides that were measured in turn; times of shape (rounds, turns), one of `workloads`.

    The one-sample interval of the medians, by round, of the ratios of neighbouring blocks.
    """
    observed = np.median(np.log(after / before), axis=1)
    spread = float(observed.std(ddof=1))
    return _ratio(float(observed.mean()), spread / math.sqrt(len(observed)), len(observed) - 1, spread, workloads)


def apart(before: Times, after: Times, *, workloads: int = 1) -> Ratio:
    """The ratio of two sides measured at different times, each relative to its reference; shape (rounds, turns) each.

    Welch's interval ("The generalization of 'Student's' problem when several different population variances are
    involved", Biometrika 1947) of the medians by round.
    """
    first, second = (np.median(np.log(side), axis=1) for side in (before, after))
    parts = [float(side.var(ddof=1)) / len(side) for side in (first, second)]
    error = math.sqrt(sum(parts))
    shares = sum(part**2 / (len(side) - 1) for part, side in zip(parts, (first, second), strict=True))
    degrees = error**4 / shares if shares else 1.0
    spread = math.sqrt(float(first.var(ddof=1) + second.var(ddof=1)))
    return _ratio(float(second.mean() - first.mean()), error, degrees, spread, workloads)


def _ratio(estimate: float, error: float, degrees: float, spread: float, workloads: int) -> Ratio:
    half = float(stats.t.ppf(1 - FALSE_ALARMS / workloads / 2, degrees)) * error if error else 0.0
    return Ratio(math.exp(estimate), math.exp(estimate - half), math.exp(estimate + half), spread)
