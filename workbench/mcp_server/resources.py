"""Conversations as resources: any by its address, the latest listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp import types

from workbench.mcp_server.answers import NOTICE
from workbench.mcp_server.budget import MOST_BYTES, beginning, clipped, json_bytes
from workbench.mcp_server.documents import SCHEME, place_in, read_document, title_of, visible

if TYPE_CHECKING:
    from workbench.workspace import Workbench

_LISTED = 30
_LATEST = """
    SELECT id, assistant, title, coalesce(updated_at, created_at) AS latest FROM conversations
    ORDER BY latest DESC NULLS LAST, id LIMIT ?"""
_MIME = "text/plain"
_ADDRESS_BYTES = 200

TEMPLATES = [
    types.ResourceTemplate(
        name="conversation", title="Conversation", uri_template=f"{SCHEME}conversation/{{id}}", mime_type=_MIME,
        description="A conversation as text. A long one ends with the address of its next part.",
    ),
    types.ResourceTemplate(
        name="message", title="Message", uri_template=f"{SCHEME}message/{{id}}", mime_type=_MIME,
        description="One message as text, by the id that search gives.",
    ),
]  # fmt: skip


def latest(memory: Workbench) -> list[types.Resource]:
    """The conversations that were last talked in."""
    from workbench.record import from_stored

    with memory.snapshot.catalog.cursor() as cursor:
        rows = cursor.rows(_LATEST, [_LISTED])
    listed = []
    for identifier, assistant, title, at in rows:
        when = from_stored(at)
        listed.append(
            types.Resource(
                uri=f"{SCHEME}conversation/{identifier}",
                name=title_of(title),
                description=f"{assistant}, {when:%Y-%m-%d}" if when else assistant,
                mime_type=_MIME,
                annotations=types.Annotations(last_modified=when.isoformat()) if when else None,
            )
        )
    return listed


def read(memory: Workbench, uri: str) -> types.TextResourceContents:
    """The text behind an address of this server, or the part of it that may be given at once.

    Raises:
        NotFoundError: There is nothing at that address.
    """
    identifier, start = place_in(uri)
    found = read_document(memory, identifier)
    facts = ", ".join(f"{name} {value}" for name, value in found.facts.items())
    head = f"{found.title}\n{facts}\n{clipped(found.url, _ADDRESS_BYTES)}\n{NOTICE}\n\n"
    text = beginning(found.text, start, MOST_BYTES - json_bytes(head) - len(uri.encode()) - 2 * _ADDRESS_BYTES)
    end = start + len(text)
    if end < len(found.text):
        kind = "conversation" if found.id.startswith("c_") else "message"
        text += f"\n\n[goes on at {SCHEME}{kind}/{found.id}:{end}]"
    return types.TextResourceContents(uri=uri, mime_type=_MIME, text=head + visible(text))
