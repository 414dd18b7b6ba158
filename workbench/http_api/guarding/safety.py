"""Who may ask, and how much a request may bring.

A service for one person listens on the machine itself only; still every page that the person visits can send requests
to it. So it is to be called by a name of its own (a page whose name is made to point here, "DNS rebinding", uses its
own), and a request that says which page it comes from must come from the service's own page. Nothing is allowed to
other origins (no CORS header is ever sent). Beyond the machine a token is asked for.

An address in place of a name is let through: no name was resolved, so none can have been rebound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import ip_address

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.http_api.guarding.exposure import LOOPBACK
from workbench.http_api.wire.problems import MEDIA_TYPE, problem_body

ANY = "*"
_HEALTH = "/health"
_PAGES = ("/", "/dashboard", "/page/")  # hold nothing of the store; the page asks the person for the token
_UPLOADS = "/api/v1/imports"
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:/@\[\]\s]+)(?::[0-9]{1,5})?", re.IGNORECASE)
_MOST_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    title: str
    detail: str = ""
    todo: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()


_NO_TOKEN = Refusal(
    401, "this service asks for a token", "", "send it as `Authorization: Bearer TOKEN`",
    ((b"www-authenticate", b'Bearer realm="workbench"'),),
)  # fmt: skip
_WRONG_TOKEN = Refusal(
    401, "the token is not the right one", "", "ask whoever runs the service",
    ((b"www-authenticate", b'Bearer realm="workbench", error="invalid_token"'),),
)  # fmt: skip
_FOREIGN = Refusal(
    403, "this comes from a page of another site", "the Origin header names it", "use the service's own page"
)
_UNCLEAR = Refusal(400, "it is not clear which service is asked", "there are several Host headers, or none")


class Gate:
    """Judges requests by their headers.

    `hosts` are the names that the Host header may have (None or "*" among them: any), besides addresses. `token` is
    what the Authorization header must show, "" for none.
    """

    def __init__(self, hosts: Iterable[str] | None, token: str) -> None:
        names = None if hosts is None else {host.lower().rstrip(".") for host in hosts}
        self._names = None if names is None or ANY in names else names
        self._foreign = (names or set()).difference(LOOPBACK, (ANY,))
        self._token = token.encode()
        self._judged: dict[bytes, bool] = {}

    def refusal(self, scope: Scope) -> Refusal | None:
        """Why this request is not to be answered, None if it is."""
        path: str = scope["path"]
        host = origin = shown = None
        for name, value in scope["headers"]:
            if name == b"host":
                if host is not None:
                    return _UNCLEAR
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"authorization":
                shown = value
        if path.startswith(_HEALTH):
            return None
        if self._names is not None:
            if host is None:
                return _UNCLEAR
            if not self._is_ours(host):
                return _misdirected(host)
        if origin is not None and not self._is_own(origin, host):
            return _FOREIGN
        if self._token and not path.startswith(_PAGES[2]) and path not in _PAGES:
            return self._judge_token(shown)
        return None

    def _is_ours(self, host: bytes) -> bool:
        known = self._judged.get(host)
        if known is None:
            known = self._names is None or _name_of(host) in self._names or _is_address(_name_of(host))
            if len(self._judged) < _MOST_REMEMBERED:
                self._judged[host] = known
        return known

    def _is_own(self, origin: bytes, host: bytes | None) -> bool:
        """Whether a page from `origin` is the service's own: the same host and port, or a name given for it."""
        scheme, _, place = origin.lower().partition(b"://")
        if scheme not in (b"http", b"https") or not place:
            return False
        return place == (host or b"").lower() or _name_of(place) in self._foreign

    def _judge_token(self, shown: bytes | None) -> Refusal | None:
        if not shown:
            return _NO_TOKEN
        scheme, _, token = shown.partition(b" ")
        if scheme.lower() != b"bearer":
            return _NO_TOKEN
        return None if compare_digest(token.strip(), self._token) else _WRONG_TOKEN


class Bounded:
    """Lets requests through whose body is no longer than it may be; `most` bytes, for uploads `most_uploaded`."""

    def __init__(self, app: ASGIApp, most: int, most_uploaded: int) -> None:
        self._app, self._most, self._most_uploaded = app, most, most_uploaded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Part of ASGI."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        most = self._most_uploaded if scope["path"].rstrip("/") == _UPLOADS else self._most
        if _declared(scope) > most:
            await refuse(_too_long(most), send)
            return
        counted = _Counted(receive, send, most)
        try:
            await self._app(scope, counted.receive, counted.send)
        except HTTPException:
            if not counted.over or counted.begun:
                raise
            await refuse(_too_long(most), send)


class _Counted:
    """A request whose body is counted as it comes. When it is too long that is answered, whatever else would be."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._most = receive, send, most
        self._left = most
        self.begun = self.over = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.over = True
            raise HTTPException(413)
        return message

    async def send(self, message: Message) -> None:
        if not self.over:
            self.begun = True
            await self._send(message)
        elif not self.begun:
            self.begun = True
            await refuse(_too_long(self._most), self._send)


async def refuse(refusal: Refusal, send: Send) -> None:
    """Answer with a problem."""
    body = problem_body(refusal.status, refusal.title, refusal.detail, refusal.todo)
    head = [
        (b"content-type", MEDIA_TYPE.encode()), (b"content-length", b"%d" % len(body)), *refusal.headers
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": refusal.status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def _name_of(host: bytes) -> str:
    """The name in a Host header, without port; empty if it is not one."""
    found = _HOST.fullmatch(host.decode("latin-1"))
    return found[1].strip("[]").lower().rstrip(".") if found else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _misdirected(host: bytes) -> Refusal:
    said = host.decode("latin-1")[:100]
    todo = f"whoever runs it can allow it: --allowed-host {said}"
    return Refusal(421, f"{said} is not a name of this service", "", todo)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _too_long(most: int) -> Refusal:
    return Refusal(
        413, "the request is too long", f"at most {most:,} bytes are taken", "", ((b"connection", b"close"),)
    )  # fmt: skip
