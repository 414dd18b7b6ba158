"""Memories in the record: messages of conversations with the assistant "memory", one conversation a category."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from workbench.model import (
    MEMORY_ASSISTANT,
    Conversation,
    Memory,
    Message,
    Role,
    Transcript,
    content_hash,
    conversation_id,
)
from workbench.record import journal
from workbench.record.database import Database
from workbench.record.rows import to_rows
from workbench.record.vectors import add_vectors
from workbench.text.passages import passages

_MEMORIES = pa.schema(
    [
        ("message_id", pa.string()), ("category", pa.string()), ("confidence", pa.float64()),
        ("labels", pa.list_(pa.string())), ("source", pa.string()), ("sequence", pa.int64()),
    ]
)  # fmt: skip

# The message of a memory that is already there stays as it is: the same text, first said when it was first said.
_APPLY = """
    INSERT INTO passages BY NAME SELECT * FROM incoming_passages
        WHERE message_id NOT IN (SELECT id FROM messages);
    INSERT OR IGNORE INTO messages BY NAME SELECT * FROM incoming_messages;
    INSERT OR IGNORE INTO conversations BY NAME SELECT * FROM incoming_conversations;
    INSERT OR REPLACE INTO memories BY NAME SELECT * FROM incoming_memories;
    UPDATE conversations SET
        created_at = (SELECT min(created_at) FROM messages WHERE conversation_id = conversations.id),
        updated_at = (SELECT max(created_at) FROM messages WHERE conversation_id = conversations.id)
        WHERE id IN (SELECT id FROM incoming_conversations);
    UPDATE facts SET value = value + 1 WHERE name = 'revision';
"""
_KNOWN = "SELECT hash FROM vectors WHERE model = ? AND hash IN (SELECT unnest(?))"


def memory_conversation(category: str) -> Conversation:
    """The conversation in which all memories of a category are."""
    identifier = conversation_id(MEMORY_ASSISTANT, category)
    return Conversation(identifier, MEMORY_ASSISTANT, category, f"Memories: {category}")


def memory_message(memory: Memory) -> Message:
    """A memory as a message. All are at the same depth: none follows another, so none is found for its neighbours."""
    return Message(
        id=memory.id,
        conversation_id=conversation_id(MEMORY_ASSISTANT, memory.category),
        parent_id=None,
        position=0,
        role=Role.USER,
        content=memory.content,
        author=memory.source or None,
        created_at=memory.created_at,
    )


def absorb(database: Database, store: Path) -> int:
    """Take over what the journal has and the record has not, in one transaction; how many entries those were.

    The caller holds the WriterLock. Nothing is written where there is nothing new.
    """
    done = int(database.value("SELECT value FROM facts WHERE name = 'journal'"))
    entries = [entry for entry in journal.read(store).entries if entry.memory.sequence > done]
    if not entries:
        return 0
    entries.sort(key=lambda entry: entry.memory.sequence)
    first = {entry.memory.id: entry.memory for entry in reversed(entries)}
    newest = {entry.memory.id: entry.memory for entry in entries}
    categories = dict.fromkeys(one.category for one in first.values())
    rows = to_rows([_transcript(name, first.values()) for name in categories], parser_revision=0)
    with (
        database.tables(
            incoming_conversations=rows.conversations,
            incoming_messages=rows.messages,
            incoming_passages=rows.passages,
            incoming_memories=_table(newest.values()),
        ),
        database.transaction(),
    ):
        database.run(_APPLY)
        database.run("UPDATE facts SET value = ? WHERE name = 'journal'", [entries[-1].memory.sequence])
    _keep_vectors(database, entries)
    return len(entries)


def absorbed(database: Database) -> int:
    """The sequence up to which the record has taken over the journal."""
    return int(database.value("SELECT value FROM facts WHERE name = 'journal'"))


def _transcript(category: str, memories: Iterable[Memory]) -> Transcript:
    """The conversation of a category, with those of `memories` that are of it."""
    messages = tuple(memory_message(one) for one in memories if one.category == category)
    return Transcript(memory_conversation(category), messages)


def _table(memories: Iterable[Memory]) -> pa.Table:
    rows = [
        {
            "message_id": one.id, "category": one.category, "confidence": one.confidence, "labels": list(one.labels),
            "source": one.source, "sequence": one.sequence,
        }
        for one in memories
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, _MEMORIES)


def _keep_vectors(database: Database, entries: Sequence[journal.Entry]) -> None:
    """Keep the vectors that the journal has, so that these texts are not embedded again."""
    for model in sorted({entry.model for entry in entries if entry.vector is not None}):
        found = {
            content_hash(texts[0]): entry.vector
            for entry in entries
            if entry.vector is not None and entry.model == model and (texts := passages(entry.memory.content))
        }
        known = database.rows(_KNOWN, [model, list(found)])
        fresh = sorted(found.keys() - {one for (one,) in known})
        if fresh:
            add_vectors(database, model, fresh, np.stack([found[one] for one in fresh]))
