"""The server over streamable HTTP: `workbench mcp --http`, and within an application that has the store open."""

from __future__ import annotations

import json
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from clients import http_server, over_http, stdio_command
from mcp import Client
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from workbench.mcp_server import HttpApp, http_app
from workbench.settings import Settings
from workbench.workspace import Workbench

HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture(scope="module")
def address(store: Path) -> Iterator[str]:
    with http_server(store, "--admin") as found:
        yield found


def post(address: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(address, body, HEADERS | headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_client_of_the_sdk_searches_and_reads(address: str, mode: str) -> None:
    async def work(client: Client) -> tuple[set[str], dict[str, Any], int]:
        tools = {one.name for one in (await client.list_tools()).tools}
        found = (await client.call_tool("search", {"query": "dense loaf"})).structured_content or {}
        resources = (await client.list_resources()).resources
        return tools, found, len(resources)

    tools, found, resources = over_http(address, work, mode=mode)
    assert {"search", "fetch", "cache_statistics"} <= tools
    assert found["results"][0]["title"] == "bread"
    assert resources == 3


def test_many_clients_at_once_are_each_answered(address: str) -> None:
    async def one(query: str, found: dict[str, str]) -> None:
        async with Client(address) as client:
            result = await client.call_tool("search", {"query": query})
            found[query] = (result.structured_content or {})["results"][0]["title"]

    async def all_of_them() -> dict[str, str]:
        found: dict[str, str] = {}
        async with anyio.create_task_group() as group:
            for query in ("dense loaf", "sequential scan", "green tea") * 4:
                group.start_soon(one, query, found)
        return found

    assert anyio.run(all_of_them) == {"dense loaf": "bread", "sequential scan": "sql", "green tea": "tea"}


def test_answers_are_plain_json_and_no_session_is_needed(address: str) -> None:
    status, body = post(address, json.dumps(LIST).encode())
    assert status == 200
    assert json.loads(body)["result"]["tools"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1.evil.example:80"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:3000"}, 200),
        ({"content-type": "text/plain"}, 400),
    ],
)
def test_a_page_of_another_host_is_refused(address: str, headers: dict[str, str], status: int) -> None:
    assert post(address, json.dumps(LIST).encode(), **headers)[0] == status


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_there_is_no_stream_to_open_and_no_session_to_end(address: str, method: str) -> None:
    request = urllib.request.Request(address, headers=HEADERS, method=method)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)
    assert (refused.value.code, refused.value.headers["allow"]) == (405, "POST")


def test_a_body_that_is_too_large_or_no_json_is_refused(address: str) -> None:
    assert post(address, b" " * 300_000)[0] == 413
    status, body = post(address, b"{nonsense")
    assert status == 400
    assert b"Traceback" not in body


@pytest.mark.slow
def test_a_port_in_use_is_said(store: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            stdio_command(store, "--http", "--port", str(taken.getsockname()[1])),
            cwd=store.parent, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.endswith("Choose another with --port.\n")


class Lending:
    """An application that has the store open, and counts who reads."""

    def __init__(self, store: Path) -> None:
        self.memory = Workbench(Settings(store=store, ray="off"))
        self.readers = 0
        self.loans = 0

    @contextmanager
    def reading(self) -> Iterator[Workbench]:
        self.readers += 1
        self.loans += 1
        try:
            yield self.memory
        finally:
            self.readers -= 1


@contextmanager
def mounted(app: HttpApp, base: str) -> Iterator[TestClient]:
    """A client of an application that has `app` at /mcp."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with app.running():
            yield

    with TestClient(Starlette(routes=[Route("/mcp", app)], lifespan=lifespan), base_url=base) as client:
        yield client


def test_it_is_mounted_in_an_application_that_lends_it_the_store(store: Path) -> None:
    lending = Lending(store)
    app = http_app(
        lending.reading, admin=True, allowed_hosts=["memory.example"], performance=lambda: {"service": {"queue": 0}}
    )
    with mounted(app, "https://memory.example:8443") as client:

        def ask(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
            answered = client.post("/mcp", json=call, headers=HEADERS | {"origin": "https://memory.example:8443"})
            assert answered.headers["content-type"] == "application/json"
            found: dict[str, Any] = answered.json()["result"]["structuredContent"]
            return found

        assert ask("search", {"query": "dense loaf"})["results"][0]["title"] == "bread"
        assert ask("performance", {})["figures"]["service"] == {"queue": 0}
        assert client.post("/mcp", json=LIST, headers=HEADERS | {"host": "other.example"}).status_code == 421
    assert lending.loans == 2
    assert lending.readers == 0
    lending.memory.close()


def test_an_application_may_check_hosts_itself(store: Path) -> None:
    with mounted(http_app(Lending(store).reading, allowed_hosts=None), "https://anything.example") as client:
        assert client.post("/mcp", json=LIST, headers=HEADERS).status_code == 200


def test_it_can_be_started_again(store: Path) -> None:
    app = http_app(Lending(store).reading, allowed_hosts=["testserver"])
    for _ in range(2):
        with mounted(app, "http://testserver") as client:
            assert client.post("/mcp", json=LIST, headers=HEADERS).status_code == 200
