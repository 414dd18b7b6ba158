"""The pages for people: `/` to search and read, `/dashboard` to see how the service does.

What is served is read once, when the routes are made, from a fixed list of names. No part of a request names a file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workbench.http_api.service import Service
from workbench.http_api.wire.etags import matches

_PAGES = {"/": "index.html", "/dashboard": "dashboard.html"}
_PARTS = (
    "base.css", "search.css", "reader.css", "dashboard.css", "icon.svg",
    "api.js", "chart.js", "dashboard.js", "dom.js", "facets.js", "keys.js", "main.js", "message.js", "names.js",
    "problem.js", "reader.js", "remember.js", "results.js", "start.js", "state.js", "theme.js", "thread.js", "token.js",
    "verdict.js", "words.js",
)  # fmt: skip
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOLDER = "page"
_HEADERS = {
    # Messages are hostile input: should one ever become markup, it may still run and load nothing.
    "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",  # asked for again each time, and answered 304: a new version shows at once
}


@dataclass(frozen=True, slots=True)
class _Asset:
    """One file as it is sent."""

    body: bytes
    media_type: str
    etag: str


def router(_: Service | None = None) -> APIRouter:
    """`/`, `/dashboard` and the parts of both, each a route of its own. They are no part of the API."""
    api = APIRouter()
    for path, name in _PAGES.items():
        api.routes.append(_route(path, _read(name)))
    for name in _PARTS:
        api.routes.append(_route(f"/{_FOLDER}/{name}", _read(name)))
    return api


def _read(name: str) -> _Asset:
    body = (files("workbench.http_api") / _FOLDER / name).read_bytes()
    return _Asset(body, _TYPES[name.rpartition(".")[2]], f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"')


def _route(path: str, asset: _Asset) -> Route:
    headers = {**_HEADERS, "etag": asset.etag}

    async def answer(request: Request) -> Response:
        if matches(request.headers.get("if-none-match", ""), asset.etag):
            return Response(status_code=304, headers=headers)
        return Response(asset.body, headers=headers, media_type=asset.media_type)

    return Route(path, answer, methods=["GET"])
