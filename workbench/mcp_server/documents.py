"""Messages, attachments, memories and whole conversations as texts with an id, a title and an address.

An id may carry a place: `m_0123:5000` is what follows the first 5,000 characters of that message. It is what
answers give as `rest` where they leave something out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import NotFoundError, UsageError
from workbench.mcp_server.budget import clipped
from workbench.model import TRAFFIC_KINDS, Artifact, Conversation, Message, Transcript

if TYPE_CHECKING:
    from workbench.transcripts import Around
    from workbench.workspace import Workbench

SCHEME = "workbench://"
_TITLE_BYTES = 200
_NAME_BYTES = 60
_URL_CHARACTERS = 300
_ID = re.compile(rf"(?:{SCHEME}(?:conversation|message)/)?(?P<name>[0-9A-Za-z_]*)(?::(?P<place>[0-9]{{1,12}}))?")
_INVISIBLE = dict.fromkeys(range(0xE0000, 0xE0080), "\N{REPLACEMENT CHARACTER}")
_LINKS = "SELECT id, url FROM conversations WHERE url IS NOT NULL AND id IN (SELECT unnest($ids))"


@dataclass(frozen=True, slots=True)
class Document:
    """A text that can be read from anywhere on, as it was stored. `facts` says where it comes from."""

    id: str
    title: str
    url: str
    text: str
    facts: Mapping[str, str]


def visible(text: str) -> str:
    """`text` without Unicode tag characters: nobody sees them, but a model reads them. Places do not move."""
    return text.translate(_INVISIBLE)


def title_of(title: str) -> str:
    """A title on one line, not too long."""
    return clipped(visible(title), _TITLE_BYTES) or "(untitled)"


def name_of(name: str) -> str:
    """A name on one line, short."""
    return clipped(visible(name), _NAME_BYTES)


def address(conversation: str, link: str | None = None) -> str:
    """Where a conversation can be opened: at its assistant, if the export says where, else in this server."""
    usable = link is not None and link.startswith("https://") and len(link) <= _URL_CHARACTERS and link.isprintable()
    return link if link is not None and usable else f"{SCHEME}conversation/{conversation}"


def links(memory: Workbench, conversations: Iterable[str]) -> dict[str, str]:
    """The addresses that exports give of these conversations."""
    with memory.snapshot.catalog.cursor() as cursor:
        return dict(cursor.rows(_LINKS, {"ids": sorted(set(conversations))}))


def around(memory: Workbench, identifier: str, *, before: int = 0, after: int = 0) -> Around:
    """The message or memory with this id, and those around it in its thread.

    Raises:
        NotFoundError: There is none.
    """
    from workbench.transcripts import read_around, read_new_memory

    try:
        return read_around(memory.snapshot.catalog, identifier, before=before, after=after)
    except NotFoundError as error:
        try:
            return read_new_memory(memory.snapshot, identifier)  # no generation has it yet
        except NotFoundError:
            raise error from None


def place_in(identifier: str) -> tuple[str, int]:
    """An id, and the character from which on its text is wanted.

    Raises:
        UsageError: It is neither an id nor an address of this server.
    """
    found = _ID.fullmatch(identifier.strip())
    if found is None:
        raise UsageError(f"{identifier[:80]!r} is not an id", "", "give an id from an answer, unchanged")
    return found["name"], int(found["place"] or 0)


def read_document(memory: Workbench, identifier: str) -> Document:
    """The conversation, message, memory or attachment with this id.

    Raises:
        NotFoundError: There is none.
    """
    from workbench.transcripts import read_artifact

    if identifier.startswith("a_"):
        artifact = read_artifact(memory.snapshot.catalog, identifier)
        return _of_artifact(around(memory, artifact.message_id).conversation, artifact)
    if identifier.startswith("m_"):
        found = around(memory, identifier)
        return _of_message(found.conversation, found.messages[found.index])
    return _of_conversation(memory.conversation(identifier))


def _facts(one: Conversation, **more: str | None) -> dict[str, str]:
    told = {
        "assistant": one.assistant,
        "conversation_id": one.id,
        "project": one.project,
        "created_at": one.created_at.isoformat() if one.created_at else None,
    } | more
    return {name: name_of(value) for name, value in told.items() if value}


def _of_message(one: Conversation, message: Message) -> Document:
    when = message.created_at.isoformat() if message.created_at else None
    facts = _facts(one, message_id=message.id, role=message.role, created_at=when)
    return Document(message.id, title_of(one.title), address(one.id, one.url), message.content, facts)


def _of_artifact(one: Conversation, artifact: Artifact) -> Document:
    facts = _facts(one, message_id=artifact.message_id, kind=artifact.kind, language=artifact.language)
    title = title_of(artifact.title or one.title)
    return Document(artifact.id, title, address(one.id, one.url), artifact.content, facts)


def _of_conversation(found: Transcript) -> Document:
    one = found.conversation
    shown = [
        message
        for message in found.messages
        if message.on_active_path and not message.hidden and message.kind not in TRAFFIC_KINDS
    ]
    text = "\n\n".join(f"[{_heading(message)}]\n{message.content}" for message in shown)
    return Document(one.id, title_of(one.title), address(one.id, one.url), text, _facts(one, messages=str(len(shown))))


def _heading(message: Message) -> str:
    when = f", {message.created_at:%Y-%m-%d %H:%M}" if message.created_at else ""
    return f"{message.role}{when}, {message.id}"
