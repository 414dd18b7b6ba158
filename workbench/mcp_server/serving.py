"""Running the server: over stdio for one client, over streamable HTTP for many."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import anyio
import uvicorn
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from workbench.errors import UsageError
from workbench.mcp_server.host import Cached, Host, nothing_more, query_vectors
from workbench.mcp_server.lending import Lender
from workbench.mcp_server.server import create_server
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.workspace import Workbench

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MOST_BODY_BYTES = 256 * 1024


class HttpApp:
    """An ASGI application that answers MCP requests, whatever their path. It answers while `running` is entered.

    Stateless: every request stands for itself, so any worker process can answer it. There is no stream of messages from
    the server to open (GET) and no session to end (DELETE): such requests get 405, as the specification has it.
    """

    def __init__(self, server: Server[Any], security: TransportSecuritySettings) -> None:
        self._server = server
        self._security = security
        self._sessions: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """To be entered in the lifespan of the application that it is mounted in."""
        sessions = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, security_settings=self._security,
            max_request_body_size=_MOST_BODY_BYTES,
        )  # fmt: skip
        async with sessions.run():
            self._sessions = sessions
            try:
                yield
            finally:
                self._sessions = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._sessions is None:
            raise RuntimeError("HttpApp answers only while `running` is entered")
        if scope["method"] != "POST":
            await Response("only POST is answered here", 405, {"allow": "POST"})(scope, receive, send)
            return
        await self._sessions.handle_request(scope, receive, send)


def http_app(
    reading: Callable[[], AbstractContextManager[Workbench]],
    *,
    admin: bool = False,
    allowed_hosts: Sequence[str] | None = (),
    allowed_origins: Sequence[str] = (),
    caches: Callable[[Workbench], Mapping[str, Cached]] = query_vectors,
    performance: Callable[[], Mapping[str, Any]] = nothing_more,
) -> HttpApp:
    """The MCP server for an application that has the store open already.

    `reading` gives a `Workbench` that stays open until its block ends; it is entered in the event loop, and used in a
    worker thread. `allowed_hosts` are the names besides those of this machine (loopback) that the Host header may say,
    with any port, and whose pages may ask; None leaves that to the application. `allowed_origins` are further origins
    whose pages may ask, as browsers write them.
    """

    @asynccontextmanager
    async def lent() -> AsyncIterator[Workbench]:
        with reading() as memory:
            yield memory

    server = create_server(Host(lent, caches, performance), admin=admin)
    return HttpApp(server, _security(allowed_hosts, allowed_origins))


def serve_stdio(settings: Settings, *, admin: bool = False) -> None:
    """Serve one client over standard input and output until it closes them."""

    async def run() -> None:
        lender = Lender(settings)
        server = create_server(Host(lender.reading), admin=admin)
        async with stdio_server() as (requests, answers):
            await server.run(requests, answers, server.create_initialization_options())
        lender.close()

    anyio.run(run)


def serve_http(
    settings: Settings,
    *,
    host: str,
    port: int,
    admin: bool = False,
    listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve `http://host:port/mcp` until stopped. `listening` is called once connections are taken.

    Raises:
        UsageError: The address cannot be listened on; or it is not of this machine alone: nobody is asked for a token.
    """
    if not _is_loopback(host):
        raise UsageError(
            f"{host} can be reached from other machines", "`workbench mcp --http` asks nobody for a token",
            "use `workbench serve`, which answers at /mcp too and has --token",
        )  # fmt: skip
    lender = Lender(settings)
    app = HttpApp(create_server(Host(lender.reading), admin=admin), _security((), ()))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with app.running():
            yield
        lender.close()

    with _listener(host, port) as listener:
        listening()
        routed = Starlette(routes=[Route(PATH, app)], lifespan=lifespan)
        config = uvicorn.Config(routed, access_log=False, log_level="warning", ws="none", proxy_headers=False)
        uvicorn.Server(config).run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(f"{host}:{port} cannot be listened on", str(error), "choose another with --port") from None


def _security(hosts: Sequence[str] | None, origins: Sequence[str]) -> TransportSecuritySettings:
    """What Host and Origin may say, so that a web page cannot reach the server by a name that it points here."""
    if hosts is None:
        return TransportSecuritySettings(enable_dns_rebinding_protection=False)
    named = [name + port for name in (*_LOOPBACK, *hosts) for port in ("", ":*")]
    pages = [f"{scheme}://{name}" for scheme in ("http", "https") for name in named]
    return TransportSecuritySettings(allowed_hosts=named, allowed_origins=[*pages, *origins])


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
