"""Which conversations, messages and memories are meant when something is to be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workbench.errors import NotFoundError, UsageError
from workbench.model import MEMORY_ASSISTANT
from workbench.record.database import Database
from workbench.record.times import to_stored

_SHORTEST = 4  # characters of the beginning of an id


class Kind(StrEnum):
    """What can be forgotten."""

    CONVERSATION = "conversation"
    MESSAGE = "message"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be forgotten: what `ids` name; or else what all the other fields fit.

    `ids` are of conversations (or the beginning of one, if it is that of one only), messages or memories. A
    conversation fits by its assistant, its project and the time it was last changed (`after` inclusive, `before`
    exclusive); and if a message, an artifact or its title contains the text `containing`, in capitals or small letters.
    With `messages_only` those messages are meant, and not their conversations. Memories are meant only where
    `assistants` names "memory", or where `containing` is given and neither assistant nor project is; they fit by the
    time they were first remembered.

    Raises:
        UsageError: Nothing is said, or ids and more, or `messages_only` without a text.
    """

    ids: tuple[str, ...] = ()
    assistants: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    containing: str = ""
    messages_only: bool = False

    def __post_init__(self) -> None:
        fitted = bool(self.assistants or self.projects or self.after or self.before or self.containing.strip())
        if self.containing and not self.containing.strip():
            raise UsageError("the text to forget is blank", "", "say what it is")
        if not self.ids and not fitted:
            raise UsageError(
                "it is not said what to forget", "", "give ids, or what fits: an assistant, a date, a text"
            )
        if self.ids and (fitted or self.messages_only):
            raise UsageError("ids are given, and what else is to fit", "only one of both can be meant", "leave one out")
        if self.messages_only and not self.containing:
            raise UsageError("which messages are meant is not said", "", "say what text they contain")


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing to forget; `messages` are in it. `title` is that of its conversation."""

    id: str
    kind: Kind
    title: str
    messages: int


_IS_FORGOTTEN = "SELECT count(*) FROM forgotten WHERE id = ? AND part IN ('conversation', 'message')"
_OF_CONVERSATION = """
    SELECT c.id, c.assistant, c.title, (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id)
    FROM conversations c WHERE starts_with(c.id, ?) ORDER BY c.id LIMIT 5"""
_OF_MESSAGE = """
    SELECT c.title, r.message_id IS NOT NULL FROM messages m JOIN conversations c ON c.id = m.conversation_id
    LEFT JOIN memories r ON r.message_id = m.id WHERE m.id = ?"""
_MEMORIES_OF = """
    SELECT m.id, c.title FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE c.id = ? ORDER BY m.id"""

_FITS = f"""
    c.assistant <> '{MEMORY_ASSISTANT}'
    AND (len($assistants) = 0 OR c.assistant IN (SELECT unnest($assistants)))
    AND (len($projects) = 0 OR c.project IN (SELECT unnest($projects)))
    AND ($after IS NULL OR coalesce(c.updated_at, c.created_at) >= $after)
    AND ($before IS NULL OR coalesce(c.updated_at, c.created_at) < $before)"""
_HOLDING = """
    holding AS (
        SELECT id FROM messages WHERE contains(lower(content), lower($containing))
        UNION SELECT message_id FROM artifacts
            WHERE contains(lower(concat_ws(' ', content, title, reference, meta)), lower($containing)))"""
_CONVERSATIONS = f"""
    WITH {_HOLDING}
    SELECT c.id, c.title, (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id) FROM conversations c
    WHERE {_FITS} AND ($containing = '' OR contains(lower(concat_ws(' ', c.title, c.meta)), lower($containing))
        OR c.id IN (SELECT conversation_id FROM messages WHERE id IN (SELECT id FROM holding)))
    ORDER BY c.id"""
_MESSAGES = f"""
    WITH {_HOLDING}
    SELECT m.id, c.title, 1 FROM messages m JOIN conversations c ON c.id = m.conversation_id
    WHERE {_FITS} AND m.id IN (SELECT id FROM holding) ORDER BY m.id"""
_MEMORIES = """
    SELECT m.id, c.title, 1 FROM memories r JOIN messages m ON m.id = r.message_id
    JOIN conversations c ON c.id = m.conversation_id
    WHERE ($after IS NULL OR m.created_at >= $after) AND ($before IS NULL OR m.created_at < $before)
        AND contains(lower(concat_ws(' ', m.content, r.source, array_to_string(r.labels, ' '))), lower($containing))
    ORDER BY m.id"""


def select(database: Database, wanted: Wanted) -> tuple[list[Unit], list[str]]:
    """What is meant, each once; and those of the ids whose things are forgotten already.

    Raises:
        NotFoundError: An id is that of nothing, or the beginning of several.
    """
    if not wanted.ids:
        return list(_fitting(database, wanted)), []
    units: dict[str, Unit] = {}
    already = []
    for one in dict.fromkeys(identifier.strip() for identifier in wanted.ids):
        found = list(_named(database, one))
        units.update((unit.id, unit) for unit in found)
        if not found:
            already.append(one)
    return list(units.values()), already


def _named(database: Database, identifier: str) -> Iterator[Unit]:
    """What an id names; nothing where that is forgotten already."""
    if database.value(_IS_FORGOTTEN, [identifier]):
        return
    for title, is_memory in database.rows(_OF_MESSAGE, [identifier]):
        yield Unit(identifier, Kind.MEMORY if is_memory else Kind.MESSAGE, title, 1)
        return
    found = database.rows(_OF_CONVERSATION, [identifier]) if len(identifier) >= _SHORTEST else []
    if not found:
        raise NotFoundError(
            f"there is no conversation, message or memory {identifier!r}",
            "",
            "`workbench search` shows ids beside its hits",
        )
    if len(found) > 1:
        several = ", ".join(row[0] for row in found)
        raise NotFoundError(f"{identifier!r} is the beginning of several ids", several, "write more of it")
    [(conversation, assistant, title, messages)] = found
    if assistant == MEMORY_ASSISTANT:
        for memory, title in database.rows(_MEMORIES_OF, [conversation]):
            yield Unit(memory, Kind.MEMORY, title, 1)
    else:
        yield Unit(conversation, Kind.CONVERSATION, title, messages)


def _fitting(database: Database, wanted: Wanted) -> Iterator[Unit]:
    containing = wanted.containing.strip()
    times = {"after": to_stored(wanted.after), "before": to_stored(wanted.before), "containing": containing}
    fitted = {**times, "assistants": list(wanted.assistants), "projects": list(wanted.projects)}
    query, kind = (_MESSAGES, Kind.MESSAGE) if wanted.messages_only else (_CONVERSATIONS, Kind.CONVERSATION)
    for identifier, title, messages in database.rows(query, fitted):
        yield Unit(identifier, kind, title, messages)
    anywhere = containing and not wanted.assistants and not wanted.projects
    if MEMORY_ASSISTANT in wanted.assistants or anywhere:
        for identifier, title, messages in database.rows(_MEMORIES, times):
            yield Unit(identifier, Kind.MEMORY, title, messages)
