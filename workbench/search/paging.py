"""Pages of a result: where one ends and the next begins.

The first page ranks a few hundred candidates. Who pages beyond them gets those of the next depth that no page before
could hold: the sequence is the same however it is cut into pages, and no message comes twice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from workbench.errors import QueryError
from workbench.model import Query

DEPTHS = (1, 10, 100)  # by how much the lists of the legs grow


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: at `offset` among what `depth` adds. `previous` hits came before.

    All pages of an answer are about the memories up to sequence `as_of`, however many come meanwhile; None on the first
    page, which decides it.
    """

    depth: int = 0
    offset: int = 0
    previous: int = 0
    as_of: int | None = None


def encode(place: Place, query: Query, generation: int) -> str:
    """The cursor that continues `query` at `place`: opaque, safe in a URL."""
    raw = json.dumps([generation, _digest(query), place.depth, place.offset, place.previous, place.as_of]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(query: Query, generation: int) -> Place:
    """Where the cursor of `query` points.

    Raises:
        QueryError: It is not a cursor, belongs to another query, or the store has changed since.
    """
    if query.cursor is None:
        return Place()
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        made_at, digest, depth, offset, previous, as_of = json.loads(base64.urlsafe_b64decode(padded))
        place = Place(int(depth), int(offset), int(previous), None if as_of is None else int(as_of))
        if not (0 <= place.depth < len(DEPTHS) and place.offset >= 0 and place.previous >= 0):
            raise ValueError("out of range")
    except (ValueError, TypeError, binascii.Error):
        raise QueryError("this is not a cursor", "", "give the `cursor` of the page before, unchanged") from None
    if made_at != generation:
        raise QueryError(
            f"the store has changed since the page before (generation {made_at}, now {generation})",
            "pages of two generations do not fit together",
            "search again from the first page",
        )
    if digest != _digest(query):
        raise QueryError("this cursor belongs to another query", "", "repeat the query that gave it, unchanged")
    return place


def _digest(query: Query) -> str:
    """Identifies what decides the order of hits; the size of a page does not."""
    decides = (query.text, query.alpha, query.filters, query.thread_context, query.by_conversation, query.plain)
    return hashlib.blake2b(repr(decides).encode("utf-8", "replace"), digest_size=6).hexdigest()
