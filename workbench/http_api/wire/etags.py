"""Entity tags: an answer that a client has already is not sent again.

A tag names the program's version, that of the store, and the request; for a search also the day, since "last month"
means something else tomorrow. So a client can only have the tag of a request that was answered, and where it still
fits nothing needs to be looked up.
"""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache

from workbench.version import VERSION


def etag(version: str, made: str, target: bytes, *, dated: bool = False) -> str:
    """The weak tag of the answer to `target` (path and query string) at `version`.

    `made` says when that generation was: where a backup was restored, two may have the same number.
    """
    return _tag(version, made, date.today() if dated else None, target)


@lru_cache(4096)  # popular searches are asked for again and again
def _tag(version: str, made: str, day: date | None, target: bytes) -> str:
    told = f"{VERSION} {made} {day or ''} ".encode() + target
    return f'W/"{version}-{hashlib.blake2b(told, digest_size=6).hexdigest()}"'


def matches(tags: str, tag: str) -> bool:
    """Whether the header If-None-Match names `tag`; compared weakly (RFC 9110, 13.1.2)."""
    wanted = tag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") == wanted for one in tags.split(","))
