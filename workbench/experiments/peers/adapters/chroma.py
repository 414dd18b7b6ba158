"""Chroma, embedded. It has no ranking by words on one's own machine, so only its vectors can be measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.experiments.peers.corpus import Corpus
from workbench.experiments.peers.peer import Crowd, Ids, Peer, Question, Window, needed

_COLLECTION = "messages"
_HNSW = {"space": "cosine", "max_neighbors": 32, "ef_construction": 128, "ef_search": 100}


class Chroma(Peer):
    """A persistent client; telemetry off, no embedding function (the default one would be downloaded)."""

    name = "chroma"
    title = "Chroma, vectors only"
    how = "HNSW only: no ranking by words in the local library"
    weak = "no hybrid search; filters look every message up in SQLite first"
    packages = ("chromadb",)
    modules = ("chromadb",)
    settings = MappingProxyType({"hnsw": _HNSW, "anonymized_telemetry": False})
    crowd = Crowd()

    def build(self, folder: Path, corpus: Corpus) -> None:
        """Batches as large as it takes them."""
        client = _client(folder)
        client.create_collection(_COLLECTION, embedding_function=None, configuration={"hnsw": _HNSW})
        client.close()
        self.add(folder, corpus)

    def add(self, folder: Path, corpus: Corpus) -> None:
        """Vectors, texts and times."""
        client = _client(folder)
        collection = client.get_collection(_COLLECTION, embedding_function=None)
        for batch in corpus.batches(client.get_max_batch_size()):
            collection.add(
                ids=[str(number) for number in batch.numbers], embeddings=batch.vectors, documents=batch.contents,
                metadatas=[{"time": time} for time in batch.times],
            )  # fmt: skip
        client.close()

    def open(self, folder: Path) -> ChromaSearcher:
        """The collection."""
        return ChromaSearcher(_client(folder))


class ChromaSearcher:
    """One client for all threads."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._collection = client.get_collection(_COLLECTION, embedding_function=None)

    def search(self, questions: Sequence[Question]) -> list[Ids]:
        """By vectors: there is nothing else."""
        return [self.nearest(one) for one in questions]

    def nearest(self, question: Question) -> Ids:
        """The ids only; neither texts nor metadata are fetched."""
        found = self._collection.query(
            query_embeddings=[question.vector], n_results=question.k, where=_where(question.window), include=[]
        )
        return [int(one) for one in found["ids"][0]]

    def close(self) -> None:
        """Close the client."""
        self._client.close()


def _client(folder: Path) -> Any:
    chromadb, config = needed("chromadb", "chromadb.config")
    return chromadb.PersistentClient(str(folder), settings=config.Settings(anonymized_telemetry=False))


def _where(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    return {"$and": [{"time": {"$gte": window.after}}, {"time": {"$lt": window.before}}]}


PEERS: dict[str, Peer] = {Chroma.name: Chroma()}
