"""What the documentation of the API says of searches: parameters of the query string, and what is answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workbench.http_api.wire.parameters import FILTERS, SEARCH, SEVERAL
from workbench.http_api.wire.recall_request import RecallRequest
from workbench.model import Hit, Match

_FIELDS = {**SEVERAL, "q": "query", "group": "by_conversation", "context": "thread_context"}
_FACET = "Values with counts, the most frequent first."


class SearchAnswer(BaseModel):
    """The best messages for a query."""

    model_config = ConfigDict(extra="forbid")

    contexts: list[Hit] = Field(description="The hits, best first.")
    generation: int = Field(description="The generation of the store that was searched.", examples=[12])
    candidates: int = Field(description="How many messages were scored.", examples=[212])
    match: Match = Field(description="How well the best hits answer: none is a warning, good is no promise.")
    cursor: str | None = Field(description="Asks for the next page; null after the last.")
    partial: bool = Field(description="Whether time ran out, so that there may be more.")
    notes: list[str] = Field(description="What must be known to trust the answer.")
    advice: list[str] = Field(description="What would make it better, where `explain` asked for it.")
    facets: dict[str, dict[str, int]] | None = Field(None, description=f"Where `facets` asked for it. {_FACET}")
    plan: dict[str, str] | None = Field(None, description="How each leg was run, where `explain` asked for it.")
    timings_ms: dict[str, float] | None = Field(None, description="Milliseconds of each stage, likewise.")
    batch: int | None = Field(None, description="How many queries were answered together, likewise.")


def query_parameters(names: Iterable[str] = SEARCH, *, required: Iterable[str] = ("q",)) -> list[dict[str, Any]]:
    """Parameters of the query string as OpenAPI has them."""
    schema = RecallRequest.model_json_schema()["properties"]
    return [_parameter(name, dict(schema[_FIELDS.get(name, name)]), name in required) for name in names]


def filter_parameters() -> list[dict[str, Any]]:
    """Those that narrow a search."""
    return query_parameters(FILTERS, required=())


def _parameter(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    description = schema.pop("description")
    examples = schema.pop("examples", [])
    schema.pop("title", None)
    if {"type": "null"} in schema.get("anyOf", ()):  # here that is to leave it out
        [schema] = [one for one in schema["anyOf"] if one != {"type": "null"}]
    if schema.get("default", 0) in (None, []):
        del schema["default"]
    told: dict[str, Any] = {"name": name, "in": "query", "required": required, "description": description}
    if examples:
        told["example"] = examples[0]
    return {**told, "schema": schema}
