"""What the caches hold and did, emptying them, and filling them before anybody asks."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from workbench.errors import WorkbenchError
from workbench.http_api.routes.searching import search
from workbench.http_api.searching.batching import MAX_BATCH
from workbench.http_api.service import Service

PATH = "/api/v1/cache"
MOST_QUERIES = 1_000
_DEFAULT_RECENT = 200
_LONGEST = 10_000  # characters of a query, as the search has it


class CacheKind(StrEnum):
    """What is kept."""

    ANSWERS = "answers"
    VECTORS = "vectors"


class Kept(BaseModel):
    """One cache of the process that answers, since it was started."""

    hits: int = Field(examples=[8500])
    misses: int = Field(examples=[1500])
    ratio: float = Field(description="hits / (hits + misses), 0 before the first", examples=[0.85])
    entries: int = Field(description="now", examples=[900])
    bytes: int = Field(description="now", examples=[11_000_000])
    capacity_bytes: int = Field(examples=[67_108_864])
    evicted: int = Field(description="entries that went for room", examples=[0])
    ttl_seconds: float = Field(examples=[300])


class Shared(BaseModel):
    """What this process saw of the cache that services share. What that holds in all is not counted."""

    reachable: bool
    hits: dict[CacheKind, int] = Field(examples=[{"answers": 120, "vectors": 0}])
    misses: dict[CacheKind, int] = Field(examples=[{"answers": 1380, "vectors": 0}])
    written: int = Field(examples=[1380])
    dropped: int = Field(description="values never written: it was away, or too many waited", examples=[0])
    failures: int = Field(description="reads and writes that failed or took too long", examples=[0])


class CacheState(BaseModel):
    """The caches of the process that answers. `answers` is null where none are kept, `shared` where there is none."""

    process: int = Field(description="its number: each worker has caches of its own", examples=[4711])
    answers: Kept | None
    vectors: Kept
    shared: Shared | None


class ClearedKind(BaseModel):
    """How many entries went."""

    local: int = Field(description="of the process that answers", examples=[900])
    shared: int | None = Field(
        description="of the shared cache; null if there is none, or it is away: then it is emptied before it is used",
        examples=[1200],
    )


class ClearedCaches(BaseModel):
    """What was emptied. `workers` says whose caches: all of the store within a second, or this worker's only."""

    cleared: dict[CacheKind, ClearedKind]
    workers: str = Field(examples=["all workers"])


class Warm(BaseModel):
    """What to search for: `queries`, or what was searched for last (`recent`)."""

    model_config = ConfigDict(extra="forbid")

    queries: list[Annotated[str, Field(min_length=1, max_length=_LONGEST)]] = Field(
        default=[], max_length=MOST_QUERIES,
        description="What a person types, or a whole query string of GET /search/rag (it begins with `q=`). An answer "
        "is found again only by the same query string, byte for byte; its vector by the same words.",
    )  # fmt: skip
    recent: bool = Field(default=False, description="what this worker searched for last, newest first")
    limit: int = Field(default=_DEFAULT_RECENT, ge=1, le=MOST_QUERIES, description="how many recent ones")

    @model_validator(mode="after")
    def _one_of_both(self) -> Warm:
        if bool(self.queries) == self.recent:
            raise ValueError("give queries, or recent")
        return self


class NotWarmed(BaseModel):
    """A query that could not be answered."""

    query: str
    why: str


class Warmed(BaseModel):
    """How many answers are kept now that were not. `failed` names those that could not be answered."""

    searched: int = Field(examples=[180])
    kept_already: int = Field(examples=[20])
    failed: list[NotWarmed]
    workers: str = Field(examples=["this worker only"])


_EXAMPLES: Any = {
    "typed": {"summary": "Queries", "value": {"queries": ["bread that did not rise", "q=index+scan&k=20"]}},
    "recent": {"summary": "What was asked last", "value": {"recent": True, "limit": 100}},
}


def router(service: Service) -> APIRouter:
    """`/api/v1/cache`."""
    api = APIRouter(tags=["caches"])

    @api.get(PATH)
    async def cache() -> CacheState:
        """What the caches of one worker hold and did."""
        return _state(service)

    @api.delete(PATH)
    async def clear_all() -> ClearedCaches:
        """Empty all caches of all workers."""
        return await _clear(service, list(CacheKind))

    @api.delete(PATH + "/{kind}")
    async def clear_one(kind: Annotated[CacheKind, Path(description="What to empty.")]) -> ClearedCaches:
        """Empty the caches of one kind, of all workers."""
        return await _clear(service, [kind])

    @api.post(PATH + "/warm")
    async def warm(wanted: Annotated[Warm, Body(openapi_examples=_EXAMPLES)]) -> Warmed:
        """Search now, so that the answers are kept when somebody asks.

        With a shared cache all workers have them, without one only the worker that answers this request.
        """
        return await _warm(service, wanted)

    return api


def _state(service: Service) -> CacheState:
    kept = {}
    for kind, found in service.caches.statistics().items():
        counts = asdict(found)
        kept[kind] = Kept(ratio=round(found.hit_ratio, 4), **counts)
    shared = service.caches.shared
    return CacheState(
        process=os.getpid(), answers=kept.get(CacheKind.ANSWERS), vectors=kept[CacheKind.VECTORS],
        shared=Shared(**asdict(shared.statistics())) if shared else None,
    )  # fmt: skip


async def _clear(service: Service, kinds: list[CacheKind]) -> ClearedCaches:
    done = {kind: await service.caches.clear(kind) for kind in kinds}
    everywhere = all(one.everywhere for one in done.values())
    return ClearedCaches(
        cleared={kind: ClearedKind(local=one.local, shared=one.shared) for kind, one in done.items()},
        workers=_whose(everywhere),
    )


async def _warm(service: Service, wanted: Warm) -> Warmed:
    answers = service.answers
    asked = [_query_string(query) for query in wanted.queries]
    if wanted.recent and answers is not None:
        asked = answers.recent(wanted.limit)
    keys = [(service.version, one) for one in dict.fromkeys(asked)]
    todo = [key for key in keys if answers is None or not answers.holds(key)]
    failed: list[NotWarmed] = []
    for begin in range(0, len(todo), MAX_BATCH):  # in small steps: whoever asks meanwhile comes in between
        part = todo[begin : begin + MAX_BATCH]
        found = await asyncio.gather(*(search(service, key) for key in part), return_exceptions=True)
        for (_, query), result in zip(part, found, strict=True):
            if isinstance(result, WorkbenchError):
                failed.append(NotWarmed(query=query.decode(errors="replace"), why=str(result)))
            elif isinstance(result, BaseException):
                raise result
    shared = service.caches.shared
    return Warmed(
        searched=len(todo) - len(failed), kept_already=len(keys) - len(todo), failed=failed,
        workers=_whose(shared is not None and shared.statistics().reachable),
    )  # fmt: skip


def _query_string(query: str) -> bytes:
    if query.startswith("q="):
        return query.encode()
    return urlencode({"q": query}).encode()


def _whose(everywhere: bool) -> str:
    return "all workers" if everywhere else "this worker only"
