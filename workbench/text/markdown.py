"""Fenced code blocks of Markdown, and the plain names of their languages."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})(.*)$")

_LANGUAGES = {
    "py": "python",
    "py3": "python",
    "python3": "python",
    "ipython": "python",
    "js": "javascript",
    "mjs": "javascript",
    "node": "javascript",
    "ts": "typescript",
    "sh": "shell",
    "bash": "shell",
    "zsh": "shell",
    "console": "shell",
    "shell-session": "shell",
    "shellscript": "shell",
    "ps1": "powershell",
    "yml": "yaml",
    "md": "markdown",
    "rb": "ruby",
    "rs": "rust",
    "golang": "go",
    "kt": "kotlin",
    "cs": "csharp",
    "c#": "csharp",
    "c++": "cpp",
    "cc": "cpp",
    "hpp": "cpp",
    "h": "c",
    "htm": "html",
    "docker": "dockerfile",
    "tex": "latex",
    "plaintext": "text",
    "plain": "text",
    "txt": "text",
    "unknown": "",
}


@dataclass(frozen=True, slots=True)
class FencedBlock:
    """One fenced block. `info` is what stands behind the opening fence, `language` its first word made plain."""

    language: str | None
    code: str
    info: str


def language_name(raw: str) -> str | None:
    """The plain name of a language: `py` and `Python3` are both python. None where nothing is named.

    >>> language_name("Py"), language_name("bash"), language_name("")
    ('python', 'shell', None)
    """
    name = raw.strip().strip("{}.").lower()
    return _LANGUAGES.get(name, name) or None


def fenced_blocks(text: str) -> list[FencedBlock]:
    """The fenced blocks of `text` in order. A block that is never closed reaches to the end of the text.

    Fences may be indented, as they are within lists; that indentation is taken off the code too.
    """
    if "```" not in text and "~~~" not in text:
        return []
    blocks: list[FencedBlock] = []
    lines = text.split("\n")
    start = 0
    while start < len(lines):
        opening = _FENCE.match(lines[start])
        if opening is None or ("`" in opening[2] and opening[1][0] == "`"):
            start += 1
            continue
        end = _closing(lines, start + 1, opening[1])
        indent = len(lines[start]) - len(lines[start].lstrip(" \t"))
        blocks.append(_block(lines[start + 1 : end], opening[2].strip(), indent))
        start = end + 1
    return blocks


def _closing(lines: list[str], start: int, fence: str) -> int:
    for number in range(start, len(lines)):
        found = _FENCE.match(lines[number])
        if found and found[1].startswith(fence) and not found[2].strip():
            return number
    return len(lines)


def _block(lines: list[str], info: str, indent: int) -> FencedBlock:
    blank = " \t" * indent
    code = "\n".join(line[:indent].lstrip(blank) + line[indent:] if indent else line for line in lines)
    word = info.split()[0] if info else ""
    return FencedBlock(language_name(word.split("?", 1)[0].split(":", 1)[0]), code.rstrip("\r\n"), info)
