from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from building import claude_export
from starlette.testclient import TestClient

from workbench.http_api import ServiceOptions, create_app
from workbench.settings import Settings
from workbench.workspace import Workbench

CHATS = {
    "bread": ("My loaf came out flat and dense", "Let the dough proof longer, at 24 degrees.", "thanks!"),
    "sql": ("Why is this query slow?", "EXPLAIN ANALYZE shows a sequential scan: add an index on user_id."),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("service")
    memory = Workbench(Settings(store=folder / "store", cache=cache, ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", CHATS))
    with TestClient(create_app(ServiceOptions(folder / "store"))) as client:
        yield client


def test_a_search_gives_contexts(client: TestClient) -> None:
    found = client.get("/search/rag", params={"q": "dense loaf", "k": 2, "context": "false"}).json()
    best = found["contexts"][0]
    assert best["title"] == "bread"
    assert best["content"].startswith("My loaf")
    assert best["created_at"].endswith("Z")
    assert {best["snippet"][a:b] for a, b in best["highlights"]} == {"dense", "loaf"}
    assert len(found["contexts"]) == 2


def test_a_repeated_search_comes_from_the_cache_byte_for_byte(client: TestClient) -> None:
    first = client.get("/search/rag", params={"q": "sequential scan"})
    again = client.get("/search/rag", params={"q": "sequential scan"})
    assert (first.headers["x-cache"], again.headers["x-cache"]) == ("miss", "hit")
    assert first.content == again.content
    assert client.get("/search/rag", params={"q": "sequential scan", "role": "user"}).headers["x-cache"] == "miss"


def test_pages_are_followed_by_their_cursor(client: TestClient) -> None:
    seen: list[str] = []
    parameters = {"q": "dough query", "k": "2"}
    while True:
        page = client.get("/search/rag", params=parameters).json()
        seen += [hit["message_id"] for hit in page["contexts"]]
        if page["cursor"] is None:
            break
        parameters["cursor"] = page["cursor"]
    assert len(seen) == len(set(seen)) == 5


def test_the_time_of_each_stage_is_in_the_headers(client: TestClient) -> None:
    timing = client.get("/search/rag", params={"q": "flat"}).headers["server-timing"]
    assert {part.split(";")[0] for part in timing.split(", ")} >= {"lexical", "vector", "fuse", "fetch", "total"}


def test_explain_gives_what_each_leg_contributed(client: TestClient) -> None:
    plain = client.get("/search/rag", params={"q": "dough"}).json()
    explained = client.get("/search/rag", params={"q": "dough", "explain": "true"}).json()
    assert plain["contexts"][0]["legs"] == []
    best = explained["contexts"][0]
    assert sum(leg["contribution"] for leg in best["legs"]) == pytest.approx(best["score"], abs=1e-5)
    assert "lexical" in explained["plan"]


@pytest.mark.parametrize(
    ("parameters", "status", "title"),
    [
        ({}, 400, "the query is empty"),
        ({"q": "x", "k": "many"}, 400, "k is 'many'"),
        ({"q": "x", "k": "0"}, 400, "k is 0"),
        ({"q": "x", "mode": "psychic"}, 400, "mode is 'psychic'"),
        ({"q": "x", "kk": "1"}, 400, "there is no parameter 'kk'"),
        ({"q": "x", "after": "someday"}, 400, "'someday' is not a date"),
        ({"q": "x", "explain": "perhaps"}, 400, "explain is 'perhaps'"),
        ({"q": "x", "in": "c_nowhere"}, 404, "there is no conversation c_nowhere"),
        ({"q": "x", "cursor": "what"}, 400, "this is not a cursor"),
        ({"q": "x", "k": "nan"}, 400, "k is"),
    ],
)
def test_a_request_that_cannot_be_answered_is_a_problem_document(
    client: TestClient, parameters: dict[str, str], status: int, title: str
) -> None:
    answer = client.get("/search/rag", params=parameters)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"].startswith(title)


def test_health_says_which_generation_is_served(client: TestClient) -> None:
    told = client.get("/health").json()
    assert told == {"status": "ready", "generation": 1, "live": True, "ready": True}
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready", "generation": 1}
