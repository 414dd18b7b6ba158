"""Measuring one set of parameters: judged queries through the real engine, over an index built for it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.embedding import Embedder
from workbench.evaluation.metrics import ndcg, recall, reciprocal_rank
from workbench.experiments.load.recall import recall_at
from workbench.experiments.tuning.models import scratch_snapshot
from workbench.experiments.tuning.parameters import Configuration
from workbench.experiments.tuning.plan import Value
from workbench.experiments.tuning.queries import Asked
from workbench.index import VectorIndex
from workbench.ingest import Progress
from workbench.model import Query
from workbench.search import SearchEngine
from workbench.search.cache import Cache
from workbench.search.fusion import Floats
from workbench.snapshot import Snapshot
from workbench.snapshot.publish import VECTORS_FOLDER

Figures = NDArray[np.float64]

K = 10
_LISTED = 100  # rows that the vector leg lists, as search does
_WARMED = 8  # queries


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of each query: `quality` (n, 3) in the order of MEASURES, the others (n,).

    `recall` is the vector leg's recall@10 against comparing all, nan for a query without a known word. Times are
    milliseconds; `stages_ms` are means.
    """

    quality: Figures
    recall: Figures
    cpu_ms: Figures
    wall_ms: Figures
    stages_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Built:
    """An index that was built for trials."""

    folder: Path
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class _Model:
    """A generation with the vectors of one model, and the vectors of the queries."""

    snapshot: Snapshot
    embedder: Embedder | None


class Bench:
    """Measures configurations of one store in a scratch folder. Indexes are built when they are first asked for.

    The store is only read. Whoever uses it calls `close`; the folder is the caller's to remove.
    """

    def __init__(self, snapshot: Snapshot, embedder: Embedder | None, work: Path, progress: Progress) -> None:
        self._own = Configuration.of(snapshot.manifest)
        self._models = {self._own.embedder: _Model(snapshot, embedder)}
        self._store, self._work, self._progress = snapshot.store, work, progress
        self._indexes: dict[tuple[Value, ...], Built] = {}
        self._open: tuple[Configuration, Snapshot] | None = None
        self._exact: dict[tuple[str, str], Floats | None] = {}
        self._recalls: dict[tuple[tuple[Value, ...], int, str], float] = {}
        self.builds = 0
        self.build_seconds = 0.0

    def close(self) -> None:
        """Let go of the scratch generations of other models."""
        for name, model in self._models.items():
            if name != self._own.embedder:
                model.snapshot.close()

    def engine(self, configuration: Configuration) -> SearchEngine:
        """The engine that searches by a configuration. It keeps no vectors of queries: each pays for its own."""
        kept: Cache[Floats] = Cache(lambda vector: int(vector.nbytes), capacity_bytes=0)
        embedder = self._model(configuration.embedder).embedder
        return SearchEngine(self._view(configuration), embedder, tuning=configuration.tuning, vectors=kept)

    def built(self, configuration: Configuration) -> Built:
        """The index of a configuration, built if it is not there."""
        key = configuration.built
        if key not in self._indexes:
            self._indexes[key] = self._build(configuration)
        return self._indexes[key]

    def has_graph(self, configuration: Configuration) -> bool:
        """Whether its index is searched by a graph."""
        return len(self._model(configuration.embedder).snapshot.vectors) > configuration.index.exact_below

    def measure(self, configuration: Configuration, queries: Sequence[Asked]) -> Measured:
        """Ask all queries once, one after another."""
        engine = self.engine(configuration)
        asked = [_query(one) for one in queries]
        for query in asked[:_WARMED]:
            engine.search(query)
        quality = np.zeros((len(asked), 3))
        cpu, wall = np.zeros(len(asked)), np.zeros(len(asked))
        stages: dict[str, float] = {}
        for number, (one, query) in enumerate(zip(queries, asked, strict=True)):
            begun, spent = time.perf_counter(), time.process_time()
            result = engine.search(query)
            cpu[number], wall[number] = time.process_time() - spent, time.perf_counter() - begun
            found = [hit.message_id for hit in result]
            grades = one.judged.grades
            quality[number] = ndcg(found, grades, K), reciprocal_rank(found, grades, K), recall(found, grades, K)
            for stage, ms in result.timings_ms.items():
                stages[stage] = stages.get(stage, 0.0) + ms / len(asked)
        recalls = np.array([self._recall(configuration, one.judged.text) for one in queries])
        return Measured(quality, recalls, cpu * 1000, wall * 1000, stages)

    def _model(self, name: str) -> _Model:
        if name not in self._models:
            folder = self._work / f"model-{len(self._models)}"
            self._models[name] = _Model(*scratch_snapshot(self._store, name, folder, self._progress))
        return self._models[name]

    def _build(self, configuration: Configuration) -> Built:
        source = self._model(configuration.embedder).snapshot.folder / VECTORS_FOLDER
        folder = self._work / f"index-{len(self._indexes)}"
        folder.mkdir()
        begun = time.perf_counter()
        VectorIndex.build_variant(source, folder, configuration.index)
        seconds = time.perf_counter() - begun
        self.builds += 1
        self.build_seconds += seconds
        return Built(folder, seconds, sum(path.stat().st_size for path in folder.iterdir()))

    def _view(self, configuration: Configuration) -> Snapshot:
        wanted = replace(configuration, tuning=self._own.tuning)
        if self._open is None or self._open[0] != wanted:
            index = VectorIndex.open(self.built(configuration).folder, configuration.index)
            self._open = wanted, self._model(configuration.embedder).snapshot.with_vectors(index)
        return self._open[1]

    def _recall(self, configuration: Configuration, text: str) -> float:
        """recall@10 of the vector leg for one query."""
        key = (configuration.built, configuration.index.expansion_search, text)
        if key not in self._recalls:
            self._recalls[key] = self._recall_anew(configuration, text)
        return self._recalls[key]

    def _recall_anew(self, configuration: Configuration, text: str) -> float:
        embedder = self._model(configuration.embedder).embedder
        index = self._view(configuration).vectors
        if embedder is None or not len(index):
            return float("nan")
        vector = embedder.embed([text])
        if not np.linalg.norm(vector):
            return float("nan")
        query = index.centre(vector)
        [(_, cosines)] = index.nearest(query, _LISTED)
        cut = self._exact.get((configuration.embedder, text))
        if cut is None:
            exact = index.cosines(query[0])
            cut = self._exact[configuration.embedder, text] = np.sort(exact)[-K:]
        return recall_at(K, cosines[:K], cut)


def _query(one: Asked) -> Query:
    return Query(one.judged.text, K, filters=one.filters, plain=True, explain=False)
