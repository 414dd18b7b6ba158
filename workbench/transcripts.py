"""Reading whole conversations back from a catalog."""

from __future__ import annotations

import json
from typing import Any

from workbench.errors import NotFoundError
from workbench.model import Artifact, ArtifactKind, Conversation, Message, MessageKind, Role, Transcript
from workbench.record import Database, from_stored

_FIND = """
    SELECT DISTINCT id FROM conversations WHERE starts_with(id, $wanted)
    UNION SELECT conversation_id FROM messages WHERE id = $wanted ORDER BY 1 LIMIT 5"""
_CONVERSATION = """
    SELECT id, assistant, native_id, title, created_at, updated_at, project, model, url, meta
    FROM conversations WHERE id = ?"""
_MESSAGES = """
    SELECT id, conversation_id, parent_id, position, role, content, kind, on_active_path, hidden, author, created_at,
        model
    FROM messages WHERE conversation_id = ? ORDER BY ordinal"""
_ARTIFACTS = """
    SELECT a.id, a.message_id, a.kind, a.content, a.language, a.title, a.reference, a.version, a.meta
    FROM artifacts a JOIN messages m ON m.ordinal = a.message_ordinal
    WHERE m.conversation_id = ? ORDER BY a.message_ordinal, a.ordinal"""


def read_conversation(catalog: Database, identifier: str) -> Transcript:
    """A conversation by its id, the beginning of its id, or the id of one of its messages.

    Raises:
        NotFoundError: There is none, or there are several.
    """
    cursor = catalog.cursor()
    wanted = identifier.strip()
    found = [row[0] for row in cursor.rows(_FIND, {"wanted": wanted})] if len(wanted) > 2 else []
    if not found:
        raise NotFoundError(
            f"there is no conversation {identifier!r}", "", "`workbench search` shows ids beside its hits"
        )
    if len(found) > 1:
        raise NotFoundError(f"{identifier!r} is the beginning of several ids", ", ".join(found), "write more of it")
    [conversation] = cursor.rows(_CONVERSATION, found)
    return Transcript(
        _conversation(conversation),
        tuple(_message(row) for row in cursor.rows(_MESSAGES, found)),
        tuple(_artifact(row) for row in cursor.rows(_ARTIFACTS, found)),
    )


def _conversation(row: tuple[Any, ...]) -> Conversation:
    identifier, assistant, native_id, title, created_at, updated_at, project, model, url, meta = row
    return Conversation(
        identifier,
        assistant,
        native_id,
        title,
        from_stored(created_at),
        from_stored(updated_at),
        project,
        model,
        url,
        json.loads(meta),
    )


def _message(row: tuple[Any, ...]) -> Message:
    identifier, conversation, parent, position, role, content, kind, active, hidden, author, created_at, model = row
    return Message(
        identifier, conversation, parent, position, Role(role), content, MessageKind(kind), active, hidden, author,
        from_stored(created_at), model,
    )  # fmt: skip


def _artifact(row: tuple[Any, ...]) -> Artifact:
    identifier, message, kind, content, language, title, reference, version, meta = row
    return Artifact(
        identifier, message, ArtifactKind(kind), content, language, title, reference, version, json.loads(meta)
    )
