"""Reading one memory back, from the moment that it is acknowledged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

from workbench.errors import NotFoundError
from workbench.model import Memory
from workbench.record import journal, memory_conversation, memory_message
from workbench.snapshot import Snapshot
from workbench.transcripts.around import Around

_PUBLISHED = """
    SELECT m.id, m.content, r.category, r.confidence, r.labels, r.source, m.created_at, r.sequence
    FROM memories r JOIN messages m ON m.id = r.message_id WHERE m.id = ?"""


def read_memory(snapshot: Snapshot, identifier: str) -> Memory:
    """The memory with that id: published, or in the journal still.

    Raises:
        NotFoundError: There is none.
    """
    with snapshot.catalog.cursor() as cursor:
        rows = cursor.rows(_PUBLISHED, [identifier])
    known = [_memory(row) for row in rows]
    known += [entry.memory for entry in journal.read(snapshot.store).entries if entry.memory.id == identifier]
    if not known:
        raise NotFoundError(f"there is no memory {identifier!r}", "", "recalling shows ids beside the hits")
    first, newest = known[0], max(known, key=lambda memory: memory.sequence)
    return replace(newest, content=first.content, created_at=first.created_at)


def read_new_memory(snapshot: Snapshot, identifier: str) -> Around:
    """A memory that no generation has yet, as the message in its thread that it is going to be.

    Raises:
        NotFoundError: There is none.
    """
    memory = read_memory(snapshot, identifier)
    return Around(memory_conversation(memory.category), (memory_message(memory),), 0, (), False, False)


def _memory(row: tuple[Any, ...]) -> Memory:
    identifier, content, category, confidence, labels, source, created_at, sequence = row
    when = created_at.replace(tzinfo=UTC)  # every memory has a time
    return Memory(identifier, content, category, confidence, tuple(labels), source, when, sequence)
