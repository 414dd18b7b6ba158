"""Nearest texts by cosine: by usearch above a few ten thousand texts, exactly below. Only this module imports it.

Rows are unique texts, sorted by their hash, so that the same texts give the same index in whichever order they were
imported. Vectors are kept mean-centred: static vectors share a large common direction, and taking it off lifts recall
at the same effort from 0.90 to 0.985 (250,000 real messages, expansion 128) without a cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import SnapshotError
from workbench.index.clusters import neighbourhoods
from workbench.index.profile import VectorProfile

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_VECTORS, _SMALL, _MEAN, _GRAPH = "vectors.f16.npy", "vectors.i8.npy", "mean.f32.npy", "graph.usearch"
_BLOCK = 16_384
_COMPARED = 1_024  # vectors at a time: half a megabyte stays in the cache, which is worth a third of the time
_SMALL_COMPARED = 4_096
_COMPARED_TWICE = 4  # times as many as wanted: what comparing in i8 puts first is compared again in f16
_LARGEST_COMPONENT = 6.4  # times the mean size, 1 / sqrt(d): beyond it is one component in ten thousand


class VectorIndex:
    """A built index, open for searching; its files are mapped into memory, not read."""

    def __init__(
        self,
        vectors: NDArray[np.float16],
        small: NDArray[np.int8] | None,
        mean: Floats,
        graph: Any,
        profile: VectorProfile,
    ) -> None:
        self._vectors = vectors
        self._small = small
        self._mean = mean
        self._graph = graph
        self.profile = profile
        # Without a graph every query reads everything: as float32, so that no query converts it again.
        self._dense = None if graph is not None else np.asarray(vectors, dtype=np.float32)

    @classmethod
    def build(
        cls, folder: Path, blocks: Iterable[NDArray[np.float16]], *, rows: int, dimensions: int, profile: VectorProfile
    ) -> None:
        """Write an index of `rows` unit vectors, given in blocks (n, dimensions), into the empty folder `folder`."""
        shape = (rows, dimensions)
        if rows == 0:
            vectors: NDArray[np.float16] = np.zeros(shape, np.float16)
            np.save(folder / _VECTORS, vectors)
            np.save(folder / _MEAN, np.zeros(dimensions, np.float32))
            return
        vectors = np.lib.format.open_memmap(folder / _VECTORS, mode="w+", dtype=np.float16, shape=shape)
        total = np.zeros(dimensions, np.float64)
        at = 0
        for block in blocks:
            vectors[at : at + len(block)] = block
            total += block.sum(axis=0, dtype=np.float64)
            at += len(block)
        mean = (total / rows).astype(np.float32)
        for start in range(0, rows, _BLOCK):
            vectors[start : start + _BLOCK] = _centred(vectors[start : start + _BLOCK], mean)
        np.save(folder / _MEAN, mean)
        if rows > profile.exact_below:
            _write_small(folder, vectors)
            _build_graph(vectors, profile).save(folder / _GRAPH)
        vectors.flush()

    @classmethod
    def build_variant(cls, source: Path, folder: Path, profile: VectorProfile) -> None:
        """Write into the empty folder `folder` what `build` makes of the vectors of the index in `source` by `profile`.

        The vectors themselves are linked, not copied.

        Raises:
            SnapshotError: The index in `source` cannot be read.
        """
        try:
            for name in (_VECTORS, _MEAN):
                (folder / name).symlink_to((source / name).resolve(strict=True))
            vectors = np.load(folder / _VECTORS, mmap_mode="r").view(np.ndarray)
        except (OSError, ValueError) as error:
            raise SnapshotError(f"the vector index {source} cannot be read", str(error)) from error
        if len(vectors) > profile.exact_below:
            _write_small(folder, vectors)
            _build_graph(vectors, profile).save(folder / _GRAPH)

    @classmethod
    def open(cls, folder: Path, profile: VectorProfile) -> VectorIndex:
        """The index in `folder`.

        Raises:
            SnapshotError: It is not there, or damaged.
        """
        try:
            vectors = np.load(folder / _VECTORS, mmap_mode="r").view(np.ndarray)
            mean = np.load(folder / _MEAN)
            small = graph = None
            if (folder / _GRAPH).exists():
                from usearch.index import Index  # 30 ms: small stores never need it

                small = np.load(folder / _SMALL, mmap_mode="r").view(np.ndarray)
                graph = Index.restore(str(folder / _GRAPH), view=True, expansion_search=profile.expansion_search)
        except (OSError, ValueError, RuntimeError) as error:
            raise SnapshotError(
                f"the vector index {folder} cannot be opened", str(error), "run `workbench verify`"
            ) from error
        return cls(vectors, small, mean, graph, profile)

    def __len__(self) -> int:
        return int(self._vectors.shape[0])

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._vectors.shape[1])

    @property
    def is_exact(self) -> bool:
        """Whether every search looks at every vector."""
        return self._graph is None

    def centre(self, vectors: Floats) -> Floats:
        """Query vectors (n, d) as the index compares them."""
        return _centred(vectors, self._mean)

    def vectors(self, rows: Rows) -> Floats:
        """The centred vectors of some rows: shape (len(rows), d)."""
        return np.asarray(self._vectors[rows], dtype=np.float32)

    def cosines(self, query: Floats, rows: Rows | None = None) -> Floats:
        """Cosines of a centred query (d,) with the given rows (all if None), in their order."""
        if self._dense is not None:
            found = (self._dense if rows is None else np.take(self._dense, rows, axis=0)) @ query
            return np.asarray(found, dtype=np.float32)
        if rows is None:
            rows = np.arange(len(self))
        blocks = [rows[start : start + _COMPARED] for start in range(0, len(rows), _COMPARED)]
        return np.concatenate([np.empty(0, np.float32), *(self._compare(query, block) for block in blocks)])

    def nearest_among(self, query: Floats, rows: Rows, count: int) -> tuple[Rows, Floats]:
        """The places in `rows` of the `count` that are nearest to a centred query (d,), and their cosines; in no order.

        Many rows are compared in i8 first, a third of the time of f16, and the best of these again in f16.
        """
        places = np.arange(len(rows))
        if self._small is not None and len(rows) > _COMPARED_TWICE * count:
            scores = self._compare_small(query, rows)
            places = np.argpartition(-scores, _COMPARED_TWICE * count - 1)[: _COMPARED_TWICE * count]
        cosines = self.cosines(query, rows[places])
        if len(places) > count:
            best = np.argpartition(-cosines, count - 1)[:count]
            places, cosines = places[best], cosines[best]
        return places, cosines

    def nearest(self, queries: Floats, count: int) -> list[tuple[Rows, Floats]]:
        """For each centred query of (n, d), the `count` rows nearest to it with their cosines, nearest first.

        By the graph where there is one (approximate), else exactly. Equal cosines are ordered by row.
        """
        count = min(count, len(self))
        if count == 0:
            return [(np.empty(0, np.int64), np.empty(0, np.float32)) for _ in queries]
        if self._graph is None:
            return [self._nearest_of_all(query, count) for query in queries]
        # One call for all: usearch holds the interpreter lock while it searches, and a call costs more than a query.
        encoded = _encoded(np.atleast_2d(queries), self.profile.precision)
        found = np.asarray(self._graph.search(encoded, count, threads=1).keys, dtype=np.int64).reshape(len(queries), -1)
        return [self._ordered(rows, self._compare(query, rows)) for query, rows in zip(queries, found, strict=True)]

    def _nearest_of_all(self, query: Floats, count: int) -> tuple[Rows, Floats]:
        cosines = self.cosines(query)
        rows = np.argpartition(-cosines, count - 1)[:count] if count < len(cosines) else np.arange(len(cosines))
        return self._ordered(rows, cosines[rows])

    def _compare(self, query: Floats, rows: Rows) -> Floats:
        """Cosines in the precision of the stored vectors; numkong compares f16 six times as fast as numpy."""
        import numkong

        vectors = np.take(self._vectors, rows, axis=0)
        found = numkong.cdist(query.astype(np.float16)[None, :], vectors, metric="dot", out_dtype="float32")
        return np.asarray(found, dtype=np.float32).reshape(len(rows))

    def _compare_small(self, query: Floats, rows: Rows) -> Floats:
        """Products of the i8 copies: the order of the cosines, but for rounding."""
        import numkong

        assert self._small is not None
        encoded = _encoded(query[None, :], "i8")
        out = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _SMALL_COMPARED):
            block = np.take(self._small, rows[start : start + _SMALL_COMPARED], axis=0)
            out[start : start + len(block)] = np.asarray(numkong.cdist(encoded, block, metric="dot")).reshape(-1)
        return out

    @staticmethod
    def _ordered(rows: Rows, cosines: Floats) -> tuple[Rows, Floats]:
        order = np.lexsort((rows, -cosines))
        return rows[order].astype(np.int64), cosines[order]


def _centred(vectors: NDArray[Any], mean: Floats) -> Floats:
    """`vectors` (n, d) less the mean, each of length 1 again."""
    moved = vectors.astype(np.float32) - mean
    norms = np.linalg.norm(moved, axis=1, keepdims=True)
    norms[norms == 0] = 1.0
    return np.asarray(moved / norms, dtype=np.float32)


def _encoded(vectors: NDArray[Any], precision: str) -> NDArray[Any]:
    """Vectors as the graph takes them.

    Left to usearch, i8 spends its range on components up to 1, which hardly any has, and compares by cosine, which
    costs a third more than the product (461 against 336 us at expansion 192; docs/performance.md).
    """
    if precision == "b1":
        return np.asarray(np.packbits(vectors > 0, axis=1))
    if precision == "i8":
        largest = min(1.0, _LARGEST_COMPONENT / float(np.sqrt(vectors.shape[1])))
        steps = np.asarray(vectors, dtype=np.float32) * (127.0 / largest)
        return np.asarray(np.clip(np.rint(steps), -127, 127), dtype=np.int8)
    return np.ascontiguousarray(vectors, dtype=np.float16)


def _write_small(folder: Path, vectors: NDArray[np.float16]) -> None:
    small = np.lib.format.open_memmap(folder / _SMALL, mode="w+", dtype=np.int8, shape=vectors.shape)
    for start in range(0, len(vectors), _BLOCK):
        small[start : start + _BLOCK] = _encoded(vectors[start : start + _BLOCK], "i8")
    small.flush()


def _build_graph(vectors: NDArray[np.float16], profile: VectorProfile) -> Any:
    from usearch.index import Index

    graph = Index(
        ndim=vectors.shape[1],
        metric="hamming" if profile.precision == "b1" else "ip",
        dtype=profile.precision,
        connectivity=profile.connectivity,
        expansion_add=profile.expansion_add,
        expansion_search=profile.expansion_search,
    )
    order = neighbourhoods(vectors)
    for start in range(0, len(vectors), _BLOCK):
        rows = order[start : start + _BLOCK]
        # One thread: with several, the order in which they insert, and so the graph, would differ from run to run.
        graph.add(rows, _encoded(vectors[rows], profile.precision), threads=1)
    return graph
