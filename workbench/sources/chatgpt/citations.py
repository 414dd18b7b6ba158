"""Citations in ChatGPT's answers: taken out of the text, kept as artifacts.

Since 2024 the text marks them with private-use characters: U+E200 opens, U+E202 separates tokens, U+E201 closes.
Before, they read 【12†source】.
"""

from __future__ import annotations

import re
from typing import Any

from workbench.model import ArtifactKind
from workbench.sources import fields
from workbench.sources.thread import Piece

_SPAN = re.compile(r"( ?)\ue200([^\ue200\ue201]{0,4000}?)\ue201")
_BARE = re.compile(r" ?\ue202turn\d+[a-z]+\d+")
_MARKS = re.compile(r"[\ue200-\ue206]")
_OLD = re.compile(r" ?【\d+(?::\d+)?†[^】]{0,200}】")


def without_markers(words: str, metadata: dict[str, Any]) -> str:
    """`words` as they are shown to a reader, without the markers of citations."""
    if _MARKS.search(words):
        words = _MARKS.sub("", _BARE.sub("", _SPAN.sub(_shown, words)))
    if "†" in words and fields.sequence(metadata.get("citations")):
        words = _OLD.sub("", words)
    return words


def _shown(span: re.Match[str]) -> str:
    """What a reader sees of one marked span: the name of an entity, nothing of a citation."""
    token, _, argument = span[2].partition("\ue202")
    if token != "entity":
        return ""
    try:
        named = [fields.text(item) for item in fields.sequence(fields.decode(argument.encode()))]
    except ValueError:
        return span[1] + argument
    return span[1] + (named[1] if len(named) > 1 else "".join(named))


def citations(metadata: dict[str, Any]) -> list[Piece]:
    """What the message cites, each address once."""
    pieces: dict[str, Piece] = {}
    for citation in fields.objects(metadata.get("citations")):
        about = fields.mapping(citation.get("metadata"))
        extra = fields.mapping(about.get("extra"))
        quoted = fields.text(about.get("text")) or fields.text(extra.get("evidence_text"))
        _cite(pieces, about, "" if quoted == "source" else quoted)
    for reference in fields.objects(metadata.get("content_references")):
        for key in ("items", "fallback_items", "sources"):
            for item in fields.objects(reference.get(key)):
                _cite(pieces, item, fields.text(item.get("snippet")))
        if not any(reference.get(key) for key in ("items", "fallback_items", "sources")):
            _cite(pieces, reference, fields.text(reference.get("snippet")))
    return list(pieces.values())


def _cite(pieces: dict[str, Piece], source: dict[str, Any], quoted: str) -> None:
    url = fields.name(source.get("url"))
    title = fields.name(source.get("title")) or fields.name(source.get("name"))
    if url or title:
        piece = Piece(ArtifactKind.CITATION, quoted, title=title or None, reference=url or None)
        pieces.setdefault(url or title, piece)
