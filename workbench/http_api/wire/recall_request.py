"""What a search can be asked, as JSON; the parameters of `GET /search/rag` are documented from it too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from workbench.errors import WorkbenchError
from workbench.http_api.wire.parameters import DEFAULT_RESULTS, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, MOST_VALUES, to_time
from workbench.model import MODES, Filters, Query
from workbench.search.request import MAX_CHARACTERS, MAX_RESULTS
from workbench.snapshot.catalog import KINDS, ROLES

SOMETHING = r"[^\s\x1c-\x1f\x85]"
"""Matches a text with more in it than white space, whose meaning differs between dialects."""
TIME_SCHEMA = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}


def _read_time(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return to_time(value)
    except WorkbenchError as error:
        raise ValueError(str(error)) from None


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()


Time = Annotated[datetime, BeforeValidator(_read_time), WithJsonSchema(TIME_SCHEMA)]
"""A date, meaning its first moment, or a time; without a zone it is UTC."""
Whole = Annotated[int, BeforeValidator(lambda value: int(value) if _is_whole(value) else value)]
"""A whole number, also if it is written like 3.0, which JSON does not tell apart."""
Names = Annotated[list[str], Field(max_length=MOST_VALUES)]


def _one_of(values: Iterable[str]) -> WithJsonSchema:
    """What to give; other words for these are understood too."""
    items = {"type": "string", "enum": [str(value) for value in values]}
    return WithJsonSchema({"type": "array", "items": items, "maxItems": MOST_VALUES})


Roles = Annotated[list[str], Field(max_length=MOST_VALUES), _one_of(ROLES)]
Kinds = Annotated[list[str], Field(max_length=MOST_VALUES), _one_of(KINDS)]


class RecallRequest(BaseModel):
    """A search. Of one filter any of the values will do; a message must pass all filters."""

    model_config = ConfigDict(extra="forbid", strict=True)

    query: str = Field(
        min_length=1,
        max_length=MAX_CHARACTERS,
        pattern=SOMETHING,
        description="What to look for, in the query language (docs/query_language.md).",
        examples=["sourdough does not rise"],
    )
    k: Whole = Field(DEFAULT_RESULTS, ge=1, le=MAX_RESULTS, description="How many at most.", examples=[5])
    alpha: float | None = Field(
        None, ge=0, le=1, examples=[0.3],
        description="Weight of meaning against words: 0 is words only, 1 meaning only. Left out, `mode` decides.",
    )  # fmt: skip
    mode: Literal["hybrid", "lexical", "semantic"] = Field(
        "hybrid",
        examples=["hybrid"],
        description="A name for a weight: lexical 0, semantic 1, hybrid the store's own (0.3 unless it was tuned).",
    )
    assistants: Names = Field([], description="Of one of these assistants.", examples=[["claude"]])
    roles: Roles = Field([], description="By one of these speakers.", examples=[["user"]])
    projects: Names = Field([], description="Of one of these projects.", examples=[["Kitchen"]])
    models: Names = Field([], description="Answered by one of these models.", examples=[["gpt-4o"]])
    kinds: Kinds = Field([], description="Carrying one of these.", examples=[["code"]])
    languages: Names = Field([], description="With code in one of these languages.", examples=[["python"]])
    conversation_ids: Names = Field(
        [], description="In one of these conversations.", examples=[["c_8d335851fdfa1abb0834"]]
    )
    categories: Names = Field([], description="Memories of one of these categories.", examples=[["preference"]])
    labels: Names = Field([], description="Memories with one of these labels.", examples=[["kitchen"]])
    min_confidence: float | None = Field(
        None, ge=0, le=1, examples=[0.5], description="Leaves out memories that are less sure."
    )
    after: Time | None = Field(None, description="From this date or time on.", examples=["2025-03-01"])
    before: Time | None = Field(None, description="Before this date or time.", examples=["2025-04-01"])
    cursor: str | None = Field(
        None, max_length=400, description="The `cursor` of the page before; all else as it was there."
    )
    by_conversation: bool = Field(False, description="Find each conversation once, by its best message.")
    explain: bool = Field(False, description="Say what each leg contributed, how it was run and how long it took.")
    facets: bool = Field(False, description="Count what matches by assistant, role, month, project and so on.")
    thread_context: bool = Field(True, description="Let messages lift those around them.")
    timeout_ms: float = Field(
        DEFAULT_TIMEOUT_MS, gt=0, examples=[500],
        description=f"What is there after so many milliseconds (at most {MAX_TIMEOUT_MS:,.0f}) is given, as `partial`.",
    )  # fmt: skip

    def to_query(self) -> Query:
        """The query that is asked for."""
        return Query(
            text=self.query,
            k=self.k,
            alpha=MODES[self.mode] if self.alpha is None else self.alpha,
            filters=self._filters(),
            thread_context=self.thread_context,
            cursor=self.cursor,
            by_conversation=self.by_conversation,
            explain=self.explain,
            facets=self.facets,
            timeout_ms=min(MAX_TIMEOUT_MS, self.timeout_ms),
        )

    def _filters(self) -> Filters:
        return Filters(
            assistants=tuple(self.assistants), roles=tuple(self.roles), projects=tuple(self.projects),
            models=tuple(self.models), kinds=tuple(self.kinds), languages=tuple(self.languages),
            conversation_ids=tuple(self.conversation_ids), categories=tuple(self.categories),
            labels=tuple(self.labels), min_confidence=self.min_confidence, after=self.after, before=self.before,
        )  # fmt: skip
