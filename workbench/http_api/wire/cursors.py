"""Cursors of lists: where the page before ended, in words of the list's own order.

They hold across generations: a page goes on behind the entry that was the last, whatever has been added meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

from workbench.errors import QueryError


def encode(place: tuple[int | str, ...] | None, asked: Any) -> str | None:
    """The cursor that goes on behind `place` with the list `asked` for; None stays None."""
    if place is None:
        return None
    raw = json.dumps([_digest(asked), *place]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode(cursor: str | None, asked: Any, *kinds: type) -> tuple[Any, ...] | None:
    """The place that a cursor names, whose parts are of `kinds`; None stays None.

    Raises:
        QueryError: It is not a cursor, or belongs to another list.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        digest, *place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if [type(part) for part in place] != list(kinds):
            raise ValueError("not the parts of a place")
    except (ValueError, TypeError, binascii.Error):
        raise QueryError("this is not a cursor", "", "give the `cursor` of the page before, unchanged") from None
    if digest != _digest(asked):
        raise QueryError("this cursor belongs to another list", "", "repeat the request that gave it, unchanged")
    return tuple(place)


def _digest(asked: Any) -> str:
    return hashlib.blake2b(repr(asked).encode("utf-8", "replace"), digest_size=6).hexdigest()
