"""The MCP server of the service, under /mcp."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building import claude_export
from starlette.testclient import TestClient

from workbench.http_api import ServiceOptions, create_app
from workbench.settings import Settings
from workbench.workspace import Workbench

TOKEN = "a-long-and-random-token"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("mounted")
    memory = Workbench(Settings(store=folder / "store", cache=cache, ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", {"bread": ("My loaf is flat", "Proof it longer.")}))
    app = create_app(ServiceOptions(folder / "store", token=TOKEN, hosts=("localhost", "memory.example")))
    with TestClient(app, base_url="http://memory.example") as client:
        yield client


def call(client: TestClient, method: str, **parameters: Any) -> dict[str, Any]:
    """One request of MCP, which stands for itself."""
    headers = {"authorization": f"Bearer {TOKEN}", "accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    answer = client.post("/mcp", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["result"]
    return found


def test_tools_work_on_the_services_own_memory(client: TestClient) -> None:
    assert {tool["name"] for tool in call(client, "tools/list")["tools"]} >= {"search", "fetch", "recall", "remember"}
    found = call(client, "tools/call", name="search", arguments={"query": "flat loaf"})
    assert "bread" in str(found["structuredContent"])


def test_it_asks_for_the_token_and_a_name_as_all_else_does(client: TestClient) -> None:
    assert client.post("/mcp", json={}).status_code == 401
    shown = {"authorization": f"Bearer {TOKEN}"}
    assert client.post("/mcp", json={}, headers={**shown, "host": "evil.example"}).status_code == 421
    assert client.post("/mcp", json={}, headers={**shown, "origin": "http://evil.example"}).status_code == 403


def test_it_is_no_part_of_the_http_api(client: TestClient) -> None:
    paths = client.get("/openapi.json", headers={"authorization": f"Bearer {TOKEN}"}).json()["paths"]
    assert "/mcp" not in paths


def test_it_is_not_loaded_before_it_is_asked_for() -> None:
    import subprocess

    told = "import sys, workbench.http_api.running.worker; print('mcp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
