"""What an import yields: conversations, their messages, the artifacts within, and what went wrong on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from workbench.model.ids import content_hash


class Role(StrEnum):
    """Who speaks."""

    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"
    TOOL = "tool"


class MessageKind(StrEnum):
    """What a message is; only the first three are searched by default."""

    TEXT = "text"
    CODE = "code"
    EXECUTION_RESULT = "execution_result"
    THINKING = "thinking"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    CONTEXT = "context"


SEARCHED_KINDS = (MessageKind.TEXT, MessageKind.CODE, MessageKind.EXECUTION_RESULT)


class ArtifactKind(StrEnum):
    """What came with a message besides its words."""

    CODE = "code"
    EXECUTION_RESULT = "execution_result"
    DOCUMENT = "document"
    CHART = "chart"
    IMAGE = "image"
    AUDIO = "audio"
    FILE = "file"
    CITATION = "citation"
    THINKING = "thinking"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"


# What goes on between an assistant and its tools, or itself: kept, but neither searched nor shown by default. Plain
# strings, since they name kinds of messages and of artifacts alike, and stand in SQL.
TRAFFIC_KINDS = ("thinking", "tool_call", "tool_result")


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread with one assistant. Times are UTC; a time the export does not give is None."""

    id: str
    assistant: str
    native_id: str
    title: str
    created_at: datetime | None = None
    updated_at: datetime | None = None
    project: str | None = None
    model: str | None = None
    url: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """One message, as its export has it: a native message is one Message, whatever blocks it consists of.

    `position` is the depth in the thread (the number of messages above), so that messages of two branches may share
    it and a later export that adds a branch moves no other message. `content` is the words shown to the person;
    what else the message carries is in artifacts.
    """

    id: str
    conversation_id: str
    parent_id: str | None
    position: int
    role: Role
    content: str
    kind: MessageKind = MessageKind.TEXT
    on_active_path: bool = True
    hidden: bool = False
    author: str | None = None
    created_at: datetime | None = None
    model: str | None = None

    @property
    def content_hash(self) -> str:
        """Digest of the content; equal texts are embedded once."""
        return content_hash(self.content)


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something a message carries: code, a chart, a document version, an attachment, a citation.

    `content` is its text where it has one; `reference` is where it points (file name, asset pointer, URL); `version`
    counts from 1 within the chain of one document.
    """

    id: str
    message_id: str
    kind: ArtifactKind
    content: str = ""
    language: str | None = None
    title: str | None = None
    reference: str | None = None
    version: int | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportIssue:
    """Something an import could not take as it was, and where. The rest of the export is not affected.

    `severity` is "skipped" (a record or message was left out), "altered" (kept, but not whole) or "note".
    """

    place: str
    reason: str
    severity: str = "skipped"


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation with everything in it."""

    conversation: Conversation
    messages: tuple[Message, ...]
    artifacts: tuple[Artifact, ...] = ()
