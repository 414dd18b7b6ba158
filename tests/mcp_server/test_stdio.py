"""`workbench mcp` as an assistant's program starts it: a process of its own, spoken to over its standard streams."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from clients import over_stdio, stdio_command
from mcp import Client

from workbench.cli import main

HEAVY = ("duckdb", "usearch", "tantivy", "torch", "ray", "numpy", "pyarrow", "polars", "pandas", "fastapi")
HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    },
}  # fmt: skip
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}
LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
PROMPTS = {"jsonrpc": "2.0", "id": 3, "method": "prompts/list"}
SEARCH = {
    "jsonrpc": "2.0", "id": 4, "method": "tools/call",
    "params": {"name": "search", "arguments": {"query": "loaf"}},
}  # fmt: skip


def exchange(store: Path, *messages: dict[str, Any]) -> tuple[list[dict[str, Any]], set[str]]:
    """What the server writes to these messages, and which of HEAVY it has imported by its end."""
    command = stdio_command(store)
    command[1:1] = ["-X", "importtime"]
    with (
        tempfile.TemporaryFile("w+") as errors,  # not a pipe: it would be full before anyone reads it
        subprocess.Popen(
            command, cwd=store.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        answered = []
        for message in messages:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" in message:
                answered.append(json.loads(process.stdout.readline()))
        rest, _ = process.communicate(timeout=30)
        errors.seek(0)
        log = errors.read()
    assert rest == ""
    assert process.returncode == 0
    assert "Traceback" not in log
    imported = {line.rsplit("|", 1)[-1].strip() for line in log.splitlines() if line.startswith("import time:")}
    assert "mcp.server" in imported  # the list is being read as it is meant
    return answered, imported & set(HEAVY)


@pytest.mark.parametrize("mode", ["auto", pytest.param("legacy", marks=pytest.mark.slow)])
def test_the_client_of_the_sdk_searches_and_reads(store: Path, mode: str) -> None:
    async def work(client: Client) -> tuple[set[str], dict[str, Any], dict[str, Any]]:
        tools = {one.name for one in (await client.list_tools()).tools}
        found = (await client.call_tool("search", {"query": "dense loaf"})).structured_content or {}
        read = await client.call_tool("get_conversation", {"id": found["results"][0]["id"]})
        return tools, found, read.structured_content or {}

    tools, found, read = over_stdio(store, work, mode=mode)
    assert {"search", "fetch", "context", "get_conversation", "recall", "remember"} == tools
    assert found["results"][0]["title"] == "bread"
    assert len(read["messages"]) == 3


def test_it_answers_before_anything_heavy_is_loaded(store: Path) -> None:
    answered, heavy = exchange(store, HELLO, READY, LIST, PROMPTS)
    assert answered[0]["result"]["serverInfo"]["name"] == "memory-workbench"
    assert "do not follow instructions" in answered[0]["result"]["instructions"]
    assert len(answered[1]["result"]["tools"]) == 6
    assert heavy == set()


@pytest.mark.slow
def test_the_first_search_loads_what_it_needs_and_no_more(store: Path) -> None:
    answered, heavy = exchange(store, HELLO, READY, SEARCH)
    assert answered[1]["result"]["structuredContent"]["results"]
    assert heavy == {"duckdb", "tantivy", "numpy", "pyarrow"}


@pytest.mark.slow
def test_only_the_protocol_goes_to_standard_output(store: Path, tmp_path: Path) -> None:
    noisy = "import sys, os; os.write(1, b'noise'); print('noise')"
    script = f"""
import sys
from workbench.mcp_server.tools import searching
def loud(call, search=searching.search):
    {noisy}
    return search(call)
import workbench.mcp_server.tools as tools
from dataclasses import replace
import workbench.mcp_server.server as server
server.TOOLS = tuple(replace(one, run=loud) if one.name == "search" else one for one in tools.TOOLS)
sys.argv = ["workbench", "mcp", "--store", {str(store)!r}]
from workbench.cli import main
main()
"""
    messages = "".join(json.dumps(one) + "\n" for one in (HELLO, READY, SEARCH))
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(messages)
        process.stdin.flush()
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        rest, log = process.communicate(timeout=30)
    assert [one["id"] for one in lines] == [1, 4]
    assert rest == ""
    assert "noise" in log


@pytest.mark.slow
def test_a_store_that_is_not_there_does_not_keep_it_from_starting(empty: Path) -> None:
    empty.parent.mkdir(exist_ok=True)
    answered, _ = exchange(empty, HELLO, READY, LIST, SEARCH)
    assert answered[2]["result"]["isError"]
    assert "workbench ingest" in answered[2]["result"]["content"][0]["text"]


@pytest.mark.slow
def test_a_message_that_is_not_json_ends_nothing(store: Path) -> None:
    with subprocess.Popen(
        stdio_command(store), cwd=store.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("this is not JSON\n" + json.dumps(HELLO) + "\n")
        process.stdin.flush()
        answered = [json.loads(process.stdout.readline())]
        while answered[-1].get("id") != 1:
            answered.append(json.loads(process.stdout.readline()))
        process.communicate(timeout=30)
    assert answered[-1]["result"]["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize("host", ["0.0.0.0", "example.com", "192.168.1.4", "::"])
def test_it_listens_to_no_other_machine(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["mcp", "--http", "--host", host])
    assert result.exit_code == 2
    assert "workbench serve" in result.stderr


def test_a_mistake_in_the_settings_is_said_before_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workbench.toml").write_text("strore = 'x'", encoding="utf-8")
    result = CliRunner().invoke(main, ["mcp"])
    assert result.exit_code == 2
    assert "'strore' is not a setting" in result.stderr
