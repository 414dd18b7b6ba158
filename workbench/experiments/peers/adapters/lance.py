"""LanceDB, embedded: its own hybrid search of an IVF_HNSW_SQ and a full-text index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from workbench.experiments.peers.corpus import Corpus
from workbench.experiments.peers.peer import Crowd, Ids, Peer, Question, Window, needed

_TABLE = "messages"
_INDEX = {"m": 32, "ef_construction": 128}
_REFINE, _EF = 5, 150


class LanceDB(Peer):
    """A table with an index over vectors, one over words and one over times."""

    name = "lancedb"
    title = "LanceDB"
    how = "IVF_HNSW_SQ + its own BM25, its own RRF"
    weak = "what is added is searched without an index until `optimize` is called"
    packages = ("lancedb",)
    modules = ("lancedb", "lancedb.index", "lancedb.rerankers")
    settings = MappingProxyType({
        "index": "IVF_HNSW_SQ", **_INDEX, "refine_factor": _REFINE, "ef": _EF, "fts": "stem, stop words, ascii folding",
        "time": "BTREE",
    })  # fmt: skip
    crowd = Crowd(threads=4)

    def build(self, folder: Path, corpus: Corpus) -> None:
        """Rows in Arrow batches, then the indexes."""
        lancedb, index = needed("lancedb", "lancedb.index")
        schema = _schema(corpus.dimensions)
        table = lancedb.connect(str(folder)).create_table(_TABLE, _rows(corpus, schema), schema=schema)
        table.create_index("vector", config=index.HnswSq(distance_type="cosine", **_INDEX))
        table.create_index("content", config=index.FTS(with_position=False))
        table.create_index("time", config=index.BTree())
        table.optimize()

    def add(self, folder: Path, corpus: Corpus) -> None:
        """Rows; the indexes do not have them yet."""
        table = _opened(folder)
        table.add(pa.Table.from_batches(_rows(corpus, table.schema)))

    def open(self, folder: Path) -> LanceSearcher:
        """The newest version of the table."""
        return LanceSearcher(_opened(folder))


class LanceSearcher:
    """One table for all threads."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._fusion = needed("lancedb.rerankers").RRFReranker()

    def search(self, questions: Sequence[Question]) -> list[Ids]:
        """Its own hybrid query."""
        return [self._hybrid(one) for one in questions]

    def nearest(self, question: Question) -> Ids:
        """By vector alone."""
        query = self._table.search(question.vector, query_type="vector").distance_type("cosine")
        return _numbers(query.refine_factor(_REFINE).ef(_EF), question, "_distance")

    def close(self) -> None:
        """Nothing is held open."""

    def _hybrid(self, question: Question) -> Ids:
        query = self._table.search(query_type="hybrid").vector(question.vector).text(question.text)
        query = query.distance_type("cosine").refine_factor(_REFINE).ef(_EF).rerank(self._fusion)
        return _numbers(query, question)


def _numbers(query: Any, question: Question, *scores: str) -> Ids:
    if question.window is not None:
        query = query.where(_condition(question.window), prefilter=True)
    found: Ids = query.limit(question.k).select(["number", *scores]).to_arrow()["number"].to_pylist()
    return found


def _condition(window: Window) -> str:
    return f"time >= {window.after} AND time < {window.before}"


def _opened(folder: Path) -> Any:
    return needed("lancedb").connect(str(folder)).open_table(_TABLE)


def _schema(dimensions: int) -> pa.Schema:
    vector = pa.list_(pa.float32(), dimensions)
    return pa.schema([("number", pa.int64()), ("time", pa.int64()), ("content", pa.string()), ("vector", vector)])


def _rows(corpus: Corpus, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in corpus.batches():
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(batch.vectors.reshape(-1)), corpus.dimensions)
        columns = [pa.array(batch.numbers), pa.array(batch.times, pa.int64()), pa.array(batch.contents), vectors]
        yield pa.record_batch(columns, schema=schema)


PEERS: dict[str, Peer] = {LanceDB.name: LanceDB()}
