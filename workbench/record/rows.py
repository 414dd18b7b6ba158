"""Parsed conversations as Arrow tables, ready to be merged into the record.

Made in the worker that parsed them, so that what travels between processes is a few columns rather than many objects.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from workbench.model import SEARCHED_KINDS, Artifact, Conversation, Message, Transcript, content_hash
from workbench.record.times import to_stored
from workbench.text.passages import passages

_TIME = pa.timestamp("us")
CONVERSATIONS = pa.schema(
    [
        ("id", pa.string()), ("assistant", pa.string()), ("native_id", pa.string()), ("title", pa.string()),
        ("created_at", _TIME), ("updated_at", _TIME), ("project", pa.string()), ("model", pa.string()),
        ("url", pa.string()), ("meta", pa.string()), ("version", pa.int64()), ("parser_revision", pa.int32()),
        ("row_hash", pa.string()),
    ]
)  # fmt: skip
MESSAGES = pa.schema(
    [
        ("id", pa.string()), ("conversation_id", pa.string()), ("parent_id", pa.string()), ("position", pa.int32()),
        ("role", pa.string()), ("kind", pa.string()), ("content", pa.string()), ("on_active_path", pa.bool_()),
        ("hidden", pa.bool_()), ("author", pa.string()), ("created_at", _TIME), ("model", pa.string()),
        ("content_hash", pa.string()), ("row_hash", pa.string()),
    ]
)  # fmt: skip
ARTIFACTS = pa.schema(
    [
        ("id", pa.string()), ("message_id", pa.string()), ("kind", pa.string()), ("ordinal", pa.int32()),
        ("content", pa.string()), ("language", pa.string()), ("title", pa.string()), ("reference", pa.string()),
        ("version", pa.int32()), ("meta", pa.string()),
    ]
)  # fmt: skip
PASSAGES = pa.schema([("message_id", pa.string()), ("ordinal", pa.int32()), ("hash", pa.string())])


@dataclass(frozen=True, slots=True)
class Rows:
    """Four tables with the schemas above."""

    conversations: pa.Table
    messages: pa.Table
    artifacts: pa.Table
    passages: pa.Table


def to_rows(parsed: Iterable[Transcript], *, parser_revision: int) -> Rows:
    """The rows of `parsed`. Where a conversation or message comes twice, the first one counts."""
    conversations: dict[str, dict[str, Any]] = {}
    messages: dict[str, dict[str, Any]] = {}
    artifacts: list[dict[str, Any]] = []
    passage_rows: list[dict[str, Any]] = []
    for one in parsed:
        conversations.setdefault(one.conversation.id, _conversation_row(one.conversation, parser_revision))
        of_message: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for artifact in one.artifacts:
            of_message[artifact.message_id].append(_artifact_row(artifact, len(of_message[artifact.message_id])))
        for message in one.messages:
            if message.id in messages:
                continue
            messages[message.id] = _message_row(message, of_message[message.id])
            artifacts.extend(of_message[message.id])
            passage_rows.extend(_passage_rows(message))
    return Rows(
        pa.Table.from_pylist(list(conversations.values()), CONVERSATIONS),
        pa.Table.from_pylist(list(messages.values()), MESSAGES),
        pa.Table.from_pylist(artifacts, ARTIFACTS),
        pa.Table.from_pylist(passage_rows, PASSAGES),
    )


def _conversation_row(one: Conversation, parser_revision: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": one.id, "assistant": one.assistant, "native_id": one.native_id, "title": one.title,
        "created_at": to_stored(one.created_at), "updated_at": to_stored(one.updated_at), "project": one.project,
        "model": one.model, "url": one.url, "meta": _json(one.meta),
    }  # fmt: skip
    newest = one.updated_at or one.created_at
    version = int(newest.timestamp() * 1_000_000) if newest else 0
    return {**row, "version": version, "parser_revision": parser_revision, "row_hash": _row_hash(row)}


def _message_row(one: Message, artifacts: list[dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": one.id, "conversation_id": one.conversation_id, "parent_id": one.parent_id, "position": one.position,
        "role": str(one.role), "kind": str(one.kind), "content": one.content, "on_active_path": one.on_active_path,
        "hidden": one.hidden, "author": one.author, "created_at": to_stored(one.created_at), "model": one.model,
        "content_hash": one.content_hash,
    }  # fmt: skip
    return {**row, "row_hash": _row_hash([row, artifacts])}


def _artifact_row(one: Artifact, ordinal: int) -> dict[str, Any]:
    return {
        "id": one.id, "message_id": one.message_id, "kind": str(one.kind), "ordinal": ordinal, "content": one.content,
        "language": one.language, "title": one.title, "reference": one.reference, "version": one.version,
        "meta": _json(one.meta),
    }  # fmt: skip


def _passage_rows(message: Message) -> list[dict[str, Any]]:
    if message.hidden or message.kind not in SEARCHED_KINDS:
        return []
    found = enumerate(passages(message.content))
    return [{"message_id": message.id, "ordinal": ordinal, "hash": content_hash(text)} for ordinal, text in found]


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _row_hash(row: object) -> str:
    raw = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
