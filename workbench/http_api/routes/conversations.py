"""Conversations: which there are, and what was said in one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from workbench.http_api.routes.pinned import Pinned, pinned
from workbench.http_api.service import Service
from workbench.http_api.wire import cursors, examples
from workbench.http_api.wire.lists import ListParameters
from workbench.http_api.wire.openapi import problems, shown
from workbench.http_api.wire.recall_request import Names, Time
from workbench.model import Artifact, Conversation, Message
from workbench.transcripts import ConversationEntry, ConversationsAsked, list_conversations, read_messages

PATH = "/api/v1/conversations"
ConversationId = Annotated[
    str, Path(description="Id of a conversation.", examples=["c_8d335851fdfa1abb0834"], max_length=100)
]


class ConversationsParameters(ListParameters):
    """Which conversations to list."""

    assistant: Names = Field([], description="Of one of these assistants.", examples=[["claude"]])
    project: Names = Field([], description="Of one of these projects.", examples=[["Kitchen"]])
    after: Time | None = Field(None, description="Last changed from this date or time on.", examples=["2025-03-01"])
    before: Time | None = Field(None, description="Last changed before this date or time.", examples=["2025-04-01"])


class MessagesParameters(ListParameters):
    """Which messages of a conversation to give."""

    view: Literal["thread", "all"] = Field(
        "thread",
        description="thread: what a person sees. all: also hidden messages, other branches, thinking and tool traffic.",
    )


class Conversations(BaseModel):
    """A page of conversations, the one changed last first. `cursor` asks for the next, null after the last."""

    model_config = ConfigDict(extra="forbid")

    conversations: list[ConversationEntry]
    total: int = Field(description="How many there are on all pages.")
    cursor: str | None


class ConversationPage(BaseModel):
    """A conversation and a page of its messages in their order, with the artifacts that these carry."""

    model_config = ConfigDict(extra="forbid")

    conversation: Conversation
    messages: list[Message]
    artifacts: list[Artifact]
    total: int = Field(description="How many messages there are on all pages.")
    cursor: str | None


def router(service: Service) -> APIRouter:
    """`/api/v1/conversations`."""
    api = APIRouter(tags=["conversations"])
    reading = Depends(pinned(service, "conversations"))

    @api.get(
        PATH, responses={200: shown(Conversations, examples.CONVERSATIONS, "A page of conversations.")},
        operation_id="list_conversations",
    )  # fmt: skip
    def conversations(wanted: Annotated[ConversationsParameters, Query()], at: Pinned = reading) -> Response:
        """List conversations, the one changed last first."""
        asked = ConversationsAsked(tuple(wanted.assistant), tuple(wanted.project), wanted.after, wanted.before)
        behind = cursors.decode(wanted.cursor, asked, int, str)
        page = list_conversations(at.catalog, asked, limit=wanted.limit, behind=behind)
        cursor = cursors.encode(page.following, asked)
        return at.answer({"conversations": page.entries, "total": page.total, "cursor": cursor})

    @api.get(
        PATH + "/{id}",
        responses={
            200: shown(ConversationPage, examples.CONVERSATION_PAGE, "The conversation."), **problems(404)
        },
        operation_id="get_conversation",
    )  # fmt: skip
    def conversation(
        id: ConversationId, wanted: Annotated[MessagesParameters, Query()], at: Pinned = reading
    ) -> Response:
        """Read a conversation: its messages in pages, with what they carry."""
        asked = (id, wanted.view)
        behind = cursors.decode(wanted.cursor, asked, str)
        page = read_messages(
            at.catalog, id, limit=wanted.limit, behind=behind[0] if behind else None, everything=wanted.view == "all"
        )
        following = (page.following,) if page.following else None
        return at.answer({
            "conversation": page.conversation, "messages": page.messages, "artifacts": page.artifacts,
            "total": page.total, "cursor": cursors.encode(following, asked),
        })  # fmt: skip

    return api
