"""Workbench itself: a record of its own, one generation, and the engine as its service has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from workbench.embedding import Embedder
from workbench.embedding.embedder import Vectors
from workbench.errors import EmbeddingError, WorkbenchError
from workbench.experiments.peers.corpus import UNTIMED, Corpus
from workbench.experiments.peers.peer import Crowd, Ids, Peer, Question, Window
from workbench.index import VectorProfile
from workbench.model import Conversation, Filters, Message, Query, Role, Transcript
from workbench.record import Database, WriterLock, add_vectors, merge, missing_passages, open_record, to_rows
from workbench.search import SearchEngine
from workbench.search.filters import allowed
from workbench.search.vector_leg import search_vectors
from workbench.snapshot import Snapshot, VectorSpace, open_snapshot, publish

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MODEL = "given"
_BATCH = 10_000


@dataclass(slots=True)
class _Given:
    """The model of a store whose vectors are all given; no text is ever embedded."""

    dimensions: int
    name: str = _MODEL
    fingerprint: str = _MODEL
    texts_per_second: float = 1.0

    def embed(self, texts: Sequence[str]) -> Vectors:
        raise EmbeddingError("a query came without its vector", texts[0] if texts else "")


class Ours(Peer):
    """The default ranking, thread context, snippets and all, over a store built anew from the messages."""

    name = "workbench"
    title = "Memory Workbench"
    how = "BM25 + HNSW, scores fused, thread context; snippets and texts of the hits are part of the answer"
    weak = "no insert into its indexes: whatever an import adds, all of it is published anew"
    packages = ("memory-workbench", "tantivy", "usearch")
    settings = MappingProxyType(
        {**asdict(VectorProfile()), "alpha": 0.3, "vectors": "i8 in the graph, compared again as f16"}
    )
    crowd = Crowd(processes=2, threads=1, batch=8)

    def build(self, folder: Path, corpus: Corpus) -> None:
        """Merge the messages into a record, add their vectors, publish."""
        self.add(folder, corpus)

    def add(self, folder: Path, corpus: Corpus) -> None:
        """The same: a publication is always whole."""
        folder.mkdir(parents=True, exist_ok=True)
        vectors = dict(zip(corpus.hashes.tolist(), corpus.model_vectors, strict=True))
        with WriterLock(folder), open_record(folder) as record:
            _merge(record, corpus)
            for hashes, _ in missing_passages(record, _MODEL, batch=_BATCH):
                add_vectors(record, _MODEL, hashes, np.array([vectors[one] for one in hashes]))
            publish(record, folder, VectorSpace(_MODEL, _MODEL, corpus.dimensions))

    def open(self, folder: Path) -> OurSearcher:
        """The engine over the current generation."""
        return OurSearcher(open_snapshot(folder))


class OurSearcher:
    """The engine, with the vectors of queries in its cache."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        model: Embedder = _Given(snapshot.vectors.dimensions)
        self.engine = SearchEngine(snapshot, model)

    def search(self, questions: Sequence[Question]) -> list[Ids]:
        """Hybrid search of all at once."""
        for one in questions:
            self.engine.vectors.put((_MODEL, one.text), one.model_vector)
        queries = [Query(one.text, one.k, filters=_filters(one.window), plain=True, explain=False) for one in questions]
        return [[_number(hit.message_id) for hit in _answer(found)] for found in self.engine.search_many(queries)]

    def nearest(self, question: Question) -> Ids:
        """The vector leg alone, its list cut at k."""
        snapshot = self.snapshot
        mask = allowed(snapshot, _filters(question.window))
        query = snapshot.vectors.centre(question.model_vector[None])
        [leg] = search_vectors(snapshot, query, self.engine.tuning.vector_candidates, [mask])
        return [_number(snapshot.texts.ids[ordinal].decode()) for ordinal in leg.ranking.ordinals[: question.k]]

    def close(self) -> None:
        """Let go of the generation."""
        self.snapshot.close()


def _answer(found: Any) -> Any:
    if isinstance(found, WorkbenchError):
        raise found
    return found


def _filters(window: Window | None) -> Filters:
    if window is None:
        return Filters()
    return Filters(after=_instant(window.after), before=_instant(window.before))


def _instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _number(message_id: str) -> int:
    return int(message_id[2:])


def _merge(record: Database, corpus: Corpus) -> None:
    transcripts: list[Transcript] = []
    held = 0
    for one in _transcripts(corpus):
        transcripts.append(one)
        held += len(one.messages)
        if held >= _BATCH:
            merge(record, to_rows(transcripts, parser_revision=1))
            transcripts, held = [], 0
    if transcripts:
        merge(record, to_rows(transcripts, parser_revision=1))


def _transcripts(corpus: Corpus) -> Iterator[Transcript]:
    """The conversations, whose messages stand together in the corpus as they did in the store."""
    names = ("conversation", "position", "role", "assistant", "time", "content")
    columns = [corpus.table[name].to_pylist() for name in names]
    numbered = enumerate(zip(*columns, strict=True), start=corpus.first)
    for conversation, members in groupby(numbered, key=lambda one: one[1][0]):
        messages, assistants = list[Message](), set[str]()
        identifier = f"c_{conversation}"
        for number, (_, position, role, assistant, time, content) in members:
            assistants.add(assistant)
            created = None if time == UNTIMED else _instant(time)
            messages.append(Message(f"m_{number}", identifier, None, position, Role(role), content, created_at=created))
        yield Transcript(Conversation(identifier, assistants.pop(), identifier, ""), tuple(messages))


PEERS: dict[str, Peer] = {Ours.name: Ours()}
