"""Lists of conversations and artifacts in pages, newest first.

The order is that of a time and, among equal times, of the id; what has no time comes last. So a page can go on behind
any entry by what the entry is, whatever has been published since.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from workbench.model import ArtifactKind
from workbench.record import Database, from_stored, to_stored

Entry = TypeVar("Entry")
_NO_TIME = -(1 << 62)  # microseconds: before all others
_PREVIEW = 300

_CONVERSATIONS = f"""
    WITH asked AS (
        SELECT *, coalesce(epoch_us(coalesce(updated_at, created_at)), {_NO_TIME}) AS changed FROM conversations
        WHERE (len($assistants) = 0 OR assistant IN (SELECT unnest($assistants)))
          AND (len($projects) = 0 OR project IN (SELECT unnest($projects)))
          AND ($after IS NULL OR coalesce(updated_at, created_at) >= $after::TIMESTAMP)
          AND ($before IS NULL OR coalesce(updated_at, created_at) < $before::TIMESTAMP))"""
_CONVERSATION_PAGE = f"""{_CONVERSATIONS}, page AS (
        SELECT * FROM asked WHERE $time IS NULL OR changed < $time::BIGINT OR (changed = $time::BIGINT AND id > $id)
        ORDER BY changed DESC, id LIMIT $limit),
    counted AS (
        SELECT conversation_id, count(*) AS messages FROM messages
        WHERE conversation_id IN (SELECT id FROM page) GROUP BY 1)
    SELECT p.id, p.assistant, p.title, p.created_at, p.updated_at, p.project, p.model, p.url, coalesce(messages, 0),
        changed
    FROM page p LEFT JOIN counted ON conversation_id = p.id ORDER BY changed DESC, p.id"""

_ARTIFACTS = f"""
    WITH asked AS (
        SELECT a.*, m.conversation_id, m.assistant, m.created_at,
            coalesce(epoch_us(m.created_at), {_NO_TIME}) AS made
        FROM artifacts a JOIN messages m ON m.ordinal = a.message_ordinal
        WHERE (len($kinds) = 0 OR a.kind IN (SELECT unnest($kinds)))
          AND (len($languages) = 0 OR a.language IN (SELECT unnest($languages)))
          AND ($conversation IS NULL OR m.conversation_id = $conversation))"""
_ARTIFACT_PAGE = f"""{_ARTIFACTS}
    SELECT id, message_id, conversation_id, assistant, kind, language, title, reference, version, created_at,
        length(content), left(content, {_PREVIEW}), made
    FROM asked WHERE $time IS NULL OR made < $time::BIGINT OR (made = $time::BIGINT AND id > $id)
    ORDER BY made DESC, id LIMIT $limit"""


Place = tuple[int, str]
"""Behind which entry a page goes on: its time (microseconds, or lower than any) and id."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Entry]):
    """A page of a list of `total` entries. The next one goes on behind `following`, None after the last."""

    entries: tuple[Entry, ...]
    total: int
    following: Place | None


@dataclass(frozen=True, slots=True)
class ConversationsAsked:
    """Which conversations: those of one of the assistants and projects (none named: of all), changed from `after` on
    and before `before`. A conversation counts as changed when it was last updated, else when it was begun.
    """

    assistants: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConversationEntry:
    """A conversation in a list. `messages` counts all of its messages, hidden ones and other branches among them."""

    id: str
    assistant: str
    title: str
    created_at: datetime | None
    updated_at: datetime | None
    project: str | None
    model: str | None
    url: str | None
    messages: int


@dataclass(frozen=True, slots=True)
class ArtifactsAsked:
    """Which artifacts: of one of the kinds and languages (none named: of all), and of `conversation` if it is given."""

    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    conversation: str | None = None


@dataclass(frozen=True, slots=True)
class ArtifactEntry:
    """An artifact in a list: `preview` is the beginning of its content, which has `length` characters."""

    id: str
    message_id: str
    conversation_id: str
    assistant: str
    kind: ArtifactKind
    language: str | None
    title: str | None
    reference: str | None
    version: int | None
    created_at: datetime | None
    length: int
    preview: str


def list_conversations(
    catalog: Database, asked: ConversationsAsked, *, limit: int, behind: Place | None = None
) -> Listed[ConversationEntry]:
    """Up to `limit` conversations, last changed first, going on behind `behind`."""
    parameters = {
        "assistants": list(asked.assistants), "projects": list(asked.projects),
        "after": to_stored(asked.after), "before": to_stored(asked.before),
    }  # fmt: skip
    rows, total = _page(catalog, _CONVERSATIONS, _CONVERSATION_PAGE, parameters, limit, behind)
    return Listed(tuple(_conversation_entry(row) for row in rows[:limit]), total, _following(rows, limit))


def list_artifacts(
    catalog: Database, asked: ArtifactsAsked, *, limit: int, behind: Place | None = None
) -> Listed[ArtifactEntry]:
    """Up to `limit` artifacts, those of the newest messages first, going on behind `behind`."""
    parameters = {
        "kinds": list(asked.kinds), "languages": list(asked.languages), "conversation": asked.conversation
    }  # fmt: skip
    rows, total = _page(catalog, _ARTIFACTS, _ARTIFACT_PAGE, parameters, limit, behind)
    return Listed(tuple(_artifact_entry(row) for row in rows[:limit]), total, _following(rows, limit))


def _conversation_entry(row: tuple[Any, ...]) -> ConversationEntry:
    identifier, assistant, title, created_at, updated_at, project, model, url, messages, _ = row
    return ConversationEntry(
        identifier, assistant, title, from_stored(created_at), from_stored(updated_at), project, model, url, messages
    )


def _artifact_entry(row: tuple[Any, ...]) -> ArtifactEntry:
    identifier, message, conversation, assistant, kind, language, title, *rest = row
    reference, version, made, length, preview, _ = rest
    return ArtifactEntry(
        identifier, message, conversation, assistant, ArtifactKind(kind), language, title, reference, version,
        from_stored(made), length, preview,
    )  # fmt: skip


def _page(
    catalog: Database, asked: str, page: str, parameters: dict[str, Any], limit: int, behind: Place | None
) -> tuple[list[tuple[Any, ...]], int]:
    """The rows of a page and one more, if there is one; and how many rows the whole list has."""
    place = {"time": behind and behind[0], "id": behind and behind[1], "limit": limit + 1}
    with catalog.cursor() as cursor:
        total = cursor.value(f"{asked} SELECT count(*) FROM asked", parameters)
        return cursor.rows(page, parameters | place), int(total)


def _following(rows: list[tuple[Any, ...]], limit: int) -> Place | None:
    return (int(rows[limit - 1][-1]), str(rows[limit - 1][0])) if len(rows) > limit else None
