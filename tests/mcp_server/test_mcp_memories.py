"""remember, and recall of what was remembered, also beside conversations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building import claude_export
from clients import Asker, asking, text_of

from workbench.settings import Settings
from workbench.transcripts import read_memory
from workbench.workspace import Workbench

KEPT: tuple[dict[str, Any], ...] = (
    {"content": "Prefers rye bread over wheat bread", "category": "preference", "confidence": 0.9, "labels": ["food"]},
    {"content": "The bread oven is broken since May", "confidence": 0.4, "labels": ["kitchen", "repair"]},
    {"content": "Decided to bake bread on Sundays", "category": "decision"},
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A store with a conversation, and memories that no generation has yet."""
    folder = tmp_path_factory.mktemp("memories")
    with Workbench(Settings(store=folder / "store", cache=cache, ray="off")) as memory:
        memory.ingest(
            claude_export(folder / "one.json", {"bread": ("Which bread is best?", "Rye bread keeps longest.")})
        )
    with asking(folder / "store") as ask:
        for one in KEPT:
            ask.answer("remember", **one)
    return folder / "store"


@pytest.fixture(scope="module")
def ask(known: Path) -> Iterator[Asker]:
    with asking(known) as found:
        yield found


def recalled(ask: Asker, **arguments: Any) -> set[str]:
    return {one["text"] for one in ask.answer("recall", query="bread", **arguments)["memories"]}


def test_what_was_remembered_is_recalled_by_another_server_before_what_was_said(ask: Asker) -> None:
    found = ask.answer("recall", query="which bread")
    assert {one["text"] for one in found["memories"]} == {one["content"] for one in KEPT}
    assert {one["title"] for one in found["messages"]} == {"bread"}
    [rye] = [one for one in found["memories"] if "rye" in one["text"]]
    assert (rye["assistant"], rye["category"], rye["confidence"]) == ("memory", "preference", pytest.approx(0.9))
    assert rye["labels"] == ["food"]
    assert not found["truncated"]


def test_memories_are_narrowed_by_confidence_category_and_label(ask: Asker) -> None:
    assert recalled(ask, min_confidence=0.5) == {KEPT[0]["content"], KEPT[2]["content"]}
    assert recalled(ask, categories=["decision"]) == {KEPT[2]["content"]}
    assert recalled(ask, labels="repair") == {KEPT[1]["content"]}
    assert recalled(ask, labels=["food", "repair"], min_confidence=0.5) == {KEPT[0]["content"]}


def test_messages_can_be_left_out(ask: Asker) -> None:
    assert ask.answer("recall", query="bread", include_messages=False)["messages"] == []


def test_memories_are_found_by_search_too(ask: Asker) -> None:
    found = ask.answer("search", query="bread", assistants=["memory"])["results"]
    assert {one["text"] for one in found} == {one["content"] for one in KEPT}


def test_a_memory_that_no_generation_has_yet_is_fetched_and_shown(ask: Asker) -> None:
    [oven] = ask.answer("recall", query="oven", labels=["repair"], include_messages=False)["memories"]
    fetched = ask.answer("fetch", id=oven["id"])
    assert fetched["text"] == KEPT[1]["content"]
    assert fetched["metadata"]["assistant"] == "memory"
    assert [one["text"] for one in ask.answer("context", id=oven["id"])["messages"]] == [KEPT[1]["content"]]


def test_a_memory_knows_which_client_asked_for_it(known: Path, ask: Asker) -> None:
    [rye] = ask.answer("recall", query="rye", categories=["preference"])["memories"]
    with Workbench(Settings(store=known, ray="off")) as memory:
        assert read_memory(memory.snapshot, rye["id"]).source.startswith("mcp:")


def test_a_memory_is_the_first_thing_in_a_new_store(empty: Path) -> None:
    with asking(empty) as ask:
        assert ask.call("recall", query="rye").is_error
        kept = ask.answer("remember", content="Likes rye", source="a test")
        assert kept["id"].startswith("m_")
        assert kept["text"] == "Likes rye"
        found = ask.answer("recall", query="rye")
    assert [one["id"] for one in found["memories"]] == [kept["id"]]
    assert found["messages"] == []


def test_a_full_disk_is_said_and_nothing_is_kept(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    result = ask.call("remember", content="One too many")
    assert result.is_error
    assert "No space left on device" in text_of(result)
    monkeypatch.undo()
    assert "One too many" not in recalled(ask)
