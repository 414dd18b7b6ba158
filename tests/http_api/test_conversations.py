"""Lists of conversations, and reading them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from building import claude_export
from starlette.testclient import TestClient

from workbench.workspace import Workbench

PATH = "/api/v1/conversations"
FORKED = "c_4830955c8f4835e52d94"  # "Slow query after data growth": two messages are on another branch
WITH_HIDDEN = "c_d1a50466727ee658379c"


def pages(api: TestClient, path: str, entries: str, **parameters: Any) -> list[dict[str, Any]]:
    """All entries of a list, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        page = api.get(path, params=parameters).json()
        found += page[entries]
        assert len(page[entries]) <= parameters.get("limit", 50)
        if page["cursor"] is None:
            assert page["total"] == len(found)
            return found
        parameters["cursor"] = page["cursor"]


def test_pages_list_every_conversation_once_the_one_changed_last_first(api: TestClient, samples_store: Path) -> None:
    found = pages(api, PATH, "conversations", limit=7)
    with Workbench.open(samples_store) as memory:
        assert {one["id"] for one in found} == set(memory.conversations()["id"])
    changed = [one["updated_at"] or one["created_at"] for one in found]
    assert changed == sorted(changed, reverse=True)
    assert len({one["id"] for one in found}) == len(found) == 65


def test_entries_count_all_messages_of_the_conversation(api: TestClient) -> None:
    for one in api.get(PATH, params={"limit": 500}).json()["conversations"]:
        if one["id"] in (FORKED, WITH_HIDDEN):
            whole = api.get(f"{PATH}/{one['id']}", params={"view": "all"}).json()
            assert one["messages"] == whole["total"] == len(whole["messages"])


def test_filters_narrow_the_list(api: TestClient) -> None:
    assistants = pages(api, PATH, "conversations", assistant=["claude", "gemini"])
    assert {one["assistant"] for one in assistants} == {"claude", "gemini"}
    everything = pages(api, PATH, "conversations")
    [project] = {one["project"] for one in everything if one["project"]}
    projects = pages(api, PATH, "conversations", project=project)
    assert [one["id"] for one in projects] == [one["id"] for one in everything if one["project"] == project]


def test_a_span_of_dates_includes_its_first_moment_and_not_its_last(api: TestClient) -> None:
    everything = pages(api, PATH, "conversations")
    newest, third = everything[0]["updated_at"], everything[2]["updated_at"]
    found = pages(api, PATH, "conversations", after=third, before=newest)
    assert [one["id"] for one in found] == [one["id"] for one in everything[1:3]]


def test_a_cursor_of_another_list_is_refused(api: TestClient) -> None:
    cursor = api.get(PATH, params={"limit": 3}).json()["cursor"]
    answer = api.get(PATH, params={"limit": 3, "assistant": "claude", "cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["title"] == "this cursor belongs to another list"


@pytest.mark.parametrize("cursor", ["", "what", "WzEsMl0", "bnVsbA", "e30", "é", "W" * 300])
def test_what_is_no_cursor_is_said_to_be_none(api: TestClient, cursor: str) -> None:
    answer = api.get(PATH, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["title"]) == (400, "this is not a cursor")


@pytest.mark.slow
def test_pages_go_on_where_they_were_after_a_newer_generation(own_api: TestClient, own_store: Path) -> None:
    before = pages(own_api, PATH, "conversations")
    first = own_api.get(PATH, params={"limit": 10}).json()
    export = claude_export(own_store.parent / "new.json", {"new": ("Anything new?", "This.")}, days=2000)
    Workbench.open(own_store).ingest(export, ray="off")
    deadline = time.monotonic() + 20
    while own_api.get("/health").json()["generation"] == 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    rest = own_api.get(PATH, params={"limit": 500, "cursor": first["cursor"]}).json()
    shown = first["conversations"] + rest["conversations"]
    assert [one["id"] for one in shown] == [one["id"] for one in before]
    assert own_api.get(PATH).json()["conversations"][0]["title"] == "new"


def test_a_conversation_is_read_in_pages_as_a_person_saw_it(api: TestClient, samples_store: Path) -> None:
    with Workbench.open(samples_store) as memory:
        whole = memory.conversation(FORKED)
    seen = [one.id for one in whole.messages if one.on_active_path and not one.hidden]
    found = pages(api, f"{PATH}/{FORKED}", "messages", limit=2)
    assert [one["id"] for one in found] == seen
    assert found[0]["content"] == whole.messages[0].content


def test_everything_that_was_kept_of_a_conversation_can_be_asked_for(api: TestClient) -> None:
    found = pages(api, f"{PATH}/{WITH_HIDDEN}", "messages", view="all", limit=3)
    assert any(one["hidden"] for one in found)
    assert len(found) == 7
    assert not any(one["hidden"] for one in pages(api, f"{PATH}/{WITH_HIDDEN}", "messages"))


def test_a_page_has_the_artifacts_of_its_own_messages(api: TestClient, samples_store: Path) -> None:
    with Workbench.open(samples_store) as memory:
        carried = memory.conversation(FORKED).artifacts
    cursor, found = None, []
    while True:
        parameters = {"view": "all", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = api.get(f"{PATH}/{FORKED}", params=parameters).json()
        assert {one["message_id"] for one in page["artifacts"]} <= {one["id"] for one in page["messages"]}
        found += [one["id"] for one in page["artifacts"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == [one.id for one in carried]


@pytest.mark.parametrize("identifier", ["c_nowhere", "c_4830", "..%2f..%2fetc", "%00"])
def test_a_conversation_that_is_not_there_is_a_404(api: TestClient, identifier: str) -> None:
    assert api.get(f"{PATH}/{identifier}").status_code == 404
