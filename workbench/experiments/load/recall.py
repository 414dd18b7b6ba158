"""How many of the truly nearest the vector index finds, counted by distance so that ties are fair."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workbench.embedding import Embedder
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.index import VectorIndex
from workbench.snapshot import Snapshot
from workbench.snapshot.publish import VECTORS_FOLDER

Floats = NDArray[np.float32]

TIE = 1e-4
EXPANSIONS = (64, 128, 192, 256, 512)
_BATCH = 32


@dataclass(frozen=True, slots=True)
class VectorRecall:
    """One expansion: recall@`k` of the graph, latency of single searches, and searches a second in batches of 32."""

    expansion: int
    default: bool
    k: int
    listed: int
    queries: int
    recall: float
    worst: float
    latency: Latency
    batched_per_second: float


def recall_at(k: int, found: Floats, exact: Floats) -> float:
    """The share of the `k` best that was found.

    `found` are the exact cosines of what was found (distinct items), `exact` those of everything that may be found, in
    any order. What is as near as the k-th nearest, to 1e-4, counts. 1 where there is nothing to find.
    """
    wanted = min(k, len(exact))
    if not wanted:
        return 1.0
    cut = np.partition(exact, len(exact) - wanted)[len(exact) - wanted]
    best = np.sort(found)[::-1][:k]
    return min(wanted, int(np.count_nonzero(best >= cut - TIE))) / wanted


def embed_centred(snapshot: Snapshot, embedder: Embedder, queries: Sequence[str]) -> Floats:
    """Queries as the snapshot's index compares them: (n, d). Queries without a known token are left out."""
    vectors = embedder.embed(queries)
    return snapshot.vectors.centre(vectors[np.linalg.norm(vectors, axis=1) > 0])


def vector_recall(
    snapshot: Snapshot,
    queries: Floats,
    *,
    k: int = 10,
    listed: int = 100,
    expansions: Sequence[int] = EXPANSIONS,
) -> list[VectorRecall]:
    """Recall and speed of the vector leg for several expansions and the profile's own, for centred queries (n, d).

    The leg lists `listed` rows, as search does; recall counts its best `k`.
    """
    index = snapshot.vectors
    cuts = [_greatest(index.cosines(query), k) for query in queries]
    own = index.profile.expansion_search
    out = []
    for expansion in [own] if index.is_exact else sorted({*expansions, own}):
        profile = replace(index.profile, expansion_search=expansion)
        opened = VectorIndex.open(snapshot.folder / VECTORS_FOLDER, profile)
        out.append(_one(opened, queries, cuts, k, listed, default=expansion == own))
    return out


def _greatest(values: Floats, count: int) -> Floats:
    count = min(count, len(values))
    return np.partition(values, len(values) - count)[len(values) - count :]


def _one(
    index: VectorIndex, queries: Floats, cuts: list[Floats], k: int, listed: int, *, default: bool
) -> VectorRecall:
    for query in queries[:_BATCH]:  # map the graph's pages
        index.nearest(query[None], listed)
    seconds = np.empty(len(queries))
    recalls = np.empty(len(queries))
    for number, query in enumerate(queries):
        begun = time.perf_counter()
        [(_, cosines)] = index.nearest(query[None], listed)
        seconds[number] = time.perf_counter() - begun
        recalls[number] = recall_at(k, cosines[:k], cuts[number])
    begun = time.perf_counter()
    for start in range(0, len(queries), _BATCH):
        index.nearest(queries[start : start + _BATCH], listed)
    batched = len(queries) / (time.perf_counter() - begun)
    return VectorRecall(
        expansion=index.profile.expansion_search, default=default, k=k, listed=listed, queries=len(queries),
        recall=float(recalls.mean()), worst=float(recalls.min()), latency=latency_of(seconds),
        batched_per_second=batched,
    )  # fmt: skip
