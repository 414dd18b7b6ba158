"""From rows of a catalog to values of the model."""

from __future__ import annotations

import json
from typing import Any

from workbench.model import Artifact, ArtifactKind, Conversation, Message, MessageKind, Role
from workbench.record import from_stored

CONVERSATION = "c.id, c.assistant, c.native_id, c.title, c.created_at, c.updated_at, c.project, c.model, c.url, c.meta"
MESSAGE = (
    "m.id, m.conversation_id, m.parent_id, m.position, m.role, m.content, m.kind, m.on_active_path, m.hidden, "
    "m.author, m.created_at, m.model"
)
ARTIFACT = "a.id, a.message_id, a.kind, a.content, a.language, a.title, a.reference, a.version, a.meta"
"""Columns of the tables c, m and a, as the functions below take them."""


def conversation_of(row: tuple[Any, ...]) -> Conversation:
    """The conversation in a row of CONVERSATION."""
    identifier, assistant, native_id, title, created_at, updated_at, project, model, url, meta = row
    return Conversation(
        identifier, assistant, native_id, title, from_stored(created_at), from_stored(updated_at), project, model, url,
        json.loads(meta),
    )  # fmt: skip


def message_of(row: tuple[Any, ...]) -> Message:
    """The message in a row of MESSAGE."""
    identifier, conversation, parent, position, role, content, kind, active, hidden, author, created_at, model = row
    return Message(
        identifier, conversation, parent, position, Role(role), content, MessageKind(kind), active, hidden, author,
        from_stored(created_at), model,
    )  # fmt: skip


def artifact_of(row: tuple[Any, ...]) -> Artifact:
    """The artifact in a row of ARTIFACT."""
    identifier, message, kind, content, language, title, reference, version, meta = row
    return Artifact(
        identifier, message, ArtifactKind(kind), content, language, title, reference, version, json.loads(meta)
    )
