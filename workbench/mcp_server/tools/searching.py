"""Tools that find: search and recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from workbench.errors import QueryError
from workbench.mcp_server.answers import Found, RecallAnswer, SearchAnswer
from workbench.mcp_server.budget import DEFAULT_BYTES, clipped, how_many
from workbench.mcp_server.documents import address, links, name_of, title_of, visible
from workbench.mcp_server.tools.tool import Arguments, Call, MaxBytes, Names, Tool
from workbench.model import MEMORY_ASSISTANT, MODES, Filters, Hit, Query, SearchResult, Selection

if TYPE_CHECKING:
    from workbench.search import SearchEngine

_MOST = 50
_TEXT_BYTES = 700
_NOTE_BYTES = 250
_MOST_NOTES = 4
_MOST_LABELS = 6
_TIMEOUT_MS = 10_000.0


class SearchArguments(Arguments):
    """What search takes."""

    query: str = Field(description='words, or the query language: "a phrase", -without, assistant:claude, has:code')
    k: int = Field(10, ge=1, le=_MOST, description="how many results a page")
    cursor: str = Field("", description="cursor of the page before; repeat the other arguments unchanged")
    assistants: Names = Field([], description="only of these: chatgpt, claude, gemini, memory")
    roles: Names = Field([], description="only by these: user, assistant")
    projects: Names = Field([], description="only in these projects")
    models: Names = Field([], description="only by these models, as the exports name them")
    has: Names = Field([], description="only with one of: code, image, file, link, citation, document, …")
    languages: Names = Field([], description="only with code in one of these languages")
    conversations: Names = Field([], description="only in the conversations with these ids")
    after: str = Field("", description="only from this date on, inclusive: 2025-03-31")
    before: str = Field("", description="only before this date, exclusive")
    mode: Literal["hybrid", "lexical", "semantic"] = "hybrid"
    by_conversation: bool = Field(False, description="each conversation once, by its best message")
    max_bytes: MaxBytes = DEFAULT_BYTES


class RecallArguments(Arguments):
    """What recall takes."""

    query: str = Field(description="what is to be remembered")
    k: int = Field(5, ge=1, le=_MOST, description="how many memories, and how many messages")
    min_confidence: float = Field(0.0, ge=0.0, le=1.0, description="only memories at least this sure")
    categories: Names = Field([], description="only memories of these categories")
    labels: Names = Field([], description="only memories with one of these labels")
    include_messages: bool = Field(True, description="also messages of conversations, not only memories")
    max_bytes: MaxBytes = DEFAULT_BYTES


def search(call: Call) -> SearchAnswer:
    """A page of results."""
    wanted: SearchArguments = call.arguments
    engine = call.memory.engine
    query = Query(
        wanted.query, wanted.k, MODES[wanted.mode], _filters(wanted), cursor=wanted.cursor or None,
        by_conversation=wanted.by_conversation, explain=False, timeout_ms=_TIMEOUT_MS,
    )  # fmt: skip
    result = engine.search(query)
    found = _found(call, result.hits)
    head = SearchAnswer(match=result.match, results=[], truncated=True, notes=_notes(result))
    kept = max(1, how_many(head, found, wanted.max_bytes)) if found else 0
    cursor = result.cursor
    if kept < len(found):  # the order does not depend on the size of a page, so this cursor follows the last one given
        cursor = engine.search(replace(query, k=kept)).cursor
    return head.model_copy(update={"results": found[:kept], "truncated": cursor is not None, "cursor": cursor})


def recall(call: Call) -> RecallAnswer:
    """The best memories, then the best messages."""
    wanted: RecallArguments = call.arguments
    engine = call.memory.engine
    kept = Filters(
        categories=tuple(wanted.categories), labels=tuple(wanted.labels), min_confidence=wanted.min_confidence
    )  # a confidence, even of 0, is what only memories have
    query = Query(wanted.query, wanted.k, filters=kept, explain=False, timeout_ms=_TIMEOUT_MS)
    results = [engine.search(query)]
    if wanted.include_messages:
        results.append(engine.search(replace(query, filters=_said(engine))))
    memories, *messages = (_found(call, result.hits) for result in results)
    notes = list(dict.fromkeys(note for result in results for note in _notes(result) or ()))[:_MOST_NOTES]
    more = "More of them: search, with assistants=['memory'] for memories; it goes on page by page."
    head = RecallAnswer(memories=[], messages=[], truncated=True, more=more, notes=notes or None)
    return _cut(head, memories, messages[0] if messages else [], wanted.max_bytes)


def _said(engine: SearchEngine) -> Filters:
    """What lets everything pass but memories."""
    there = MEMORY_ASSISTANT in engine.view().assistants
    return Filters(excluded=Selection(assistants=(MEMORY_ASSISTANT,))) if there else Filters()


def _cut(head: RecallAnswer, memories: Sequence[Found], messages: Sequence[Found], limit: int) -> RecallAnswer:
    """Memories first; messages in the room that they leave."""
    kept = how_many(head, memories, limit)
    answer = head.model_copy(update={"memories": list(memories[:kept])})
    said = how_many(answer, messages, limit) if kept == len(memories) else 0
    cut = kept < len(memories) or said < len(messages)
    return answer.model_copy(
        update={"messages": list(messages[:said]), "truncated": cut, "more": head.more if cut else None}
    )


def _found(call: Call, hits: Sequence[Hit]) -> list[Found]:
    urls = links(call.memory, (hit.conversation_id for hit in hits)) if hits else {}
    return [
        Found(
            id=hit.message_id, title=title_of(hit.title),
            url=address(hit.conversation_id, urls.get(hit.conversation_id)),
            text=clipped(visible(hit.snippet), _TEXT_BYTES), assistant=name_of(hit.assistant), role=hit.role,
            created_at=hit.created_at, conversation_id=hit.conversation_id, score=round(hit.score, 4),
            category=name_of(hit.category) if hit.category else None, confidence=hit.confidence,
            labels=[name_of(label) for label in hit.labels[:_MOST_LABELS]] or None, others=hit.others or None,
        )
        for hit in hits
    ]  # fmt: skip


def _notes(result: SearchResult) -> list[str] | None:
    return [clipped(note, _NOTE_BYTES) for note in result.notes[:_MOST_NOTES]] or None


def _filters(wanted: SearchArguments) -> Filters:
    return Filters(
        assistants=tuple(wanted.assistants), roles=tuple(wanted.roles), projects=tuple(wanted.projects),
        models=tuple(wanted.models), kinds=tuple(wanted.has), languages=tuple(wanted.languages),
        conversation_ids=tuple(wanted.conversations), after=_instant(wanted.after), before=_instant(wanted.before),
    )  # fmt: skip


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise QueryError(f"{text[:40]!r} is not a date", "", "write it like 2025-03-31 or 2025-03-31T14:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


TOOLS = (
    Tool(
        "search", "Search conversations",
        "Find messages in the person's whole history with AI assistants, by words and by meaning. Begin here. Results "
        "are short; read on with context, get_conversation or fetch. A query without words lists what the filters "
        "allow, newest first.",
        SearchArguments, SearchAnswer, search,
    ),
    Tool(
        "recall", "Recall memories and messages",
        "What is known about a topic: short memories that were asked to be kept (facts, preferences, decisions), and "
        "the messages that fit best.",
        RecallArguments, RecallAnswer, recall,
    ),
)  # fmt: skip
