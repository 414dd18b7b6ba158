"""Memories: keeping them, and recalling them with all else that was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from starlette.requests import Request
from starlette.responses import Response

from workbench.http_api.routes.pinned import Pinned, pinned
from workbench.http_api.routes.searching import answer
from workbench.http_api.searching.batching import gone_of
from workbench.http_api.service import Service
from workbench.http_api.wire import examples
from workbench.http_api.wire.encoding import dump
from workbench.http_api.wire.openapi import problems, shown
from workbench.http_api.wire.recall_request import SOMETHING, RecallRequest
from workbench.http_api.wire.search_documents import SearchAnswer
from workbench.http_api.writing.remembering import Remembering
from workbench.model import Memory, NewMemory
from workbench.model.memory import LONGEST_LABEL, LONGEST_SOURCE, MOST_CONTENT, MOST_LABELS
from workbench.transcripts import read_memory

RECALL = "/api/v1/recall"
ENCODE = "/api/v1/encode"
PATH = "/api/v1/memories"
MOST_MEMORIES = 100
MemoryId = Annotated[str, Path(description="Id of a memory.", examples=["m_77aa0c8d41b7e6a9530c"], max_length=100)]


class ToRemember(BaseModel):
    """A short text to keep. The same text in the same category is one memory: what is said of it last counts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    content: str = Field(
        min_length=1, max_length=MOST_CONTENT, pattern=SOMETHING, description="The text.",
        examples=["Prefers rye over wheat"],
    )  # fmt: skip
    category: str = Field(
        "fact", pattern="^[a-z0-9_-]{1,40}$", description="What kind of memory it is.", examples=["preference"]
    )
    confidence: float = Field(1.0, ge=0, le=1, description="How sure it is.", examples=[0.9])
    labels: list[Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL, pattern=SOMETHING)]] = Field(
        [], max_length=MOST_LABELS, description="Words to find it by again.", examples=[["kitchen"]]
    )
    source: str = Field(
        "", max_length=LONGEST_SOURCE, description="Who asked, or where it comes from.", examples=["chat on 2025-03-01"]
    )

    def to_new(self) -> NewMemory:
        """The memory, checked."""
        return NewMemory(self.content, self.category, self.confidence, tuple(self.labels), self.source)


class SeveralToRemember(BaseModel):
    """Several memories, kept together or not at all."""

    model_config = ConfigDict(extra="forbid", strict=True)

    memories: list[ToRemember] = Field(min_length=1, max_length=MOST_MEMORIES)


class MemoryAnswer(BaseModel):
    """One memory."""

    model_config = ConfigDict(extra="forbid")

    memory: Memory


def _shape(value: Any) -> str:
    return "several" if isinstance(value, dict) and "memories" in value else "one"


OneOrSeveral = Annotated[
    Annotated[ToRemember, Tag("one")] | Annotated[SeveralToRemember, Tag("several")], Discriminator(_shape)
]


class Remembered(BaseModel):
    """What was kept, in the order in which it was given."""

    model_config = ConfigDict(extra="forbid")

    memories: list[Memory]


_KEPT: dict[str, Any] = {
    "model": Memory | Remembered,
    "description": "It is on the disk, and found from now on.",
    "content": {
        "application/json": {
            "examples": {
                "one": {"summary": "One memory", "value": examples.MEMORY},
                "several": {"summary": "Several memories", "value": {"memories": [examples.MEMORY]}},
            }
        }
    },
}


def router(service: Service) -> APIRouter:
    """`/api/v1/recall`, `/api/v1/encode` and `/api/v1/memories`."""
    api = APIRouter(tags=["memories"])
    reading = Depends(pinned(service, "memories"))
    remembering = Remembering(lambda memories: _write(service, memories))

    @api.post(
        RECALL,
        responses={200: shown(SearchAnswer, examples.SEARCH, "The best messages and memories."), **problems(404)},
        operation_id="recall",
    )
    async def recall(wanted: RecallRequest, request: Request) -> Response:
        """Find memories and messages by words and by meaning."""
        found = await service.search(wanted.to_query(), gone_of(request.scope), endpoint=RECALL)
        return Response(dump(answer(found)), media_type="application/json")

    @api.post(
        ENCODE,
        status_code=201,
        responses={201: _KEPT},
        operation_id="encode",
    )
    async def encode(wanted: OneOrSeveral) -> Response:
        """Keep one memory, or up to 100: on the disk before this is answered, and found by the next recall."""
        if isinstance(wanted, SeveralToRemember):
            kept = await remembering.remember([one.to_new() for one in wanted.memories])
            return Response(dump({"memories": kept}), 201, media_type="application/json")
        [memory] = await remembering.remember([wanted.to_new()])
        headers = {"location": f"{PATH}/{memory.id}"}
        return Response(dump(memory), 201, headers, media_type="application/json")

    @api.get(
        PATH + "/{id}",
        responses={200: shown(MemoryAnswer, {"memory": examples.MEMORY}, "The memory."), **problems(404)},
        operation_id="get_memory",
    )
    def memory(id: MemoryId, at: Pinned = reading) -> Response:
        """Read a memory."""
        return at.answer({"memory": read_memory(at.memory.snapshot, id)})

    return api


def _write(service: Service, memories: Sequence[NewMemory]) -> list[Memory]:
    with service.reading("memories") as memory:
        return memory.remember_many(memories)
