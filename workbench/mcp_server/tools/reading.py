"""Tools that read: fetch, context, get_conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from workbench.errors import UsageError
from workbench.mcp_server.answers import ConversationAnswer, Excerpt, FetchAnswer
from workbench.mcp_server.budget import CURSOR_BYTES, DEFAULT_BYTES, beginning, encoded
from workbench.mcp_server.documents import address, around, name_of, place_in, read_document, title_of, visible
from workbench.mcp_server.excerpts import excerpt, excerpts, json_size
from workbench.mcp_server.tools.tool import Arguments, Call, MaxBytes, Tool
from workbench.model import Conversation

if TYPE_CHECKING:
    from workbench.transcripts import Around, MessagePage

_READ_AT_ONCE = 250  # messages: more of them never fit
_WORTH_BEGINNING = 1_000  # bytes that must be left for a message to be begun on a page where it does not fit
_MOST_AROUND = 20


class FetchArguments(Arguments):
    """What fetch takes."""

    id: str = Field(description="id of a message, attachment, memory or conversation, or a `rest` from an answer")
    max_bytes: MaxBytes = DEFAULT_BYTES


class ContextArguments(Arguments):
    """What context takes."""

    id: str = Field(description="id of a message, from a search result")
    before: int = Field(3, ge=0, le=_MOST_AROUND, description="how many messages before it")
    after: int = Field(3, ge=0, le=_MOST_AROUND, description="how many messages after it")
    max_bytes: MaxBytes = DEFAULT_BYTES


class ConversationArguments(Arguments):
    """What get_conversation takes."""

    id: str = Field(description="id of a conversation, or of a message in it")
    cursor: str = Field("", description="cursor of the page before")
    max_bytes: MaxBytes = DEFAULT_BYTES


def fetch(call: Call) -> FetchAnswer:
    """The text behind an id, from its place on."""
    wanted: FetchArguments = call.arguments
    identifier, start = place_in(wanted.id)
    found = read_document(call.memory, identifier)
    if start > len(found.text):
        raise UsageError(f"{identifier} has {len(found.text):,} characters", "", "fetch it without a place")
    facts = {**found.facts, "characters": f"{start}-{len(found.text)} of {len(found.text)}"}
    head = FetchAnswer(
        id=found.id, title=found.title, text="", url=found.url, metadata=facts, truncated=True,
        rest=f"{found.id}:{len(found.text)}",
    )  # fmt: skip
    text = beginning(found.text, start, wanted.max_bytes - len(encoded(head).encode()))
    end = start + len(text)
    cut = end < len(found.text)
    facts["characters"] = f"{start}-{end} of {len(found.text)}"
    return head.model_copy(
        update={
            "text": visible(text),
            "truncated": cut,
            "rest": f"{found.id}:{end}" if cut else None,
            "metadata": facts,
        }
    )


def context(call: Call) -> ConversationAnswer:
    """A message and those around it."""
    wanted: ContextArguments = call.arguments
    identifier, _ = place_in(wanted.id)
    found = around(call.memory, identifier, before=wanted.before, after=wanted.after)
    head = _head(found.conversation)
    given = _fitting(found, wanted.max_bytes - _size(head))
    cut = len(given) < len(found.messages) or any(one.rest for one in given)
    more = "Ask for fewer messages around it, or fetch the `rest` of one that is cut." if cut else None
    return head.model_copy(update={"messages": given, "truncated": cut, "more": more})


def get_conversation(call: Call) -> ConversationAnswer:
    """A page of a conversation."""
    from workbench.transcripts import read_message, read_messages

    wanted: ConversationArguments = call.arguments
    identifier, _ = place_in(wanted.id)
    catalog = call.memory.snapshot.catalog
    if identifier.startswith("m_"):
        identifier = read_message(catalog, identifier)[0].conversation_id
    behind, start = place_in(wanted.cursor)
    page = read_messages(catalog, identifier, limit=_READ_AT_ONCE, behind=behind or None)
    head = _head(page.conversation).model_copy(update={"message_count": page.total})
    given, cursor = _filled(page, behind, start, wanted.max_bytes - _size(head))
    more = "Call again with this cursor for what follows." if cursor else None
    return head.model_copy(
        update={"messages": given, "truncated": cursor is not None, "cursor": cursor, "more": more}
    )  # fmt: skip


def _filled(page: MessagePage, behind: str, start: int, room: int) -> tuple[list[Excerpt], str | None]:
    """As many messages of `page` as fit, the first from the character `start` on, and the cursor that follows them.

    A cursor is the id of the last message that was given whole ("" for none), and how much was given of the next.
    """
    given: list[Excerpt] = []
    for message in page.messages:
        one = excerpt(message, page.artifacts, start, room)
        if given and one.rest and (room < _WORTH_BEGINNING or not one.text):
            return given, f"{behind}:0"
        given.append(one)
        if one.rest:
            return given, f"{behind}:{start + len(one.text)}"
        room -= json_size(one)
        behind, start = message.id, 0
    return given, f"{behind}:0" if page.following else None


def _fitting(found: Around, room: int) -> list[Excerpt]:
    """Excerpts of as many messages as fit, the ends going first; the one that was asked for always stays."""
    kept, at = list(found.messages), found.index
    given = excerpts(kept, found.artifacts, room)
    while len(kept) > 1 and sum(map(json_size, given)) > room:
        if len(kept) - at - 1 > at:
            kept.pop()
        else:
            kept.pop(0)
            at -= 1
        given = excerpts(kept, found.artifacts, room)
    return given


def _head(one: Conversation) -> ConversationAnswer:
    return ConversationAnswer(
        id=one.id, title=title_of(one.title), assistant=name_of(one.assistant), url=address(one.id, one.url),
        created_at=one.created_at, project=name_of(one.project) if one.project else None,
        model=name_of(one.model) if one.model else None, messages=[], truncated=False,
    )  # fmt: skip


def _size(head: ConversationAnswer) -> int:
    return len(encoded(head).encode()) + CURSOR_BYTES


TOOLS = (
    Tool(
        "context", "Read around a message",
        "The messages before and after one that search has found, to see what it answers or how it was answered. "
        "Long messages are cut; fetch gives their rest.",
        ContextArguments, ConversationAnswer, context,
    ),
    Tool(
        "get_conversation", "Read a conversation",
        "A whole conversation in order, page by page: repeat the call with the cursor of the page before. Read it only "
        "if context is not enough.",
        ConversationArguments, ConversationAnswer, get_conversation,
    ),
    Tool(
        "fetch", "Fetch a text",
        "The full text behind an id from search: a message, an attachment, a memory or a conversation. Long texts come "
        "in parts: fetch the `rest` of the answer for the next one.",
        FetchArguments, FetchAnswer, fetch,
    ),
)  # fmt: skip
