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

    @classmethod
    def none(cls) -> Latency:
        """No latency at all: all figures 0."""
        return cls(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def histogram_of(seconds: NDArray[np.float64]) -> HdrHistogram:
    """The histogram of latencies given in seconds; it counts microseconds."""
    histogram = HdrHistogram(1, _LONGEST_MICROSECONDS, _DIGITS)
    values, counts = np.unique(np.clip(np.rint(seconds * 1e6), 1, _LONGEST_MICROSECONDS), return_counts=True)
    for value, count in zip(values.astype(np.int64).tolist(), counts.tolist(), strict=True):
        histogram.record_value(value, count)
    return histogram


def encoded(seconds: NDArray[np.float64]) -> str:
    """The histogram in the text form of the HdrHistogram project, which its tools for all languages read."""
    return str(histogram_of(seconds).encode(), "ascii")


def decoded(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What `encoded` gave, as a curve: milliseconds, ascending, and the percentage of latencies up to each."""
    histogram = HdrHistogram.decode(text)
    seen = [(one.value_iterated_to, one.total_count_to_this_value) for one in histogram.get_recorded_iterator()]
    values, counts = np.array(seen, np.float64).reshape(-1, 2).T
    return values / 1000, 100.0 * counts / max(1, histogram.get_total_count())


def latency_of(seconds: NDArray[np.float64]) -> Latency:
    """The distribution of latencies given in seconds; all figures 0 where there are none."""
    if not len(seconds):
        return Latency.none()
    found = histogram_of(seconds).get_percentile_to_value_dict([*PERCENTILES, *_CURVE_POINTS.tolist()])
    largest, mean = float(seconds.max()) * 1000, float(seconds.mean()) * 1000  # exact: no bucket needed
    # A percentile is given as the end of its bucket, which for the last one may lie past the largest value.
    p50, p90, p95, p99, p999 = (min(found[percentile] / 1000, largest) for percentile in PERCENTILES)
    curve = tuple((point, min(found[point] / 1000, largest)) for point in _CURVE_POINTS.tolist())
    return Latency(len(seconds), p50, p90, p95, p99, p999, largest, mean, curve)


@dataclass(frozen=True, slots=True)
class Interval:
    """What a part of a run saw, from `begin` seconds on: answers completed in it, with percentiles in milliseconds.

    `due` requests were due in it, `hit_share` of its answers came from the cache.
    """

    begin: float
    seconds: float
    answers: int
    due: int
    hit_share: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Second:
    """What one second of a run saw: answers completed in it, and percentiles of their latency in milliseconds."""

    second: int
    answers: int
    p50: float
    p95: float
    p99: float


def intervals(
    done: NDArray[np.float64], latency: NDArray[np.float64], seconds: float, *, due: NDArray[np.float64] | None = None,
    hit: NDArray[np.bool_] | None = None,
) -> tuple[Interval, ...]:  # fmt: skip
    """`done` (seconds since the start), `latency` (seconds) and `hit` of the same answers, in parts of equal length.

    `due` is when requests were due, in seconds since the start, those included that were answered too late to be here.
    """
    if not len(done):
        return ()
    place = np.floor(done / seconds).astype(np.int64)
    last = int(place.max())
    asked = np.bincount(np.floor((done if due is None else due) / seconds).astype(np.int64), minlength=last + 1)
    out = []
    for number in range(last + 1):
        here = place == number
        answers = int(here.sum())
        p50, p95, p99 = np.percentile(latency[here] * 1000, [50, 95, 99]).tolist() if answers else (0.0, 0.0, 0.0)
        hits = float(hit[here].mean()) if hit is not None and answers else 0.0
        out.append(Interval(number * seconds, seconds, answers, int(asked[number]), hits, p50, p95, p99))
    return tuple(out)


def per_second(done: NDArray[np.float64], latency: NDArray[np.float64]) -> tuple[Second, ...]:
    """`done` (seconds since the start) and `latency` (seconds) of the same answers, second by second."""
    found = intervals(done, latency, 1.0)
    return tuple(Second(int(one.begin), one.answers, one.p50, one.p95, one.p99) for one in found)
