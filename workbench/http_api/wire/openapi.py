"""The API's own description (OpenAPI): what routes say of themselves, completed by what holds for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.types import Lifespan

from workbench.http_api.wire.encoding import dump
from workbench.http_api.wire.problems import MEDIA_TYPE, Problem, install
from workbench.version import VERSION

_DESCRIPTION = """\
Recall from everything that was said to, and heard from, AI assistants.

What cannot be answered is a problem document (RFC 9457) that says what to do instead. Every answer bears the id of its
request in `X-Request-Id`, which may be given. Answers from the store bear an `ETag`: with `If-None-Match` they are not
sent again while nothing has changed. Lists come in pages, each with the `cursor` of the next; cursors hold as long as
the entries that they stand behind.
"""
_TAGS = {
    "search": "Find messages by words and by meaning.",
    "memories": "Short texts that a person or an assistant asked to keep.",
    "conversations": "Conversations as they were imported, their messages and what those carry.",
    "imports": "Exports of assistants, uploaded and imported in the background.",
    "caches": "What the service keeps of answers.",
    "health": "Whether the service lives, and whether it can answer.",
    "metrics": "How the service does.",
}
_PROBLEMS = {
    400: "The request cannot be understood; `detail` names every fault.",
    401: "The service asks for a token.",
    403: "The request comes from another site, or under a name that is not the service's.",
    404: "There is no such thing.",
    409: "The store is being written to by another process.",
    413: "The body is larger than the service takes.",
    415: "The body is of a type that cannot be taken.",
    421: "The Host header names another service.",
    429: "More is asked than can be answered in time; `Retry-After` says when to try again.",
    500: "The service failed; its log says why.",
    503: "The service cannot answer just now.",
    504: "The time of the request was over before it was answered.",
}
_EVERYWHERE = (400, 401, 403, 421, 429, 500, 503)
_ID = {"description": "The id of the request.", "schema": {"type": "string"}}
_RETRY = {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 1}}
_EXAMPLE = "x-example"
_METHODS = ("get", "post", "put", "patch", "delete")


class Api(FastAPI):
    """FastAPI with problems for errors and a complete description. Its pages, which load from a CDN, are left out."""

    def __init__(self, lifespan: Lifespan[FastAPI]) -> None:
        tags = [{"name": name, "description": told} for name, told in _TAGS.items()]
        super().__init__(
            title="Memory Workbench", version=VERSION, description=_DESCRIPTION, openapi_tags=tags,
            docs_url=None, redoc_url=None, lifespan=lifespan,
        )  # fmt: skip
        self._described: dict[str, Any] | None = None
        self._methods: list[tuple[re.Pattern[str], list[str]]] | None = None
        self._operations: dict[str, Callable[[], dict[str, Any]]] = {}
        install(self, self.methods)

    def describe(self, path: str, operation: Callable[[], dict[str, Any]]) -> None:
        """Add `GET path`, which is answered before FastAPI sees it, to the description."""
        self._operations[path] = operation

    def openapi(self) -> dict[str, Any]:
        """The description, made when it is first asked for."""
        if self._described is None:
            found = super().openapi()
            for path, operation in self._operations.items():
                found["paths"][path] = {"get": operation()}
            self._described = _completed(found)
        return self._described

    def methods(self, path: str) -> list[str]:
        """By which methods `path` can be asked for; none where it is not described."""
        if self._methods is None:
            paths = self.openapi()["paths"]
            told = {template: [one.upper() for one in _METHODS if one in item] for template, item in paths.items()}
            self._methods = [
                (re.compile(re.sub(r"\{[^}]*\}", "[^/]+", template)), told[template])
                for template in sorted(told, key=lambda one: "{" in one)  # what is written out comes first
            ]
        return next((methods for form, methods in self._methods if form.fullmatch(path)), [])


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides, in the form of FastAPI's `responses`."""
    return {status: _problem(status) for status in statuses}


def shown(model: type[BaseModel], example: Any, description: str) -> dict[str, Any]:
    """An answer of one status, in the form of FastAPI's `responses`."""
    told = dump(example).decode()  # as text: FastAPI takes every null out of a description
    return {"model": model, "description": description, "content": {"application/json": {_EXAMPLE: told}}}


def _completed(description: dict[str, Any]) -> dict[str, Any]:
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    description["components"]["headers"] = {"X-Request-Id": _ID, "Retry-After": _RETRY}
    for operation in _operations(description):
        answers = operation["responses"]
        answers.pop("422", None)  # all that cannot be understood is a 400
        for status in (*_EVERYWHERE, *((413,) if "requestBody" in operation else ())):
            answers.setdefault(str(status), _problem(status))
        for status, answer in answers.items():
            for content in answer.get("content", {}).values():
                if _EXAMPLE in content:
                    content["example"] = orjson.loads(content.pop(_EXAMPLE))
            headers = answer.setdefault("headers", {})
            headers["X-Request-Id"] = {"$ref": "#/components/headers/X-Request-Id"}
            if status == "429":
                headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
        operation["responses"] = dict(sorted(answers.items()))
    return description


def _operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in description["paths"].values():
        yield from (item[method] for method in _METHODS if method in item)


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
