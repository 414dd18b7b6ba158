"""Talking to the MCP server: in this process, over stdio, over HTTP."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters, types

from workbench.experiments.load.service import free_port
from workbench.mcp_server.host import Host
from workbench.mcp_server.lending import Lender
from workbench.mcp_server.server import create_server
from workbench.settings import Settings

Value = TypeVar("Value")
Work = Callable[[Client], Awaitable[Value]]


@dataclass(frozen=True, slots=True)
class Asker:
    """A client whose server is in this process, on an event loop of its own thread."""

    portal: BlockingPortal
    client: Client

    def run(self, work: Work[Value]) -> Value:
        """What `work` makes of the client."""
        return self.portal.call(work, self.client)

    def call(self, tool: str, /, **arguments: Any) -> types.CallToolResult:
        """The answer of one tool; the client checks it against the tool's schema."""
        return self.portal.call(self.client.call_tool, tool, arguments)

    def answer(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The structured answer of a tool that must succeed."""
        result = self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        assert result.structured_content is not None
        return result.structured_content

    def tools(self) -> list[types.Tool]:
        """The tools there are."""
        return self.portal.call(self.client.list_tools).tools


@contextmanager
def asking(store: Path, *, admin: bool = False) -> Iterator[Asker]:
    """A client of a server over `store`."""
    with start_blocking_portal() as portal:
        lender = portal.call(_lender, store)
        server = create_server(Host(lender.reading), admin=admin)
        with portal.wrap_async_context_manager(Client(server)) as client:
            portal.call(client.list_tools)  # so that it knows the schemas of their answers
            yield Asker(portal, client)
        lender.close()


async def _lender(store: Path) -> Lender:
    return Lender(Settings(store=store, ray="off"))


def over_stdio(store: Path, work: Work[Value], *options: str, mode: Any = "auto") -> Value:
    """What `work` makes of a client whose server is `workbench mcp`, a process of its own."""

    async def run() -> Value:
        command = StdioServerParameters(
            command=sys.executable, args=stdio_command(store, *options)[1:], cwd=store.parent
        )
        async with Client(command, mode=mode) as client:
            return await work(client)

    return anyio.run(run)


def stdio_command(store: Path, *options: str) -> list[str]:
    """How an assistant's program starts the server."""
    return [sys.executable, "-m", "workbench", "mcp", "--store", str(store), *options]


@contextmanager
def http_server(store: Path, *options: str) -> Iterator[str]:
    """The address of `workbench mcp --http`, a process of its own."""
    port = free_port()
    command = stdio_command(store, "--http", "--port", str(port), *options)
    process = subprocess.Popen(command, cwd=store.parent, stderr=subprocess.PIPE)
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server has ended"
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
        except urllib.error.HTTPError:
            return  # 404: it answers
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


def over_http(address: str, work: Work[Value], *, mode: Any = "auto") -> Value:
    """What `work` makes of a client of the server at `address`."""

    async def run() -> Value:
        async with Client(address, mode=mode) as client:
            return await work(client)

    return anyio.run(run)


def text_of(result: types.CallToolResult) -> str:
    """What a model reads of an answer."""
    [block] = result.content
    assert isinstance(block, types.TextContent)
    return block.text
