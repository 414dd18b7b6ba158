"""Claude's tool calls: documents in versions, code that was run, and everything else as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from workbench.model import ArtifactKind
from workbench.sources import fields
from workbench.sources.pieces import Documents, document_kind
from workbench.sources.thread import Notes, Piece
from workbench.text.markdown import language_name

_RUNNERS = {"repl": "javascript", "analysis_tool": "javascript", "bash_tool": "shell", "bash": "shell"}
_RUNNERS |= {"code_execution": "python", "python": "python"}
_ARTIFACT_COMMANDS = frozenset({"create", "update", "rewrite"})
_FILE_TOOLS = frozenset({"create_file", "str_replace"})


class Calls:
    """Reads the tool calls and results of one message; `documents` is what they leave behind."""

    def __init__(self, documents: Documents, notes: Notes) -> None:
        self.documents = documents
        self._notes = notes
        self._pieces: list[Piece] = []
        self._open: list[tuple[str, str]] = []

    def pieces(self) -> tuple[Piece, ...]:
        """What was found, in order."""
        return tuple(self._pieces)

    def call(self, block: dict[str, Any]) -> None:
        """One `tool_use` block."""
        name = fields.name(block.get("name"))
        self._open.append((fields.name(block.get("id")), name))
        arguments = _arguments(block.get("input"))
        code = fields.text(arguments.get("code")) or fields.text(arguments.get("command"))
        if name in _RUNNERS and code:
            language = language_name(fields.name(arguments.get("language"))) or _RUNNERS[name]
            self._pieces.append(Piece(ArtifactKind.CODE, code, language, title=name))
        elif name in _FILE_TOOLS and fields.name(arguments.get("path")):
            self._file(name, arguments)
        elif fields.name(arguments.get("command")) in _ARTIFACT_COMMANDS and fields.name(arguments.get("id")):
            self._artifact(arguments)
        else:
            written = json.dumps(arguments, indent=2, ensure_ascii=False)
            self._pieces.append(Piece(ArtifactKind.TOOL_CALL, written if arguments else "", "json", title=name or None))

    def result(self, block: dict[str, Any]) -> None:
        """One `tool_result` block, paired by id, else with the oldest open call of the same name."""
        name = self._pair(fields.name(block.get("tool_use_id")), fields.name(block.get("name")))
        words = "\n\n".join(_result_words(block))
        meta = {"is_error": True} if block.get("is_error") is True else {}
        if name in _RUNNERS:
            self._pieces.append(Piece(ArtifactKind.EXECUTION_RESULT, words, title=name, meta=meta))
        elif words and name not in ("artifacts", "create_artifact") and name not in _FILE_TOOLS:
            self._pieces.append(Piece(ArtifactKind.TOOL_RESULT, words, title=name or None, meta=meta))
        for item in fields.objects(block.get("content")):
            if path := fields.name(item.get("file_path")):
                title = fields.name(item.get("name")) or path.rsplit("/", 1)[-1]
                self._pieces.append(Piece(ArtifactKind.FILE, title=title, reference=path))

    def _pair(self, identity: str, name: str) -> str:
        for number, (call_id, call_name) in enumerate(self._open):
            if (identity and call_id == identity) or (not identity and call_name == name):
                del self._open[number]
                return call_name
        return name

    def _file(self, name: str, arguments: dict[str, Any]) -> None:
        path = fields.name(arguments.get("path"))
        kind, language = document_kind(path, "", "")
        title = path.rsplit("/", 1)[-1]
        if name == "create_file":
            content: str | None = fields.text(arguments.get("file_text")) or fields.text(arguments.get("content"))
        else:
            content = self._edited(path, arguments)
        self._write(path, Piece(kind, content or "", language, title), whole=content is not None, edit=arguments)

    def _artifact(self, arguments: dict[str, Any]) -> None:
        key = fields.name(arguments.get("id"))
        type_name, language = fields.name(arguments.get("type")), fields.name(arguments.get("language"))
        before = self.documents.newest.get(key)
        kind, language_found = document_kind("", type_name, language)
        if before and not type_name:
            kind, language_found = before.kind, before.language
        edits = fields.name(arguments.get("command")) == "update" and "old_str" in arguments
        content = self._edited(key, arguments) if edits else fields.text(arguments.get("content"))
        title = fields.name(arguments.get("title")) or None
        piece = Piece(kind, content or "", language_found, title)
        self._write(key, piece, whole=content is not None, edit=arguments)

    def _edited(self, key: str, arguments: dict[str, Any]) -> str | None:
        """The document after one replacement; None where what is to be replaced is not in it."""
        before = self.documents.newest.get(key)
        old, new = fields.text(arguments.get("old_str")), fields.text(arguments.get("new_str"))
        if before is None or not old or old not in before.content:
            return None
        return before.content.replace(old, new, 1)

    def _write(self, key: str, piece: Piece, *, whole: bool, edit: dict[str, Any]) -> None:
        if not whole:
            self._notes.add("an edit of a document could not be applied; its text was kept", "altered")
            changed = fields.text(edit.get("new_str"))
            piece = Piece(piece.kind, changed, piece.language, piece.title, meta={"edit": True})
        self.documents, written = self.documents.write(key, piece)
        self._pieces.append(written)


def _arguments(value: Any) -> dict[str, Any]:
    """The input of a call, also where it is JSON within a string."""
    if isinstance(value, str):
        try:
            return fields.mapping(fields.decode(value.encode()))
        except ValueError:
            return {"input": value}
    return fields.mapping(value)


def _result_words(block: dict[str, Any]) -> Iterator[str]:
    if words := fields.text(block.get("content")):
        yield words
    for item in fields.sequence(block.get("content")):
        if isinstance(item, str):
            yield item
            continue
        item = fields.mapping(item)
        lines = (fields.text(item.get(key)) for key in ("title", "url", "text"))
        if words := "\n".join(filter(None, lines)):
            yield words
