"""Artifacts that every format has in the same way: fenced code, documents in versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from workbench.model import ArtifactKind
from workbench.sources.thread import Piece
from workbench.text.markdown import FencedBlock, fenced_blocks, language_name

_CHART_LANGUAGES = frozenset({"mermaid", "plotly", "vega", "vega-lite", "vegalite", "graphviz", "dot", "svg"})
_OUTPUT_LANGUAGES = frozenset({"output", "stdout", "stderr"})
_OUTPUT_MARKS = ("code_stdout", "code_stderr", "code_output")
_SUFFIXES = {
    ".c .h": "c",
    ".cpp .cc .hpp": "cpp",
    ".cs": "csharp",
    ".css": "css",
    ".go": "go",
    ".java": "java",
    ".js .mjs": "javascript",
    ".json": "json",
    ".jsx": "jsx",
    ".kt": "kotlin",
    ".lua": "lua",
    ".nix": "nix",
    ".php": "php",
    ".py": "python",
    ".r": "r",
    ".rb": "ruby",
    ".rs": "rust",
    ".sh .bash": "shell",
    ".sql": "sql",
    ".swift": "swift",
    ".toml": "toml",
    ".ts": "typescript",
    ".tsx": "tsx",
    ".yaml .yml": "yaml",
}
_CODE_SUFFIXES = {suffix: language for suffixes, language in _SUFFIXES.items() for suffix in suffixes.split()}
_IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".heic", ".svg"})


def code_pieces(text: str) -> list[Piece]:
    """The fenced blocks of a message: code, results of running it, drawings given as text."""
    return [_fenced(block) for block in fenced_blocks(text) if block.code.strip()]


def _fenced(block: FencedBlock) -> Piece:
    if block.language in _OUTPUT_LANGUAGES or any(mark in block.info for mark in _OUTPUT_MARKS):
        return Piece(ArtifactKind.EXECUTION_RESULT, block.code)
    if block.language in _CHART_LANGUAGES:
        return Piece(ArtifactKind.CHART, block.code, block.language)
    return Piece(ArtifactKind.CODE, block.code, block.language)


def file_piece(title: str, reference: str = "", content: str = "", **meta: object) -> Piece:
    """A file that came with a message, as an image where its name says so."""
    image = PurePosixPath(title).suffix.lower() in _IMAGE_SUFFIXES and not content
    kind = ArtifactKind.IMAGE if image else ArtifactKind.FILE
    given = {key: value for key, value in meta.items() if value}
    return Piece(kind, content, title=title or None, reference=reference or None, meta=given)


def code_language(path: str) -> str | None:
    """The programming language that the name of a file tells; None for prose and data."""
    return _CODE_SUFFIXES.get(PurePosixPath(path).suffix.lower())


def document_kind(path: str, type_name: str, language: str) -> tuple[ArtifactKind, str | None]:
    """Whether a document made by an assistant is code, a drawing or prose, and in which language."""
    subtype = type_name.rsplit("/", 1)[-1].removeprefix("vnd.ant.")
    if "svg" in subtype or path.lower().endswith(".svg"):
        return ArtifactKind.IMAGE, "svg"
    if subtype == "mermaid":
        return ArtifactKind.CHART, "mermaid"
    if subtype == "react":
        return ArtifactKind.CODE, language_name(language) or "jsx"
    if subtype == "code" or "javascript" in subtype:
        return ArtifactKind.CODE, language_name(language) or language_name("" if subtype == "code" else subtype)
    if code_language(path):
        return ArtifactKind.CODE, code_language(path)
    return ArtifactKind.DOCUMENT, language_name(language) or language_name(subtype or PurePosixPath(path).suffix)


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one branch as they stand after a message, by the name their assistant gives them.

    The one written last comes last.
    """

    newest: Mapping[str, Piece] = field(default_factory=dict)

    def write(self, key: str, piece: Piece) -> tuple[Documents, Piece]:
        """A new version of the document `key`: these documents with it, and the version.

        An edit that could not be applied (`edit` in its meta) leaves the document as it stood.
        """
        before = self.newest.get(key)
        version = (before.version or 0) + 1 if before else 1
        title = piece.title or (before.title if before else None)
        language = piece.language or (before.language if before else None)
        kind = before.kind if before and not piece.language else piece.kind
        numbered = Piece(kind, piece.content, language, title, key, version, piece.meta)
        others = {other: newest for other, newest in self.newest.items() if other != key}
        standing = replace(numbered, content=before.content) if before and piece.meta.get("edit") else numbered
        return Documents({**others, key: standing}), numbered
