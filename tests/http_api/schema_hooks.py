"""What schemathesis cannot know from the API's description: what is in the store.

A request that fits the description gets names and ids that are there (KNOWN, JSON in the environment), and no cursor:
which those are, JSON Schema cannot say.
"""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis
from schemathesis import Case, GenerationMode, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

KNOWN: dict[str, list[str]] = json.loads(os.environ.get("KNOWN", "{}"))
ONE_FOR_MANY = {
    "assistants": "assistant", "projects": "project", "models": "model", "languages": "language", "lang": "language",
    "categories": "category", "labels": "label", "conversation_ids": "conversation", "in": "conversation",
}  # fmt: skip
NOT_IN_THE_SCHEMA = (
    "this is not a cursor",
    "this cursor belongs to another",
    *(f"there is no {kind} " for kind in ("assistant", "project", "model", "language of code", "category", "label")),
    "no time is both after and before",
    "message m_",  # has no vector
    "the body is empty",  # of an upload, which is bytes and has no schema
)
BETWEEN_FIELDS = ("give queries, or recent",)


@schemathesis.hook
def map_case(context: HookContext, case: Case) -> Case:
    """Put what is known into a request that is to be accepted."""
    if case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE:
        for values in (case.query, case.body):
            if isinstance(values, dict):
                _make_known(values)
        if case.path_parameters and "{id}" in case.path:
            kind = case.path.split("/")[3].rstrip("s")
            case.path_parameters["id"] = _one(kind, case.path_parameters["id"])
    return case


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Whether a failure counts. Examples and edge cases are not mapped, so that some name what is not there."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    said = response.json()
    return not (said["title"].startswith(NOT_IN_THE_SCHEMA) or said["detail"] in BETWEEN_FIELDS)


def _make_known(values: dict[str, Any]) -> None:
    values.pop("cursor", None)
    for name, value in list(values.items()):
        kind = ONE_FOR_MANY.get(name, name)
        if kind in KNOWN:
            values[name] = [_one(kind, one) for one in value] if isinstance(value, list) else _one(kind, value)


def _one(kind: str, value: Any) -> Any:
    """One of what is known, the same for the same value; some stay unknown where that is a 404."""
    known = KNOWN.get(kind)
    return known[len(repr(value)) % len(known)] if known else value
