"""Lists of artifacts, one artifact, and counts of messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from workbench.workspace import Workbench

PATH = "/api/v1/artifacts"
FACETS = "/api/v1/facets"


def listed(api: TestClient, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = api.get(PATH, params=parameters).json()
        found += page["artifacts"]
        if page["cursor"] is None:
            assert len(found) == page["total"]
            return found
        parameters["cursor"] = page["cursor"]


def test_pages_list_every_artifact_once_the_newest_first(api: TestClient, samples_store: Path) -> None:
    found = listed(api, limit=17)
    with Workbench.open(samples_store) as memory:
        assert {one["id"] for one in found} == set(memory.artifacts()["id"])
    assert len(found) == len({one["id"] for one in found})
    times = [one["created_at"] or "" for one in found]
    assert times == sorted(times, reverse=True)


def test_artifacts_of_a_kind_a_language_a_conversation(api: TestClient) -> None:
    everything = listed(api)
    for name, field, value in (
        ("kind", "kind", ["code", "document"]), ("language", "language", ["python"]),
        ("conversation", "conversation_id", [everything[0]["conversation_id"]]),
    ):  # fmt: skip
        found = listed(api, **{name: value}, limit=3)
        assert [one["id"] for one in found] == [one["id"] for one in everything if one[field] in value]
        assert found


def test_an_entry_has_the_beginning_of_what_can_be_read_whole(api: TestClient) -> None:
    for entry in listed(api, kind="document"):
        whole = api.get(f"{PATH}/{entry['id']}").json()["artifact"]
        assert len(whole["content"]) == entry["length"]
        assert whole["content"][:300] == entry["preview"]


@pytest.mark.parametrize(("path", "status"), [(f"{PATH}/a_nowhere", 404), (f"{PATH}?kind=picture", 400)])
def test_what_is_not_there_is_said(api: TestClient, path: str, status: int) -> None:
    assert api.get(path).status_code == status


def test_counts_of_all_messages_are_those_that_can_be_found(api: TestClient, samples_store: Path) -> None:
    found = api.get(FACETS).json()["facets"]
    with Workbench.open(samples_store) as memory:
        searched = memory.sql("SELECT assistant, role FROM messages WHERE searched")
    for facet in ("assistant", "role"):
        assert found[facet] == dict(searched[facet].value_counts().iter_rows())


def test_counts_of_a_search_are_those_that_the_search_gives(api: TestClient) -> None:
    parameters = {"q": "query", "assistant": "claude"}
    found = api.get(FACETS, params=parameters).json()["facets"]
    assert found == api.get("/search/rag", params={**parameters, "facets": "true"}).json()["facets"]
    assert set(found["assistant"]) == {"claude"}


def test_counts_are_narrowed_by_filters_alone(api: TestClient) -> None:
    everything = api.get(FACETS).json()["facets"]
    found = api.get(FACETS, params={"role": "user", "after": "2024-01-01", "before": "2025-01-01"}).json()["facets"]
    months = {month: count for month, count in everything["month"].items() if month.startswith("2024")}
    assert set(found["role"]) == {"user"}
    assert set(found["month"]) <= set(months)
    assert 0 < sum(found["month"].values()) == found["role"]["user"]


@pytest.mark.parametrize("parameters", [{"k": "3"}, {"q": " "}, {"min_confidence": "2"}, {"role": "boss"}])
def test_what_cannot_be_counted_is_refused(api: TestClient, parameters: dict[str, str]) -> None:
    assert api.get(FACETS, params=parameters).status_code == 400
