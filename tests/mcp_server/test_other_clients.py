"""What others wrote to look at MCP servers: the inspector's command line, and the conformance scenarios.

Nothing is downloaded here. Where npx or the packages are not there, these tests are skipped, saying so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clients import http_server, stdio_command

pytestmark = pytest.mark.slow

# Both packages need node 22, which comes with them as a package.
PACKAGES = ("node@22", "@modelcontextprotocol/conformance@0.1.16", "@modelcontextprotocol/inspector@2.12.0")
SCENARIOS = ("server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection")


@pytest.fixture(scope="module")
def npx(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """How a program of PACKAGES is run from what npm has kept."""
    wanted = [part for package in PACKAGES for part in ("-p", package)]
    command = ["npx", "--offline", "--yes", *wanted]
    if shutil.which("npx") is None or run([*command, "node", "--version"], tmp_path_factory.mktemp("npx")).returncode:
        pytest.skip(f"npx or its packages are not there; `npx --yes {' '.join(wanted)} node --version` fetches them")
    return command


@pytest.fixture(scope="module")
def address(store: Path) -> Iterator[str]:
    with http_server(store) as found:
        yield found


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    quiet = os.environ | {"npm_config_update_notifier": "false", "npm_config_fund": "false"}
    return subprocess.run(command, cwd=folder, env=quiet, capture_output=True, text=True, timeout=120, check=False)


def inspected(npx: list[str], folder: Path, target: list[str], *options: str) -> dict[str, Any]:
    done = run([*npx, "mcp-inspector", "--cli", *target, *options], folder)
    assert done.returncode == 0, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_the_inspector_lists_calls_and_reads(
    npx: list[str], tmp_path: Path, store: Path, address: str, transport: str
) -> None:
    target = stdio_command(store) if transport == "stdio" else [address, "--transport", "http"]
    listed = inspected(npx, tmp_path, target, "--method", "tools/list", "--strict")  # strict: schemas are portable
    assert len(listed["tools"]) == 6
    call = ("--method", "tools/call", "--tool-name")
    found = inspected(npx, tmp_path, target, *call, "search", "--tool-arg", "query=dense loaf", "k=2")
    best = found["structuredContent"]["results"][0]
    assert best["title"] == "bread"
    fetched = inspected(npx, tmp_path, target, *call, "fetch", "--tool-arg", f"id={best['id']}")
    assert fetched["structuredContent"]["title"] == "bread"
    resources = inspected(npx, tmp_path, target, "--method", "resources/list")["resources"]
    content = inspected(npx, tmp_path, target, "--method", "resources/read", "--uri", resources[0]["uri"])
    assert resources[0]["name"] in content["contents"][0]["text"]
    filled = inspected(
        npx, tmp_path, target, "--method", "prompts/get", "--prompt-name", "what_do_i_know",
        "--prompt-args", "topic=bread",
    )  # fmt: skip
    assert "bread" in filled["messages"][0]["content"]["text"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_conformance_scenario_passes(npx: list[str], tmp_path: Path, address: str, scenario: str) -> None:
    done = run([*npx, "conformance", "server", "--url", address, "--scenario", scenario], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout
    assert "Passed: 0/" not in done.stdout
