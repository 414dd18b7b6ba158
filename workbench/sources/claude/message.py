"""One Claude message: the words of its blocks, and what the blocks carry besides."""

from __future__ import annotations

import re
from typing import Any

from workbench.model import ArtifactKind, MessageKind, Role
from workbench.sources import fields
from workbench.sources.claude.inline import without_tags
from workbench.sources.claude.tools import Calls
from workbench.sources.pieces import Documents, code_pieces, file_piece
from workbench.sources.thread import Draft, Notes, Piece

_ROLES = {"human": Role.USER, "user": Role.USER, "assistant": Role.ASSISTANT}
_PLACEHOLDER = re.compile(
    r"(?:```\s*)?(?:This block is not supported on your current device yet\.|"
    r"Viewing artifacts created via the Analysis Tool web feature preview isn.t yet supported on mobile\.)(?:\s*```)?"
)
_SILENT = frozenset({"token_budget", "summaries"})


def read_message(message: dict[str, Any], documents: Documents, *, notes: Notes) -> tuple[Draft, Documents]:
    """The draft of one message, and the documents as they stand after it."""
    role = _ROLES.get(fields.name(message.get("sender")).lower())
    if role is None:
        notes.add("a message names no known sender; it was taken as the person's", "altered")
    blocks = _Blocks(documents, notes)
    for block in _content(message.get("content")):
        blocks.read(block)
    words = "\n\n".join(blocks.words) or _PLACEHOLDER.sub("", fields.text(message.get("text"))).strip()
    words, inline, documents = without_tags(words, blocks.calls.documents)
    pieces = (*blocks.pieces, *blocks.calls.pieces(), *inline, *code_pieces(words), *_files(message))
    injected = "\n\n".join(blocks.injected)
    created = message.get("created_at")
    moment = fields.instant(created)
    if moment is None and fields.given(created):
        notes.add("a message has no sensible time")
    hidden = bool(injected) and not words.strip() and not pieces
    if injected and not hidden:
        pieces = (*pieces, Piece(ArtifactKind.TOOL_RESULT, injected, title="injected context"))
    draft = Draft(
        native_id=fields.name(message.get("uuid")) or None,
        role=role or Role.USER,
        content=injected if hidden else words,
        kind=MessageKind.CONTEXT if hidden else _kind(words, pieces),
        hidden=hidden,
        created_at=moment,
        model=fields.name(message.get("model")) or None,
        pieces=pieces,
    )
    return draft, documents


def _kind(words: str, pieces: tuple[Piece, ...]) -> MessageKind:
    """Text, unless a message without words consists of thinking or of tool traffic alone."""
    kinds = {piece.kind for piece in pieces}
    if words.strip() or not kinds:
        return MessageKind.TEXT
    if kinds == {ArtifactKind.THINKING}:
        return MessageKind.THINKING
    traffic = {ArtifactKind.TOOL_CALL, ArtifactKind.TOOL_RESULT, ArtifactKind.THINKING}
    return MessageKind.TOOL_CALL if kinds <= traffic else MessageKind.TEXT


def _content(content: Any) -> list[Any]:
    """The blocks of a message, also where they are JSON within a string, or plain text."""
    if not isinstance(content, str):
        return fields.sequence(content)
    if content.lstrip()[:1] == "[":
        try:
            return fields.sequence(fields.decode(content.encode()))
        except ValueError:
            return [content]
    return [content]


class _Blocks:
    """Reads the blocks of one message in order."""

    def __init__(self, documents: Documents, notes: Notes) -> None:
        self.calls = Calls(documents, notes)
        self.notes = notes
        self.words: list[str] = []
        self.injected: list[str] = []
        self.pieces: list[Piece] = []

    def read(self, block: Any) -> None:
        if isinstance(block, str):
            self._say(block)
            return
        block = fields.mapping(block)
        kind = fields.name(block.get("type"))
        if kind == "text" or (not kind and isinstance(block.get("text"), str)):
            self._say(fields.text(block.get("text")))
            self.pieces += _citations(block)
        elif kind == "thinking":
            self._think(block)
        elif kind == "tool_use":
            self.calls.call(block)
        elif kind == "tool_result":
            self.calls.result(block)
        elif kind == "injected_prompt_block":
            self.injected.append(fields.text(block.get("prompt")))
        elif kind == "voice_note":
            self._say(fields.text(block.get("text")))
        elif kind in ("document", "image"):
            title = fields.name(block.get("title")) or fields.name(block.get("file_name"))
            artifact = ArtifactKind.IMAGE if kind == "image" else ArtifactKind.FILE
            self.pieces.append(
                Piece(artifact, title=title or None, reference=fields.name(block.get("file_uuid")) or None)
            )
        elif kind not in _SILENT:
            self._unknown(block, kind)

    def _say(self, words: str) -> None:
        words = _PLACEHOLDER.sub("", words).strip("\n") if "supported on" in words else words
        if words.strip():
            self.words.append(words)

    def _think(self, block: dict[str, Any]) -> None:
        thought = fields.text(block.get("thinking"))
        if not thought:
            summaries = fields.objects(block.get("summaries"))
            thought = "\n".join(filter(None, (fields.text(part.get("summary")) for part in summaries)))
        if thought.strip():
            self.pieces.append(Piece(ArtifactKind.THINKING, thought))

    def _unknown(self, block: dict[str, Any], kind: str) -> None:
        self.notes.add(f"format drift: unknown block type {kind!r}")
        found = fields.text(block.get("text"))
        self.pieces.append(Piece(ArtifactKind.TOOL_RESULT, found, title=kind or None, meta={"raw": block}))


def _citations(block: dict[str, Any]) -> list[Piece]:
    pieces: dict[str, Piece] = {}
    for citation in fields.objects(block.get("citations")):
        details = fields.mapping(citation.get("details"))
        url = fields.name(details.get("url")) or fields.name(citation.get("url"))
        title = fields.name(details.get("title")) or fields.name(citation.get("title"))
        if url:
            pieces.setdefault(url, Piece(ArtifactKind.CITATION, title=title or None, reference=url))
    return list(pieces.values())


def _files(message: dict[str, Any]) -> list[Piece]:
    """Attachments with their text, and files whose bytes the export leaves out; one in both lists is told once."""
    pieces: list[Piece] = []
    names: set[str] = set()
    for attachment in fields.objects(message.get("attachments")):
        title = fields.name(attachment.get("file_name"))
        names.add(title)
        words = fields.text(attachment.get("extracted_content"))
        size = fields.number(attachment.get("file_size"))
        file_type = fields.name(attachment.get("file_type"))
        if title or words:
            pieces.append(file_piece(title or "Pasted text", title, content=words, file_type=file_type, size=size))
    for key in ("files", "files_v2"):
        for file in fields.objects(message.get(key)):
            title, uuid = fields.name(file.get("file_name")), fields.name(file.get("file_uuid"))
            if (title or uuid) and (not title or title not in names):
                pieces.append(file_piece(title, uuid))
                names.add(title)
    return pieces
