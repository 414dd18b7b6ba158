"""Writing what was noted: the half of the observer that runs in a thread of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from workbench.monitor import families
from workbench.monitor.corpus import Corpus
from workbench.monitor.families import Family, Kind
from workbench.monitor.folder import Labels, ProcessFiles, forget_worker
from workbench.monitor.observations import Observations
from workbench.monitor.process import ThisProcess
from workbench.monitor.window import Window
from workbench.search.cache import CacheStatistics

_USAGE_SECONDS = 1.0  # between looks at memory and processor time
_REJECTED = "429"
_STATIC = "static"  # fingerprints of the other models begin with the name of theirs


class Writer:
    """Writes the values of this process into the shared folder. For one thread at a time."""

    def __init__(self, folder: Path, process: int, version: str) -> None:
        self._folder, self._id = folder, process
        self._files = ProcessFiles(folder, process)
        self._window = Window(folder, process)
        self._process = ThisProcess()
        self._version = version
        self._totals: dict[tuple[str, Labels], float] = {}
        self._looked = 0.0
        for family in (families.PARTIAL, families.LINES_DROPPED, families.SPANS_DROPPED):
            self._files.count(family, (), 0.0)  # a rate needs a value from before the first event

    def write(self, every: Iterable[Observations], now: float) -> None:
        """Write what has been observed since the last time, at the Unix time `now`."""
        requests = 0
        searches, queries = [np.empty(0)], [np.empty(0)]
        for observations in every:
            family = observations.family
            for labels, values in observations.drain():
                if family.kind is Kind.COUNTER:
                    self._files.count(family, labels, float(values.sum()))
                    continue
                self._files.observe(family, labels, values)
                if family is families.REQUEST_SECONDS:
                    self._files.count(families.REQUESTS, labels, float(len(values)))
                    requests += len(values)
                    if labels[2] == _REJECTED:
                        self._files.count(families.REJECTED, labels[:1], float(len(values)))
                elif family is families.SEARCHES:
                    searches.append(values)
                elif family is families.QUERIES:
                    queries.append(values)
        self._window.add(now, requests, np.concatenate(searches), np.concatenate(queries))

    def total(self, family: Family, labels: Labels, total: float) -> None:
        """Bring a counter forward by what `total`, counted since this process started, has grown."""
        before = self._totals.get((family.name, labels), 0.0)
        self._totals[family.name, labels] = total
        self._files.count(family, labels, total - before)

    def cache(self, kind: str, statistics: CacheStatistics, now: float) -> None:
        """Write the state of a cache."""
        labels = (kind,)
        self.total(families.CACHE_HITS, labels, statistics.hits)
        self.total(families.CACHE_MISSES, labels, statistics.misses)
        self.total(families.CACHE_EVICTED, labels, statistics.evicted)
        self._files.set(families.CACHE_ENTRIES, labels, statistics.entries, now=now)
        self._files.set(families.CACHE_BYTES, labels, statistics.bytes, now=now)

    def embeddings(self, model: str, texts: int) -> None:
        """Write how many texts the model with this fingerprint has embedded."""
        provider = _STATIC if model.startswith(f"{_STATIC}-") else "sentence-transformers"
        self.total(families.EMBEDDINGS_MADE, (provider, model), texts)

    def state(self, queue: int, reading: int, corpus: Corpus | None, now: float) -> None:
        """Write the gauges."""
        self._gauge(families.QUEUE, (), queue, now)
        self._gauge(families.CONNECTIONS, (), reading, now)
        if corpus is not None:
            self._gauge(families.GENERATION_AGE, (), now - corpus.published, now)
            self._of_corpus(corpus, now)
        if now - self._looked >= _USAGE_SECONDS:
            self._looked = now
            self._usage(now)

    def close(self) -> None:
        """Let go of the files, and take the gauges of this process out of the sums."""
        self._files.close()
        forget_worker(self._folder, self._id)

    def _gauge(self, family: Family, labels: Labels, value: float, now: float) -> None:
        self._files.set(family, labels, value, now=now)

    def _of_corpus(self, corpus: Corpus, now: float) -> None:
        self._gauge(families.GENERATION, (), corpus.generation, now)
        self._gauge(families.CONVERSATIONS, (), corpus.conversations, now)
        self._gauge(families.EMBEDDINGS, (), corpus.embeddings, now)
        self._gauge(families.PENDING, (), corpus.pending, now)
        self._gauge(families.FACTS, (), corpus.facts, now)
        self._gauge(families.LABELS, (), corpus.labels, now)
        for assistant, messages in corpus.messages.items():
            self._gauge(families.MESSAGES, (assistant,), messages, now)

    def _usage(self, now: float) -> None:
        usage = self._process.usage()
        self._gauge(families.MEMORY, ("resident",), usage.resident, now)
        self._gauge(families.MEMORY, ("private",), usage.private, now)
        self._gauge(families.WORKERS, (), 1, now)
        self._gauge(families.STARTED, (), self._process.started, now)
        self._gauge(families.INFO, (self._version,), 1, now)
        self.total(families.CPU, (), usage.cpu_seconds)
