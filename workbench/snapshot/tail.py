"""A generation with what was remembered since: the memories of the journal, laid behind the generation's messages.

Memories that the generation does not hold get the ordinals after its last. Of one that it holds, remembered again, only
confidence and labels change: its text is the same. What any moment's journal makes of a generation can be had again as
long as the generation is open, so that the pages of one answer fit together while more is remembered.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from workbench.embedding import Embedder
from workbench.index import LexicalTail, microseconds
from workbench.model import MEMORY_ASSISTANT, Memory, MessageKind
from workbench.record import JournalFollower, memory_conversation, memory_message
from workbench.record.journal import Entry
from workbench.snapshot.catalog import KINDS, ROLES
from workbench.snapshot.growing import GrowingArray, GrowingNames, JoinedStrings
from workbench.snapshot.reader import Columns, Snapshot, Tail
from workbench.snapshot.texts import MESSAGE_KINDS, Texts
from workbench.text.passages import passages

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LINK = re.compile("https?://")
_PER_MESSAGE = (
    "assistant", "role", "time", "conversation", "length", "previous", "following", "searched", "month", "model",
    "project", "kinds", "text", "confidence",
)  # fmt: skip


class JournalTail:
    """Views of one generation with what the journal has besides. For any number of threads.

    `embedder` is the one of the generation, or None: memories whose vector the journal does not have are then found by
    their words only.
    """

    def __init__(self, snapshot: Snapshot, embedder: Embedder | None) -> None:
        self._snapshot = snapshot
        self._embedder = embedder
        self._follower = JournalFollower(snapshot.store, snapshot.manifest.journal_sequence)
        self._lock = threading.Lock()
        self._extension: _Extension | None = None
        self._current = snapshot

    @property
    def generation(self) -> int:
        """The number of the generation."""
        return self._snapshot.generation

    def view(self, as_of: int | None = None) -> Snapshot:
        """The generation with all that the journal has by now; or with what it had up to sequence `as_of`.

        Costs one os.stat where nothing was remembered since the last call.

        Raises:
            StoreVersionError: A newer Workbench wrote the journal.
        """
        with self._lock:
            entries = self._follower.news()
            if entries:
                self._take(entries)
            if as_of is None or as_of >= self._current.sequence or self._extension is None:
                return self._current
            return self._extension.view(as_of)

    def first(self, memory: Memory) -> Memory:
        """A memory that is in the journal, with the content and time that it had when it was first remembered."""
        view = self.view()
        with self._lock:
            ordinal = self._extension.ordinal(memory.id) if self._extension else None
        if ordinal is None:  # it came after the view, or is in a generation newer than this one
            return memory
        created_at = _EPOCH + timedelta(microseconds=int(view.columns.time[ordinal]))
        return replace(memory, content=view.texts.content[ordinal], created_at=created_at)

    def _take(self, entries: Sequence[Entry]) -> None:
        if self._extension is None:
            self._extension = _Extension(self._snapshot)
        for entry, vector in zip(entries, self._vectors(entries), strict=True):
            self._extension.take(entry.memory, vector)
        self._current = self._extension.view(entries[-1].memory.sequence)

    def _vectors(self, entries: Sequence[Entry]) -> list[NDArray[np.float32] | None]:
        """The centred vector of each entry, None where there is none to be had."""
        out: list[NDArray[np.float32] | None] = []
        for entry in entries:
            vector = entry.vector if entry.model == self._snapshot.manifest.fingerprint else None
            if vector is None and self._embedder is not None and (texts := passages(entry.memory.content)):
                vector = self._embedder.embed([texts[0]])[0].astype(np.float16)
            if vector is not None:  # rounded as the index rounds it, so that publishing changes no cosine
                centred = self._snapshot.vectors.centre(vector[np.newaxis].astype(np.float32))[0]
                vector = centred.astype(np.float16).astype(np.float32)
            out.append(vector)
        return out


class _Extension:
    """The columns and texts of a generation, growing."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        columns, texts = snapshot.columns, snapshot.texts
        self._first = len(columns.length)
        self._sequences: list[int] = []  # at which each new message came
        self._updates: list[tuple[int, Memory]] = []  # of messages that were there: ordinal and what it is now
        self._ordinals = _published(snapshot)
        self._arrays = {name: GrowingArray(getattr(columns, name)) for name in _PER_MESSAGE}
        self._category = GrowingArray(columns.category, np.int32)
        self._label, self._label_owner = GrowingArray(columns.label, np.int32), GrowingArray(columns.label_owner)
        self._label_ends = [len(columns.label)]  # after 0, 1, … new messages
        self._categories, self._labels = GrowingNames(columns.category_names), GrowingNames(columns.label_names)
        self._assistants = GrowingNames(snapshot.assistants)
        self._conversations: dict[str, int] = {}
        self._conversation_ids = GrowingArray(texts.conversation_ids, _widest(texts.conversation_ids))
        self._ids = GrowingArray(texts.ids, _widest(texts.ids))
        self._kinds, self._positions = GrowingArray(texts.kinds), GrowingArray(texts.positions)
        self._memories: list[Memory] = []
        self._contents: list[str] = []
        self._titles: list[str] = []
        self._carried: list[str] = []
        self._words = LexicalTail(snapshot.lexical)
        self._vectors = np.zeros((0, snapshot.vectors.dimensions), np.float32)
        self._embedded = GrowingArray(np.zeros(0, np.bool_))

    def take(self, memory: Memory, vector: NDArray[np.float32] | None) -> None:
        """Add a memory, or note what is new about one that is there."""
        known = self._ordinals.get(memory.id)
        for label in memory.labels:
            self._labels.code(label)
        if known is not None:
            self._updates.append((known, memory))
            return
        number = len(self._contents)
        self._ordinals[memory.id] = self._first + number
        self._add_columns(memory)
        self._add_texts(memory)
        self._words.add(memory.content)
        self._embedded.append(vector is not None)
        if number == len(self._vectors):
            grown = np.zeros((max(64, 2 * number), self._vectors.shape[1]), np.float32)
            grown[:number] = self._vectors
            self._vectors = grown
        if vector is not None:
            self._vectors[number] = vector
        self._memories.append(memory)
        self._sequences.append(memory.sequence)

    def ordinal(self, memory: str) -> int | None:
        """The ordinal of the memory with this id, if there is one."""
        return self._ordinals.get(memory)

    def view(self, sequence: int) -> Snapshot:
        """The generation with all memories up to `sequence`."""
        count = bisect_right(self._sequences, sequence)
        updates = {ordinal: memory for ordinal, memory in self._updates if memory.sequence <= sequence}
        if not count and not updates:
            return self._snapshot
        total = self._first + count
        columns = replace(
            self._snapshot.columns,
            **{name: array.upto(total) for name, array in self._arrays.items()},
            category=self._category.upto(total),
            category_names=self._categories.names,
            label=self._label.upto(self._label_ends[count]),
            label_owner=self._label_owner.upto(self._label_ends[count]),
            label_names=self._labels.names,
        )
        texts = Texts(
            JoinedStrings(self._snapshot.texts.content, self._contents),
            JoinedStrings(self._snapshot.texts.carried, self._carried),
            JoinedStrings(self._snapshot.texts.titles, self._titles),
            self._ids.upto(total),
            self._kinds.upto(total),
            self._positions.upto(total),
            self._conversation_ids.upto(len(self._snapshot.texts.conversation_ids) + len(self._titles)),
        )
        tail = Tail(
            self._first,
            self._memories[:count],
            self._words,
            self._vectors[:count],
            self._embedded.upto(count),
            any(ordinal < self._first for ordinal in updates),
            sequence,
        )
        assistants = [str(name) for name in self._assistants.names]
        return self._snapshot.extended(self._updated(columns, updates), texts, assistants, tail)

    def _updated(self, columns: Columns, updates: Mapping[int, Memory]) -> Columns:
        """`columns` with the confidence and labels that memories have by now."""
        if not updates:
            return columns
        confidence = columns.confidence.copy()
        for ordinal, memory in updates.items():
            confidence[ordinal] = memory.confidence
        pairs = [(ordinal, self._labels.code(one)) for ordinal, memory in updates.items() for one in memory.labels]
        kept = ~np.isin(columns.label_owner, list(updates))
        owner = np.concatenate([columns.label_owner[kept], np.array([one for one, _ in pairs], np.int32)])
        label = np.concatenate([columns.label[kept], np.array([code for _, code in pairs], np.int32)])
        order = np.argsort(owner, kind="stable")
        return replace(columns, confidence=confidence, label_owner=owner[order], label=label[order])

    def _add_columns(self, memory: Memory) -> None:
        message = memory_message(memory)
        month = 12 * (memory.created_at.year - 1970) + memory.created_at.month - 1
        link = 1 << KINDS.index("link") if _LINK.search(memory.content) else 0
        values: dict[str, object] = {
            "assistant": self._assistants.code(MEMORY_ASSISTANT), "role": ROLES.index(message.role),
            "time": microseconds(memory.created_at), "conversation": self._conversation(memory.category),
            "length": len(memory.content), "previous": -1, "following": -1, "searched": True, "month": month,
            "model": 0, "project": 0, "kinds": link, "text": -1, "confidence": memory.confidence,
        }  # fmt: skip
        ordinal = self._first + len(self._contents)
        for name, array in self._arrays.items():
            array.append(values[name])
        self._category.append(self._categories.code(memory.category))
        for label in memory.labels:
            self._label_owner.append(ordinal)
            self._label.append(self._labels.code(label))
        self._label_ends.append(self._label_ends[-1] + len(memory.labels))

    def _add_texts(self, memory: Memory) -> None:
        self._ids.append(memory.id.encode())
        self._kinds.append(MESSAGE_KINDS.index(MessageKind.TEXT))
        self._positions.append(0)
        self._carried.append("")
        self._contents.append(memory.content)

    def _conversation(self, category: str) -> int:
        """The ordinal of the conversation in which memories of a category are; a new one if there is none."""
        known = self._conversations.get(category)
        if known is not None:
            return known
        conversation = memory_conversation(category)
        published = self._snapshot.texts.conversation_ids
        at = int(np.searchsorted(published, conversation.id.encode()))
        if at == len(published) or bytes(published[at]) != conversation.id.encode():
            at = len(published) + len(self._titles)
            self._conversation_ids.append(conversation.id.encode())
            self._titles.append(conversation.title)
        self._conversations[category] = at
        return at


def _published(snapshot: Snapshot) -> dict[str, int]:
    """The ordinals of the memories that a generation holds, by id."""
    ordinals = np.flatnonzero(snapshot.columns.category)
    return {one.decode(): int(at) for one, at in zip(snapshot.texts.ids[ordinals].tolist(), ordinals, strict=True)}


def _widest(ids: NDArray[np.bytes_]) -> str:
    """A type that holds these ids and those of memories."""
    return f"S{max(ids.dtype.itemsize, 32)}"
