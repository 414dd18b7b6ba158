"""Memories over HTTP: kept before they are acknowledged, and found at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from workbench.errors import StoreError
from workbench.http_api.writing.remembering import Remembering
from workbench.model import Memory, NewMemory
from workbench.record import journal
from workbench.workspace import Workbench

ENCODE, RECALL = "/api/v1/encode", "/api/v1/recall"
RYE: dict[str, Any] = {
    "content": "Prefers rye over wheat", "category": "preference", "confidence": 0.9, "labels": ["kitchen"],
    "source": "a test",
}  # fmt: skip


def recalled(api: TestClient, **asked: Any) -> list[str]:
    answer = api.post(RECALL, json=asked)
    assert answer.status_code == 200, answer.text
    return [hit["content"] for hit in answer.json()["contexts"]]


def test_what_is_acknowledged_is_on_the_disk_and_recalled(own_api: TestClient, own_store: Path) -> None:
    answer = own_api.post(ENCODE, json=RYE)
    assert answer.status_code == 201
    assert answer.json() | RYE == answer.json()
    assert [entry.memory.content for entry in journal.read(own_store).entries] == [RYE["content"]]
    assert recalled(own_api, query="rye or wheat?", k=1) == [RYE["content"]]


def test_a_memory_can_be_read_where_its_location_says(own_api: TestClient) -> None:
    answer = own_api.post(ENCODE, json=RYE)
    assert own_api.get(answer.headers["location"]).json() == {"memory": answer.json()}
    assert own_api.get("/api/v1/memories/m_nowhere").status_code == 404


def test_a_memory_is_a_message_before_it_is_published(own_api: TestClient) -> None:
    identifier = own_api.post(ENCODE, json=RYE).json()["id"]
    message = own_api.get(f"/api/v1/messages/{identifier}").json()["message"]
    around = own_api.get(f"/api/v1/messages/{identifier}/context").json()
    assert message["content"] == RYE["content"]
    assert around["messages"] == [message]
    assert around["conversation"]["id"] == message["conversation_id"]


def test_a_published_memory_is_read_as_before(own_api: TestClient, own_store: Path) -> None:
    first = own_api.post(ENCODE, json=RYE)
    own_api.post(ENCODE, json={**RYE, "confidence": 0.5, "labels": []})
    Workbench.open(own_store).rebuild()
    found = own_api.get(first.headers["location"]).json()["memory"]
    assert (found["confidence"], found["labels"], found["created_at"]) == (0.5, [], first.json()["created_at"])


def test_several_memories_are_kept_in_their_order(own_api: TestClient) -> None:
    several = [{"content": f"fact number {number}"} for number in range(100)]
    answer = own_api.post(ENCODE, json={"memories": several})
    assert answer.status_code == 201
    assert [one["content"] for one in answer.json()["memories"]] == [one["content"] for one in several]
    sequences = [one["sequence"] for one in answer.json()["memories"]]
    assert sequences == list(range(sequences[0], sequences[0] + 100))


def test_recall_can_ask_for_sure_memories_and_for_categories_and_labels(own_api: TestClient) -> None:
    own_api.post(ENCODE, json={"memories": [RYE, {"content": "Maybe likes spelt", "confidence": 0.3}]})
    assert recalled(own_api, query="rye spelt", min_confidence=0.5) == [RYE["content"]]
    assert recalled(own_api, query="rye spelt", categories=["fact"]) == ["Maybe likes spelt"]
    assert recalled(own_api, query="rye spelt", labels=["kitchen"]) == [RYE["content"]]
    found = own_api.get("/search/rag", params={"q": "rye spelt", "label": "kitchen", "min_confidence": "0.5"}).json()
    assert [(hit["category"], hit["confidence"]) for hit in found["contexts"]] == [("preference", pytest.approx(0.9))]


def test_recall_has_the_powers_of_a_search(api: TestClient) -> None:
    by_get = api.get(
        "/search/rag",
        params={"q": "my data", "k": "3", "mode": "lexical", "assistant": "claude", "role": "user", "facets": "true",
                "after": "2024-01-01", "group": "true", "explain": "true", "context": "false"},
    ).json()  # fmt: skip
    by_post = api.post(
        RECALL,
        json={"query": "my data", "k": 3, "mode": "lexical", "assistants": ["claude"], "roles": ["user"],
              "facets": True, "after": "2024-01-01", "by_conversation": True, "explain": True,
              "thread_context": False},
    ).json()  # fmt: skip
    for answer in (by_get, by_post):
        del answer["timings_ms"]
    assert by_get == by_post
    assert by_get["contexts"]


def test_pages_of_recall_are_followed_by_their_cursor(api: TestClient) -> None:
    first = api.post(RECALL, json={"query": "bread", "k": 3}).json()
    second = api.post(RECALL, json={"query": "bread", "k": 3, "cursor": first["cursor"]}).json()
    assert [hit["rank"] for hit in first["contexts"] + second["contexts"]] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "unfit",
    [
        {}, {"content": ""}, {"content": " \n"}, {"content": "x" * 10_001}, {"content": "x", "confidence": 1.1},
        {"content": "x", "confidence": "0.5"}, {"content": "x", "category": "A B"}, {"content": "x", "labels": [""]},
        {"content": "x", "labels": ["x"] * 21}, {"content": "x", "colour": "red"}, {"memories": []},
        {"memories": [{"content": "x"}] * 101}, {"memories": [{"content": "fine"}, {"content": ""}]}, [], None,
    ],
)  # fmt: skip
def test_what_cannot_be_remembered_is_refused_whole(api: TestClient, samples_store: Path, unfit: Any) -> None:
    answer = api.post(ENCODE, json=unfit)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert journal.read(samples_store).entries == ()


class Disk:
    """Writes when it is let, and remembers what was written together."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.batches: list[list[str]] = []

    def write(self, memories: Sequence[NewMemory]) -> list[Memory]:
        assert self.ready.wait(10)
        self.batches.append([one.content for one in memories])
        if "broken" in self.batches[-1]:
            raise StoreError("the disk is full")
        now = datetime.now(UTC)
        return [Memory(one.id, one.content, one.category, 1.0, (), "", now, 0) for one in memories]


def test_memories_that_come_while_the_disk_is_busy_are_written_together() -> None:
    disk = Disk()

    async def run() -> list[Sequence[Memory]]:
        remembering = Remembering(disk.write)
        first = asyncio.create_task(remembering.remember([NewMemory("first")]))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(remembering.remember([NewMemory(f"{n}a"), NewMemory(f"{n}b")])) for n in range(3)]
        await asyncio.sleep(0.05)
        disk.ready.set()
        return await asyncio.gather(first, *others)

    kept = asyncio.run(run())
    assert disk.batches == [["first"], ["0a", "0b", "1a", "1b", "2a", "2b"]]
    assert [[one.content for one in memories] for memories in kept] == [
        ["first"],
        *([f"{n}a", f"{n}b"] for n in range(3)),
    ]


def test_what_cannot_be_written_fails_for_all_who_wait_and_nobody_after() -> None:
    disk = Disk()
    disk.ready.set()

    async def run() -> None:
        remembering = Remembering(disk.write)
        asked = [remembering.remember([NewMemory(text)]) for text in ("broken", "beside")]
        failed = await asyncio.gather(*asked, return_exceptions=True)
        assert [str(one) for one in failed] == ["the disk is full."] * 2
        assert [one.content for one in await remembering.remember([NewMemory("after")])] == ["after"]

    asyncio.run(run())
