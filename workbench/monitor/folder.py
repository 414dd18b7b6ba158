"""The folder that the workers of one service share: each writes its own files there, any of them reads them all.

The files of values are prometheus_client's: one for counters, one for histograms and one for each way of merging
gauges, named after the process. They are written here rather than through its Counter and Histogram, because those
take a lock and write to the mapped file at every observation, and choose the folder once for all services of a process
from an environment variable.
"""

# mypy: disable-error-code="no-untyped-call"
# (of prometheus_client only the surface is typed)
from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.utils import floatToGoString

from workbench.monitor.families import CACHE_HITS, CACHE_MISSES, CACHE_RATE, Family, Kind

_BYTES = 1 << 16
_HEADER = struct.Struct("i")
_HEADER_BYTES = 8
Labels = tuple[str, ...]


class ProcessFiles:
    """The values of one process, written through to its files. For one thread at a time."""

    def __init__(self, folder: Path, process: int) -> None:
        self._folder = folder
        self._process = process
        self._files: dict[str, MmapedDict] = {}
        self._keys: dict[tuple[str, Labels], tuple[str, ...]] = {}

    def count(self, family: Family, labels: Labels, amount: float) -> None:
        """Add to a counter."""
        self._add(self._file(family), self._series(family, labels)[0], amount)

    def set(self, family: Family, labels: Labels, value: float, *, now: float) -> None:
        """Set a gauge; `now` is Unix time, by which the most recent of several is told."""
        self._file(family).write_value(self._series(family, labels)[0], value, now)

    def observe(self, family: Family, labels: Labels, values: NDArray[np.float64]) -> None:
        """Add observations to a histogram."""
        keys = self._series(family, labels)
        file = self._file(family)
        self._add(file, keys[0], float(values.sum()))
        counts = np.bincount(np.searchsorted(family.buckets, values), minlength=len(family.buckets) + 1)
        for number in np.flatnonzero(counts).tolist():
            self._add(file, keys[number + 1], float(counts[number]))

    def close(self) -> None:
        """Close the files; what they hold stays."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    @staticmethod
    def _add(file: MmapedDict, key: str, amount: float) -> None:
        file.write_value(key, file.read_value(key)[0] + amount, 0.0)

    def _file(self, family: Family) -> MmapedDict:
        name = f"{family.kind}_{family.merged}" if family.kind is Kind.GAUGE else str(family.kind)
        file = self._files.get(name)
        if file is None:
            path = self._folder / f"{name}_{self._process}.db"
            if not path.exists():
                _make(path)
            file = self._files[name] = MmapedDict(str(path))
        return file

    def _series(self, family: Family, labels: Labels) -> tuple[str, ...]:
        """The keys of a series' values: one, but for a histogram its sum and then its buckets."""
        found = self._keys.get((family.name, labels))
        if found is None:
            found = self._keys[family.name, labels] = tuple(_keys(family, labels))
            file = self._file(family)
            for key in found:
                file.read_value(key)  # makes it: a bucket that is missing in one scrape spoils rates over it
        return found


def _make(path: Path) -> None:
    """An empty file of values, there in one step: a reader that comes in between must find none or a whole one."""
    unfinished = path.with_suffix(".new")
    unfinished.write_bytes(_HEADER.pack(_HEADER_BYTES).ljust(_BYTES, b"\0"))
    unfinished.rename(path)


def _keys(family: Family, labels: Labels) -> Iterable[str]:
    if family.kind is not Kind.HISTOGRAM:
        metric = family.name.removesuffix("_total") if family.kind is Kind.COUNTER else family.name
        yield mmap_key(metric, family.name, list(family.labels), list(labels), family.help)
        return
    yield mmap_key(family.name, f"{family.name}_sum", list(family.labels), list(labels), family.help)
    for bound in (*family.buckets, float("inf")):
        names, values = [*family.labels, "le"], [*labels, floatToGoString(bound)]
        yield mmap_key(family.name, f"{family.name}_bucket", names, values, family.help)


class Merged(Collector):
    """All processes together, and what follows from their sums."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> list[Metric]:
        """The families that have a value."""
        found = list(MultiProcessCollector(None, path=str(self._folder)).collect())
        return [*found, _hit_rates(found)]

    def registry(self) -> CollectorRegistry:
        """A registry of these alone."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return registry


def _hit_rates(metrics: Sequence[Metric]) -> Metric:
    rates = GaugeMetricFamily(CACHE_RATE.name, CACHE_RATE.help, labels=CACHE_RATE.labels)
    counts: dict[str, dict[str, float]] = {CACHE_HITS.name: {}, CACHE_MISSES.name: {}}
    for metric in metrics:
        for sample in metric.samples:
            if sample.name in counts:
                counts[sample.name][sample.labels["cache_type"]] = sample.value
    for cache, hits in counts[CACHE_HITS.name].items():
        lookups = hits + counts[CACHE_MISSES.name].get(cache, 0.0)
        rates.add_metric([cache], hits / lookups if lookups else 0.0)
    return rates


def forget_worker(folder: Path, process: int) -> None:
    """Take the gauges of a process that has ended out of what is read. Its counters stay: a sum must not go back."""
    mark_process_dead(process, path=str(folder))
