"""The API's description is complete and its examples are what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

from workbench.http_api.wire.parameters import SEARCH

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def description(api: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = api.get("/openapi.json").json()
    return found


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in description["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def examples(content: dict[str, Any]) -> list[Any]:
    return [
        *([content["example"]] if "example" in content else []),
        *(one["value"] for one in content.get("examples", {}).values()),
    ]  # fmt: skip


def test_every_operation_is_described(description: dict[str, Any]) -> None:
    told = {tag["name"] for tag in description["tags"]}
    names = [operation["operationId"] for _, operation in operations(description)]
    assert len(names) == len(set(names))
    for name, operation in operations(description):
        assert operation["summary"], name
        assert operation.get("description"), name
        assert set(operation["tags"]) <= told, name
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (name, parameter["name"])


def test_every_error_is_described_as_a_problem(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        answers = operation["responses"]
        assert {"400", "401", "403", "421", "429", "500", "503"} <= set(answers), name
        assert "422" not in answers, name
        for status, answer in answers.items():
            assert "X-Request-Id" in answer["headers"], name
            if status >= "400" and operation["tags"] != ["health"]:  # whose 503 says in which state it is
                assert set(answer["content"]) == {"application/problem+json"}, (name, status)
        assert "Retry-After" in answers["429"]["headers"]


def test_examples_are_what_their_schemas_say(description: dict[str, Any]) -> None:
    checked = 0
    for name, operation in operations(description):
        bodies = [answer.get("content", {}) for status, answer in operation["responses"].items() if status < "400"]
        for content in [*bodies, operation.get("requestBody", {}).get("content", {})]:
            for kind, one in content.items():
                found = examples(one)
                if kind == "application/json" and "schema" in one and "requestBody" not in operation:
                    assert found or "$ref" in one["schema"], name
                for example in found:
                    schema = {**one.get("schema", {}), "components": description["components"]}
                    jsonschema.validate(example, schema, format_checker=jsonschema.FormatChecker())
                    checked += 1
    assert checked >= 15


def test_examples_of_parameters_are_what_their_schemas_say(description: dict[str, Any]) -> None:
    for name, operation in operations(description):
        for parameter in operation.get("parameters", ()):
            schema = {**parameter["schema"], "components": description["components"]}
            for example in [*parameter["schema"].get("examples", ()), *examples(parameter)]:
                jsonschema.validate(example, schema)
            assert "title" not in parameter or name


def test_the_parameters_of_a_search_are_those_that_it_takes(description: dict[str, Any]) -> None:
    told = description["paths"]["/search/rag"]["get"]["parameters"]
    assert sorted(parameter["name"] for parameter in told) == sorted(SEARCH)
    assert [parameter["name"] for parameter in told if parameter["required"]] == ["q"]


def test_no_page_is_loaded_from_elsewhere(api: TestClient) -> None:
    assert api.get("/docs").status_code == api.get("/redoc").status_code == 404
