"""Small conversations for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.embedding import Embedder
from workbench.index import VectorProfile
from workbench.model import Conversation, Message, Role, Transcript, conversation_id, message_id
from workbench.record import Database, add_vectors, merge, missing_passages, to_rows
from workbench.snapshot import Manifest, VectorSpace, publish

START = datetime(2024, 3, 1, 9, tzinfo=UTC)


def transcript(
    name: str, *texts: str, assistant: str = "claude", title: str | None = None, days: int = 0, updated: int = 0
) -> Transcript:
    """A linear conversation of `texts`, the person first, a minute apart, `days` after START.

    `updated` is the number of days after that at which the export says it was last changed.
    """
    identifier = conversation_id(assistant, name)
    begun = START + timedelta(days=days)
    messages = []
    for position, text in enumerate(texts):
        messages.append(
            Message(
                id=message_id(identifier, str(position)),
                conversation_id=identifier,
                parent_id=messages[-1].id if messages else None,
                position=position,
                role=Role.ASSISTANT if position % 2 else Role.USER,
                content=text,
                created_at=begun + timedelta(minutes=position),
            )
        )
    conversation = Conversation(
        identifier, assistant, name, title or name, begun, begun + timedelta(days=updated, minutes=len(texts))
    )
    return Transcript(conversation, tuple(messages))


def publish_embedded(
    record: Database, folder: Path, embedder: Embedder, *transcripts: Transcript, profile: VectorProfile | None = None
) -> Manifest:
    """Merge `transcripts` into the open record of the store `folder`, embed what has no vector yet, and publish."""
    merge(record, to_rows(transcripts, parser_revision=1))
    for hashes, texts in missing_passages(record, embedder.fingerprint, batch=1000):
        add_vectors(record, embedder.fingerprint, hashes, embedder.embed(texts).astype("f2"))
    space = VectorSpace("static", embedder.fingerprint, embedder.dimensions, profile or VectorProfile())
    return publish(record, folder, space)


def claude_export(path: Path, conversations: dict[str, Sequence[str]], *, days: int = 0, updated: int = 0) -> Path:
    """Write a Claude export of linear conversations (name -> texts) to `path`."""
    elements = [_claude_element(name, texts, days, updated) for name, texts in conversations.items()]
    path.write_text(json.dumps(elements), encoding="utf-8")
    return path


def _claude_element(name: str, texts: Sequence[str], days: int, updated: int) -> dict[str, Any]:
    begun = START + timedelta(days=days)
    messages = [
        {
            "uuid": f"{name}-{i}",
            "sender": "assistant" if i % 2 else "human",
            "text": text,
            "content": [{"type": "text", "text": text}],
            "created_at": (begun + timedelta(minutes=i)).isoformat(),
            "attachments": [],
            "files": [],
        }
        for i, text in enumerate(texts)
    ]
    changed = begun + timedelta(days=updated, minutes=len(texts))
    return {
        "uuid": name, "name": name, "created_at": begun.isoformat(), "updated_at": changed.isoformat(),
        "chat_messages": messages,
    }  # fmt: skip
