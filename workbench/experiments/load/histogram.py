"""Latencies as an HdrHistogram: three significant digits from a microsecond to ten minutes, whatever their number.

The histogram is that of the package `hdrhistogram`, the port that the HdrHistogram project itself names for Python
(wheels for Python 3.10 to 3.14, 48 kB).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)
_LONGEST_MICROSECONDS = 600_000_000
_DIGITS = 3
_CURVE_POINTS = np.concatenate([np.arange(1.0, 99.0), 100.0 - np.geomspace(1.0, 0.001, 31)])


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution in milliseconds. `curve` has (percentile, milliseconds) pairs for drawing, ascending."""

    count: int
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    max: float
    mean: float
    curve: tuple[tuple[float, float], ...] = ()


def latency_of(seconds: NDArray[np.float64]) -> Latency:
    """The distribution of latencies given in seconds; all figures 0 where there are none."""
    if not len(seconds):
        return Latency(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    histogram = HdrHistogram(1, _LONGEST_MICROSECONDS, _DIGITS)
    values, counts = np.unique(np.clip(np.rint(seconds * 1e6), 1, _LONGEST_MICROSECONDS), return_counts=True)
    for value, count in zip(values.astype(np.int64).tolist(), counts.tolist(), strict=True):
        histogram.record_value(value, count)
    found = histogram.get_percentile_to_value_dict([*PERCENTILES, *_CURVE_POINTS.tolist()])
    largest, mean = float(seconds.max()) * 1000, float(seconds.mean()) * 1000  # exact: no bucket needed
    # A percentile is given as the end of its bucket, which for the last one may lie past the largest value.
    p50, p90, p95, p99, p999 = (min(found[percentile] / 1000, largest) for percentile in PERCENTILES)
    curve = tuple((point, min(found[point] / 1000, largest)) for point in _CURVE_POINTS.tolist())
    return Latency(len(seconds), p50, p90, p95, p99, p999, largest, mean, curve)


@dataclass(frozen=True, slots=True)
class Second:
    """What one second of a run saw: answers completed in it, and percentiles of their latency in milliseconds."""

    second: int
    answers: int
    p50: float
    p95: float
    p99: float


def per_second(done: NDArray[np.float64], latency: NDArray[np.float64]) -> tuple[Second, ...]:
    """`done` (seconds since the start) and `latency` (seconds) of the same answers, second by second."""
    if not len(done):
        return ()
    whole = np.floor(done).astype(np.int64)
    out = []
    for second in range(int(whole.max()) + 1):
        within = latency[whole == second] * 1000
        p50, p95, p99 = np.percentile(within, [50, 95, 99]) if len(within) else (0.0, 0.0, 0.0)
        out.append(Second(second, len(within), float(p50), float(p95), float(p99)))
    return tuple(out)
