"""One message, those around it, and those like it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from workbench.model import Message, Transcript
from workbench.workspace import Workbench

PATH = "/api/v1/messages"
FORKED = "c_4830955c8f4835e52d94"
LONGEST = "c_d1a50466727ee658379c"


@pytest.fixture(scope="module")
def memory(samples_store: Path) -> Workbench:
    return Workbench.open(samples_store)


def seen(transcript: Transcript) -> list[Message]:
    return [one for one in transcript.messages if one.on_active_path and not one.hidden]


def test_a_message_comes_with_what_it_carries(api: TestClient, memory: Workbench) -> None:
    artifact = memory.conversation(FORKED).artifacts[0]
    found = api.get(f"{PATH}/{artifact.message_id}").json()
    assert found["message"]["conversation_id"] == FORKED
    assert artifact.id in [one["id"] for one in found["artifacts"]]


def test_context_is_what_stands_above_and_below(api: TestClient, memory: Workbench) -> None:
    thread = seen(memory.conversation(LONGEST))
    middle = thread[2]
    found = api.get(f"{PATH}/{middle.id}/context", params={"before": 1, "after": 2}).json()
    assert [one["id"] for one in found["messages"]] == [one.id for one in thread[1:5]]
    assert found["messages"][found["index"]]["id"] == middle.id
    assert (found["more_before"], found["more_after"]) == (True, len(thread) > 5)
    assert found["conversation"]["title"] == "Sourdough starter from scratch"


def test_context_ends_where_the_thread_does(api: TestClient, memory: Workbench) -> None:
    thread = seen(memory.conversation(LONGEST))
    for one in (thread[0], thread[-1]):
        found = api.get(f"{PATH}/{one.id}/context", params={"before": 200, "after": 200}).json()
        assert [message["id"] for message in found["messages"]] == [message.id for message in thread]
        assert (found["more_before"], found["more_after"]) == (False, False)


def test_context_of_a_message_on_another_branch_follows_that_branch(api: TestClient, memory: Workbench) -> None:
    transcript = memory.conversation(FORKED)
    by_id = {one.id: one for one in transcript.messages}
    branched = next(one for one in transcript.messages if not one.on_active_path)
    found = api.get(f"{PATH}/{branched.id}/context", params={"before": 50, "after": 50}).json()["messages"]
    assert branched.id in [one["id"] for one in found]
    for above, below in pairwise(found):
        assert by_id[below["id"]].parent_id == above["id"]


def test_similar_messages_are_the_nearest_without_the_message_itself(api: TestClient, memory: Workbench) -> None:
    message = seen(memory.conversation(LONGEST))[0]
    found = api.get(f"{PATH}/{message.id}/similar", params={"k": 4, "role": "user"}).json()
    assert [hit["message_id"] for hit in found["contexts"]] == [
        hit.message_id for hit in memory.similar(message.id, k=4, role="user")
    ]
    assert message.id not in [hit["message_id"] for hit in found["contexts"]]
    assert {hit["role"] for hit in found["contexts"]} == {"user"}


@pytest.mark.parametrize("part", ["", "/context", "/similar"])
def test_a_message_that_is_not_there_is_a_404(api: TestClient, part: str) -> None:
    answer = api.get(f"{PATH}/m_nowhere{part}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "m_nowhere" in answer.json()["title"]


@pytest.mark.parametrize("parameters", [{"before": -1}, {"after": 201}, {"before": "x"}, {"around": 3}])
def test_more_than_can_be_asked_for_is_refused(api: TestClient, memory: Workbench, parameters: dict[str, str]) -> None:
    message = memory.conversation(LONGEST).messages[0]
    answer = api.get(f"{PATH}/{message.id}/context", params=parameters)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(next(iter(parameters)))
