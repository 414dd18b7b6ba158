"""One message: itself, those around it, and those like it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from workbench.errors import NotFoundError
from workbench.http_api.routes.pinned import Pinned, pinned
from workbench.http_api.routes.searching import answer
from workbench.http_api.service import Service
from workbench.http_api.wire import examples
from workbench.http_api.wire.openapi import problems, shown
from workbench.http_api.wire.recall_request import Names, Roles
from workbench.http_api.wire.search_documents import SearchAnswer
from workbench.model import Artifact, Conversation, Message
from workbench.search.request import MAX_RESULTS
from workbench.transcripts import Around, read_around, read_message, read_new_memory

PATH = "/api/v1/messages/{id}"
MAX_AROUND = 200
MessageId = Annotated[
    str, Path(description="Id of a message.", examples=["m_2f0c8d41b7e6a9530c1d"], max_length=100)
]  # fmt: skip


class AroundParameters(BaseModel):
    """How much of the thread to give."""

    model_config = ConfigDict(extra="forbid")

    before: int = Field(5, ge=0, le=MAX_AROUND, description="How many messages above at most.")
    after: int = Field(5, ge=0, le=MAX_AROUND, description="How many messages below at most.")


class SimilarParameters(BaseModel):
    """How many, and whose."""

    model_config = ConfigDict(extra="forbid")

    k: int = Field(10, ge=1, le=MAX_RESULTS, description="How many at most.")
    assistant: Names = Field([], description="Of one of these assistants.", examples=[["claude"]])
    role: Roles = Field([], description="By one of these speakers.", examples=[["user"]])


class MessageWithArtifacts(BaseModel):
    """A message and what it carries."""

    model_config = ConfigDict(extra="forbid")

    message: Message
    artifacts: list[Artifact]


class MessagesAround(BaseModel):
    """A part of the thread that a message is in: `messages[index]` is the message itself."""

    model_config = ConfigDict(extra="forbid")

    conversation: Conversation
    messages: list[Message]
    index: int
    artifacts: list[Artifact] = Field(description="What these messages carry.")
    more_before: bool = Field(description="Whether the thread has more above.")
    more_after: bool = Field(description="Whether the thread has more below.")


def router(service: Service) -> APIRouter:
    """`/api/v1/messages/{id}`."""
    api = APIRouter(tags=["conversations"])
    reading = Depends(pinned(service, "messages"))

    @api.get(
        PATH,
        responses={
            200: shown(MessageWithArtifacts, examples.MESSAGE_WITH_ARTIFACTS, "The message."), **problems(404)
        },
        operation_id="get_message",
    )  # fmt: skip
    def message(id: MessageId, at: Pinned = reading) -> Response:
        """Read a message and what it carries."""
        try:
            found, artifacts = read_message(at.catalog, id)
        except NotFoundError as error:
            [found], artifacts = _remembered(at, id, error).messages, ()
        return at.answer({"message": found, "artifacts": artifacts})

    @api.get(
        PATH + "/context",
        responses={200: shown(MessagesAround, examples.AROUND, "The messages around it."), **problems(404)},
        operation_id="get_message_context",
    )
    def context(id: MessageId, wanted: Annotated[AroundParameters, Query()], at: Pinned = reading) -> Response:
        """Read a message and those above and below it in its thread, as a person saw them."""
        try:
            found = read_around(at.catalog, id, before=wanted.before, after=wanted.after)
        except NotFoundError as error:
            found = _remembered(at, id, error)
        return at.answer(found)

    @api.get(
        PATH + "/similar",
        responses={200: shown(SearchAnswer, examples.SEARCH, "Messages like it, the nearest first."), **problems(404)},
        operation_id="get_similar_messages",
    )
    def similar(id: MessageId, wanted: Annotated[SimilarParameters, Query()], at: Pinned = reading) -> Response:
        """Find the messages nearest in meaning, without copies of the same text."""
        found = at.memory.similar(id, k=wanted.k, assistant=wanted.assistant, role=wanted.role)
        return at.answer(answer(found))

    return api


def _remembered(at: Pinned, identifier: str, error: NotFoundError) -> Around:
    """A message that is not in the generation may be a memory that is newer than it."""
    try:
        return read_new_memory(at.memory.snapshot, identifier)
    except NotFoundError:
        raise error from None
