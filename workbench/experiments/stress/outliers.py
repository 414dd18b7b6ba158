"""Samples of a series that do not belong to it, found without being told how the series usually looks.

The level is a rolling median, so that a slow drift is not an anomaly. What is left is tested for outliers by the
generalised ESD test (B. Rosner, "Percentage points for a generalized ESD many-outlier procedure", Technometrics 25,
1983), with median and MAD for mean and deviation, which the outliers themselves would move (J. Hochenbaum, O. Vallis,
A. Kejariwal, "Automatic anomaly detection in the cloud via statistical learning", arXiv 1704.07706, 2017: S-H-ESD).

That test takes the noise for normal, and latencies are not. Two things make up for it: latencies enter as logarithms,
each sample the upper quartile of at least FEWEST requests, since a higher percentile of so few is as wild as its worst
request; and an anomaly has to matter: `least` says how far it has to lie above the level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Series = NDArray[np.float64]

FEWEST = 20  # requests behind each sample of latency
QUARTILE = 75.0
SLOWER = 2.0  # times the level: a latency below that is no anomaly, however sure one is of it
_WINDOW = 31  # samples of the rolling median
_SURE = 0.01  # chance of any false alarm in a series of normal noise
_SHARE = 0.25  # of the samples may be anomalies; more, and they are how the series looks
_TO_DEVIATION = 1.4826  # from the MAD to the standard deviation of normal noise
_SMALLEST = 1e-3  # deviation, of what matters: a series that does not move at all has none
_APART = 2  # samples between two anomalies that are one


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A stretch of a series, from sample `first` to `last`, both included. At the `worst` of them the series is
    `value`, where `level` would have been expected; `score` is how many deviations lie between them."""

    first: int
    last: int
    worst: int
    value: float
    level: float
    score: float


def slow_stretches(latencies: ArrayLike, *, times: float = SLOWER) -> list[Anomaly]:
    """Where latencies (samples,), each above 0, are at least `times` their level."""
    values = np.asarray(latencies, np.float64)
    logs = np.log(values)
    level = rolling_median(logs)
    found = upper_outliers(logs - level, least=float(np.log(times)))
    return list(_stretches(found, values, np.exp(level)))


def jumps(values: ArrayLike, *, least: float) -> list[Anomaly]:
    """Where a series (samples,) rises from one sample to the next by `least` or more, out of keeping with the rest."""
    series = np.asarray(values, np.float64)
    found = upper_outliers(np.diff(series), least=least)
    moved = {place + 1: score for place, score in found.items()}
    before = np.concatenate([series[:1], series[:-1]])
    return list(_stretches(moved, series, before))


def rolling_median(values: ArrayLike, window: int = _WINDOW) -> Series:
    """The median of the `window` samples around each (samples,), mirrored at the ends; of fewer where there are few."""
    series = np.asarray(values, np.float64)
    half = min(window, 2 * len(series) - 1) // 2
    padded = np.pad(series, half, mode="reflect") if half else series
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1))


def upper_outliers(values: Series, *, least: float) -> dict[int, float]:
    """Places of samples that are too large for the rest and at least `least`, with their scores in deviations."""
    places, rest = np.arange(len(values)), values.copy()
    removed: list[tuple[int, float]] = []
    outliers = 0
    for number in range(1, int(_SHARE * len(values)) + 1):
        middle = float(np.median(rest))
        deviation = max(_TO_DEVIATION * float(np.median(np.abs(rest - middle))), _SMALLEST * least)
        largest = int(np.argmax(rest))
        score = float(rest[largest] - middle) / deviation
        removed.append((int(places[largest]), score))
        if score > _critical(len(values), number):
            outliers = number  # those before it are outliers too: they hid behind each other
        places, rest = np.delete(places, largest), np.delete(rest, largest)
    return {place: score for place, score in sorted(removed[:outliers]) if values[place] >= least}


def _critical(count: int, number: int) -> float:
    """Rosner's critical value for the `number`-th outlier among `count` samples, one-sided."""
    left = count - number + 1
    t = float(stats.t.ppf(1 - _SURE / left, left - 2))
    return (left - 1) * t / float(np.sqrt((left - 2 + t * t) * left))


def _stretches(found: dict[int, float], values: Series, level: Series) -> Iterator[Anomaly]:
    run: list[int] = []
    for place in [*found, len(values) + 2 * _APART]:
        if run and place - run[-1] > _APART:
            yield _stretch(run, found, values, level)
            run = []
        run.append(place)


def _stretch(run: Sequence[int], found: dict[int, float], values: Series, level: Series) -> Anomaly:
    worst = max(run, key=lambda place: found[place])
    return Anomaly(run[0], run[-1], worst, float(values[worst]), float(level[worst]), found[worst])
