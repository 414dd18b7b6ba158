"""Looking at, emptying and filling the caches, over HTTP and from the command line."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from building import claude_export
from click.testing import CliRunner, Result
from starlette.testclient import TestClient

from workbench.cli import main
from workbench.experiments.load.service import free_port
from workbench.http_api import ServiceOptions, create_app
from workbench.settings import Settings
from workbench.workspace import Workbench

CHATS = {"bread": ("My loaf came out flat", "Let the dough proof longer."), "sql": ("A slow query", "Add an index.")}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("caches")
    memory = Workbench(Settings(store=folder / "store", cache=cache, ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", CHATS))
    return folder / "store"


@pytest.fixture
def client(store: Path) -> Iterator[TestClient]:
    with TestClient(create_app(ServiceOptions(store))) as client:
        yield client


def test_the_statistics_count_what_was_asked(client: TestClient) -> None:
    for text in ("loaf", "loaf", "index"):
        client.get("/search/rag", params={"q": text})
    found = client.get("/api/v1/cache").json()
    assert {name: found["answers"][name] for name in ("hits", "misses", "ratio", "entries")} == {
        "hits": 1, "misses": 2, "ratio": 0.3333, "entries": 2,
    }  # fmt: skip
    assert found["answers"]["bytes"] == sum(
        len(client.get("/search/rag", params={"q": text}).content) for text in ("loaf", "index")
    )
    assert found["vectors"]["entries"] == 3  # and the warm-up
    assert found["shared"] is None


def test_a_cleared_cache_is_empty_and_other_kinds_stay(client: TestClient) -> None:
    client.get("/search/rag", params={"q": "loaf"})
    done = client.delete("/api/v1/cache/answers").json()
    assert done == {"cleared": {"answers": {"local": 1, "shared": None}}, "workers": "all workers"}
    found = client.get("/api/v1/cache").json()
    assert (found["answers"]["entries"], found["vectors"]["entries"]) == (0, 2)
    assert client.get("/search/rag", params={"q": "loaf"}).headers["x-cache"] == "miss"
    done = client.delete("/api/v1/cache").json()
    assert {kind: one["local"] for kind, one in done["cleared"].items()} == {"answers": 1, "vectors": 2}


def test_a_kind_that_is_none_is_refused(client: TestClient) -> None:
    assert 400 <= client.delete("/api/v1/cache/everything").status_code < 500


def test_a_warm_answer_is_there_at_the_first_request(client: TestClient) -> None:
    queries = ["flat loaf", "q=slow+query&k=3", "flat loaf", "in:c_nowhere bread"]
    done = client.post("/api/v1/cache/warm", json={"queries": queries}).json()
    assert (done["searched"], done["kept_already"]) == (2, 0)
    assert [one["query"] for one in done["failed"]] == ["q=in%3Ac_nowhere+bread"]
    assert "c_nowhere" in done["failed"][0]["why"]
    assert done["workers"] == "this worker only"
    assert client.get("/search/rag?q=flat+loaf").headers["x-cache"] == "hit"
    assert client.get("/search/rag?q=slow+query&k=3").headers["x-cache"] == "hit"
    again = client.post("/api/v1/cache/warm", json={"queries": queries[:2]}).json()
    assert (again["searched"], again["kept_already"]) == (0, 2)


def test_what_was_asked_last_is_warmed_for_a_new_generation(tmp_path: Path, cache: Path) -> None:
    memory = Workbench(Settings(store=tmp_path / "store", cache=cache, ray="off"))
    memory.ingest(claude_export(tmp_path / "one.json", CHATS))
    with TestClient(create_app(ServiceOptions(tmp_path / "store"))) as client:
        for text in ("loaf", "index"):
            client.get("/search/rag", params={"q": text})
        memory.ingest(claude_export(tmp_path / "two.json", {"tea": ("Which tea?", "Green tea.")}))
        deadline = time.monotonic() + 20
        while client.get("/health").json()["generation"] != 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        done = client.post("/api/v1/cache/warm", json={"recent": True, "limit": 1}).json()
        assert done["searched"] == 1
        answer = client.get("/search/rag", params={"q": "index"})
        assert (answer.headers["x-cache"], answer.json()["generation"]) == ("hit", 2)
        assert client.get("/search/rag", params={"q": "loaf"}).headers["x-cache"] == "miss"


@pytest.mark.parametrize(
    "body", [{}, {"queries": ["x"], "recent": True}, {"queries": ["x"] * 1001}, {"queries": [""]}, {"recent": 7}]
)
def test_a_warm_up_that_makes_no_sense_is_refused(client: TestClient, body: dict[str, object]) -> None:
    assert 400 <= client.post("/api/v1/cache/warm", json=body).status_code < 500


def test_the_paths_are_described(store: Path) -> None:
    with TestClient(create_app(ServiceOptions(store))) as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert {"/api/v1/cache", "/api/v1/cache/{kind}", "/api/v1/cache/warm"} <= set(paths)
    examples = paths["/api/v1/cache/warm"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert {"queries": ["bread that did not rise", "q=index+scan&k=20"]} in [one["value"] for one in examples.values()]


@pytest.fixture(scope="module")
def url(store: Path) -> Iterator[str]:
    """A service that listens."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(ServiceOptions(store)), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def cache_verb(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["cache", *arguments])


def test_the_command_line_warms_shows_and_clears(url: str, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("flat loaf\n\nslow query\n", encoding="utf-8")
    warmed = cache_verb("warm", "dough", "--file", str(queries), "--url", url, "--json")
    assert json.loads(warmed.output)["searched"] == 3
    shown = json.loads(cache_verb("stats", "--url", url, "--json").output)
    assert shown["answers"]["entries"] == 3
    assert "answers" in cache_verb("stats", "--url", url).output
    assert cache_verb("warm", "--recent", "--url", url).output.startswith("0 searched, 3 were kept already")
    assert "answers: 3 entries" in cache_verb("clear", "answers", "--url", url).output
    assert json.loads(cache_verb("clear", "--url", url, "--json").output)["cleared"]["answers"]["local"] == 0
    refused = cache_verb("warm", "in:c_nowhere bread", "--url", url)
    assert (refused.exit_code, "c_nowhere" in refused.output) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("stats", "--url", "nowhere"), 2, "is not the URL of a service"),
        (("warm",), 2, "it is not said what to search for"),
        (("warm", "x", "--recent"), 2, "it is not said what to search for"),
    ],
)
def test_the_command_line_says_what_is_wrong(arguments: tuple[str, ...], status: int, said: str) -> None:
    found = cache_verb(*arguments)
    assert found.exit_code == status
    assert said in found.output


def test_without_a_service_the_command_line_says_how_to_start_one() -> None:
    found = cache_verb("stats", "--url", f"http://127.0.0.1:{free_port()}")
    assert found.exit_code == 1
    assert "workbench serve" in found.output
