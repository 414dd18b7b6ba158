"""Artifacts and thoughts that Claude wrote as tags within its text, as it did in 2024."""

from __future__ import annotations

import re

from workbench.model import ArtifactKind
from workbench.sources.pieces import Documents, document_kind
from workbench.sources.thread import Piece

_ATTRIBUTES = r"""((?:[^>"']|"[^"]*"|'[^']*')*)"""
_THINKING = re.compile(r"<antThinking\s*>(.*?)(?:</antThinking>|\Z)\s*", re.DOTALL)
_ARTIFACT = re.compile(rf"<antArtifact\b{_ATTRIBUTES}>(.*?)(?:</antArtifact>|\Z)", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def without_tags(words: str, documents: Documents) -> tuple[str, list[Piece], Documents]:
    """`words` with `[artifact: title]` in place of each artifact, what was taken out, and the documents after it."""
    if "<ant" not in words:
        return words, [], documents
    pieces = [Piece(ArtifactKind.THINKING, found[1].strip()) for found in _THINKING.finditer(words) if found[1].strip()]
    words = _THINKING.sub("", words)
    for found in _ARTIFACT.finditer(words):
        attributes = _attributes(found[1])
        title = attributes.get("title", "")
        language = attributes.get("language", "")
        kind, language_found = document_kind("", attributes.get("type", ""), language)
        piece = Piece(kind, found[2].strip("\n"), language_found, title or None)
        documents, piece = documents.write(attributes.get("identifier") or title or "artifact", piece)
        pieces.append(piece)
    return _ARTIFACT.sub(lambda found: _mention(found[1]), words), pieces, documents


def _attributes(tag: str) -> dict[str, str]:
    return {found[1]: found[2] if found[2] is not None else found[3] for found in _ATTRIBUTE.finditer(tag)}


def _mention(tag: str) -> str:
    attributes = _attributes(tag)
    return f"[artifact: {attributes.get('title') or attributes.get('identifier') or 'untitled'}]"
