"""Long results line by line."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from building import claude_export
from live_service import listening
from starlette.testclient import TestClient

from workbench.http_api import ServiceOptions
from workbench.http_api.routes import result_stream, streaming
from workbench.workspace import Workbench

PATH = "/api/v1/search/stream"


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def hits(parts: list[dict[str, Any]]) -> list[str]:
    return [part["hit"]["message_id"] for part in parts if part["type"] == "hit"]


def test_a_stream_has_all_hits_in_the_order_of_the_search(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_stream, "PAGE", 20)
    answer = api.get(PATH, params={"q": "how to"})
    parts = lines(answer.text)
    searched = api.get("/search/rag", params={"q": "how to", "k": "1000"}).json()
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [part["type"] for part in parts] == ["meta", *["hit"] * len(searched["contexts"]), "end"]
    assert hits(parts) == [hit["message_id"] for hit in searched["contexts"]]
    assert [part["hit"]["rank"] for part in parts[1:-1]] == list(range(1, len(parts) - 1))
    assert parts[-1]["pages"] > 5
    assert parts[-1]["cursor"] is None


def test_a_stream_ends_at_its_limit_and_goes_on_from_its_cursor(api: TestClient) -> None:
    whole = hits(lines(api.get(PATH, params={"q": "bread water"}).text))
    first = lines(api.get(PATH, params={"q": "bread water", "limit": "5"}).text)
    rest = lines(api.get(PATH, params={"q": "bread water", "cursor": first[-1]["cursor"]}).text)
    assert first[-1]["hits"] == 5
    assert hits(first) + hits(rest) == whole


def test_events_say_the_same_as_lines(api: TestClient) -> None:
    parameters = {"q": "bread", "limit": "3"}
    answer = api.get(PATH, params=parameters, headers={"Accept": "text/event-stream"})
    events = [event.split("\n") for event in answer.text.removesuffix("\n\n").split("\n\n")]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [json.loads(data.removeprefix("data: ")) for _, data in events] == lines(
        api.get(PATH, params=parameters).text
    )
    assert [name for name, _ in events] == ["event: meta", *["event: hit"] * 3, "event: end"]


@pytest.mark.parametrize(
    ("parameters", "status"),
    [({}, 400), ({"q": "x", "limit": "0"}, 400), ({"q": "x", "k": "3"}, 400), ({"q": "x", "in": "c_nowhere"}, 404)],
)
def test_what_cannot_be_searched_is_a_problem_and_no_stream(
    api: TestClient, parameters: dict[str, str], status: int
) -> None:  # fmt: skip
    answer = api.get(PATH, params=parameters)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_an_error_in_the_middle_is_the_last_line(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_stream, "PAGE", 20)
    monkeypatch.setattr("workbench.search.paging._digest", lambda query, k=[0]: k.append(0) or len(k))  # none fits
    parts = lines(api.get(PATH, params={"q": "how to"}).text)
    assert [part["type"] for part in parts[-2:]] == ["hit", "error"]
    assert parts[-1]["problem"]["title"] == "this cursor belongs to another query"
    assert parts[-1]["hits"] == 20


def test_no_more_than_so_many_are_streamed_at_once(api: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_stream, "MAX_STREAMS", 0)
    answer = api.get(PATH, params={"q": "bread"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def asked(port: int, target: str) -> socket.socket:
    """A connection over which `target` was asked for, and whose client reads nothing by itself."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return connection


@pytest.fixture(scope="module")
def long_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a result of some megabytes, more than sockets hold."""
    folder = tmp_path_factory.mktemp("long")
    chats = {f"chat {n}": [f"zebra {n} {m} " + "stripes in the grass " * 250 for m in range(10)] for n in range(90)}
    Workbench.open(folder / "store").ingest(claude_export(folder / "conversations.json", chats), ray="off")
    return folder / "store"


@pytest.mark.slow
def test_a_client_that_goes_away_ends_its_stream(long_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_stream, "MAX_STREAMS", 1)
    with listening(ServiceOptions(long_store)) as port:
        connection = asked(port, f"{PATH}?q=zebra&limit=900&timeout_ms=10000")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        refused = asked(port, f"{PATH}?q=zebra&limit=1")
        assert refused.recv(100).startswith(b"HTTP/1.1 429")
        refused.close()
        connection.close()
        deadline = time.monotonic() + 20
        while True:
            with asked(port, f"{PATH}?q=zebra&limit=1") as another:
                if another.recv(100).startswith(b"HTTP/1.1 200"):
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.slow
def test_a_stream_goes_on_with_its_generation_when_a_newer_one_is_published(long_store: Path) -> None:
    with listening(ServiceOptions(long_store)) as port:
        connection = asked(port, f"{PATH}?q=zebra&limit=900&timeout_ms=10000")
        text = connection.recv(4096)
        export = claude_export(long_store.parent / "more.json", {"one more": ("a zebra", "yes")})
        Workbench.open(long_store).ingest(export, ray="off")
        deadline = time.monotonic() + 20
        while b'"generation":1' in asked_once(port, "/health"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        while not text.endswith(b"0\r\n\r\n"):
            piece = connection.recv(1 << 20)
            assert piece
            text += piece
        connection.close()
    assert text.count(b'{"type":"hit"') == 900
    assert b'"type":"end","hits":900' in text


@pytest.mark.slow
def test_who_does_not_read_is_cut_off(long_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MAX_SECONDS", 0.5)
    with listening(ServiceOptions(long_store)) as port:
        connection = asked(port, f"{PATH}?q=zebra&limit=900&timeout_ms=10000")
        time.sleep(1.5)  # and nothing is read meanwhile
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        text = b""
        while piece := connection.recv(1 << 20):
            text += piece
        connection.close()
    assert b'"type":"meta"' in text
    assert b'"type":"end"' not in text


def asked_once(port: int, target: str) -> bytes:
    with asked(port, target) as connection:
        return connection.recv(10_000)
