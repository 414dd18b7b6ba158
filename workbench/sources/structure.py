"""What a file is, judged by its first bytes: never by its name, for ChatGPT, Claude and others share theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

HEAD = 256 << 10
"""How much of a file is looked at; Takeout's HTML begins with 140 kB of style sheets."""

_ELEMENTS = 50
# A string that breaks off at the end is a token too: else the search would begin anew at each quote within it.
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)("|\\?\Z)|[{}\[\],:]', re.DOTALL)
_MAGIC = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The outline of a file: `kind` is list, object, html, text, binary or empty; `keys` are those of its elements."""

    kind: str
    keys: frozenset[str] = frozenset()
    note: str = ""

    def __str__(self) -> str:
        if self.note:
            return self.note
        keys = ", ".join(f"'{key}'" for key in sorted(self.keys)[:8])
        more = ", …" if len(self.keys) > 8 else ""
        if self.kind == "object":
            return f"a JSON object with keys {keys}{more}" if keys else "an empty JSON object"
        if self.kind == "list":
            return f"a JSON list of objects with keys {keys}{more}" if keys else "a JSON list without objects"
        return {"html": "an HTML page", "empty": "an empty file", "binary": "binary data"}.get(self.kind, "plain text")


@lru_cache(maxsize=4)
def shape_of(head: bytes) -> Shape:
    """The outline of the file that begins with `head`."""
    for magic, note in _MAGIC.items():
        if head.startswith(magic):
            return Shape("binary", note=note)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\x00")
    if not start:
        return Shape("empty")
    if start[:1] in b"[{":
        return Shape("list" if start[:1] == b"[" else "object", _keys(start))
    if start[:1] == b"<":
        return Shape("html")
    return Shape("binary" if b"\x00" in start[:1024] else "text")


def _keys(start: bytes) -> frozenset[str]:
    """The keys of the first objects, read from a text that may break off anywhere."""
    level = 2 if start[:1] == b"[" else 1
    depth = elements = 0
    before = b""
    keys: set[str] = set()
    for token in _TOKEN.finditer(start):
        mark = token[0][:1]
        if mark == b'"':
            if depth == level and before in (b"{", b",") and token[2] == b'"':
                keys.add(token[1].decode("utf-8", "replace"))
            continue
        if mark in b"{[":
            depth += 1
            before = mark if mark == b"{" else b""
        elif mark in b"}]":
            depth -= 1
            before = b""
            elements += depth == level - 1
        else:
            before = mark
        if elements >= _ELEMENTS:
            break
    return frozenset(keys)
