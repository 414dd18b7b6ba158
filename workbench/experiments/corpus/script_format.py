"""The text format in which the sample conversations are written.

    Anything before the first heading is a note to the reader.

    === espresso-leak | Water under the portafilter
    assistant: chatgpt
    start: 2024-02-03 08:14
    model: gpt-4

    @@ user
    My machine drips ...
    @@ assistant after=25
    Three places can leak ...

`@@ user` and `@@ assistant` open a turn; the other `@@` lines add a part to it (`thinking`, `run`, `output`, `search`,
`source`, `picture`, `document`, `file`, `upload`, `voice`) or go back to plain `words`. A turn answers the turn above
it unless it says `parent=LABEL`; `id=LABEL` gives it a label, `after=SECONDS` a pause, `time=none` no time at all.
Times are UTC. `=== query` opens a judged query; see `workbench.experiments.corpus.judgements`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from workbench.errors import UsageError
from workbench.experiments.corpus.script import (
    ROOT,
    CodeRun,
    Document,
    Part,
    Picture,
    Script,
    Search,
    Source,
    Speech,
    Thinking,
    Turn,
    Upload,
    Words,
    WrittenFile,
)

_Kind = TypeVar("_Kind", CodeRun, Search)
_ROLES = ("user", "assistant")
_DEFAULT_PAUSE = {"user": 140, "assistant": 21}
_OLD_NEW = "\n====\n"


@dataclass(frozen=True, slots=True)
class Section:
    """One `===` section: its heading, the `name: value` lines below it, and the remaining lines."""

    heading: str
    header: dict[str, str]
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    kind: str
    words: tuple[str, ...]
    options: dict[str, str]
    body: str


def read_sections(text: str) -> Iterator[Section]:
    """Yield the sections of a script file in their order."""
    heading: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("=== "):
            if heading is not None:
                yield _section(heading, lines)
            heading, lines = line[4:].strip(), []
        else:
            lines.append(line)
    if heading is not None:
        yield _section(heading, lines)


def _section(heading: str, lines: list[str]) -> Section:
    header: dict[str, str] = {}
    for count, line in enumerate(lines):
        name, colon, value = line.partition(": ")
        if not colon or " " in name:
            return Section(heading, header, tuple(lines[count:]))
        header[name] = value.strip()
    return Section(heading, header, ())


def read_script(section: Section) -> Script:
    """Turn a section into the conversation it describes.

    Raises:
        UsageError: a header is missing, or an `@@` line is not understood.
    """
    key, _, title = (piece.strip() for piece in section.heading.partition("|"))
    missing = {"assistant", "start"} - section.header.keys()
    if missing:
        raise UsageError(f"the script {key!r} lacks {', '.join(sorted(missing))}", todo="add it below the heading")
    started = datetime.strptime(section.header["start"], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    traits = {name: value for name, value in section.header.items() if name not in ("assistant", "start")}
    turns = tuple(_turns(_blocks(section.body, key), started, key))
    return Script(key, section.header["assistant"], title, started, turns, traits)


def _blocks(lines: tuple[str, ...], key: str) -> list[_Block]:
    blocks: list[_Block] = []
    body: list[str] = []
    for line in lines:
        if not line.startswith("@@ "):
            body.append(line)
            continue
        if blocks:
            blocks[-1] = replace(blocks[-1], body="\n".join(body).strip("\n"))
        elif any(body):
            raise UsageError(f"the script {key!r} has words before its first turn")
        kind, *rest = shlex.split(line[3:])
        pairs = [word.split("=", 1) for word in rest if "=" in word]
        blocks.append(_Block(kind, tuple(w for w in rest if "=" not in w), dict(pairs), ""))
        body = []
    if blocks:
        blocks[-1] = replace(blocks[-1], body="\n".join(body).strip("\n"))
    return blocks


def _turns(blocks: list[_Block], started: datetime, key: str) -> Iterator[Turn]:
    above, clock, number = ROOT, started, 0
    starts = [i for i, block in enumerate(blocks) if block.kind in _ROLES]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(blocks)], strict=False)):
        head = blocks[start]
        pause = int(head.options.get("after", _DEFAULT_PAUSE[head.kind] if number else 0))
        clock += timedelta(seconds=pause)
        label = head.options.get("id", f"t{number}")
        at = None if head.options.get("time") == "none" else clock
        parts = _parts([replace(head, kind="words"), *blocks[start + 1 : end]], key)
        yield Turn(head.kind, parts, label, head.options.get("parent", above), at)
        above = label


def _parts(blocks: list[_Block], key: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    for block in blocks:
        if block.kind == "output":
            parts[-1] = replace(_last(parts, CodeRun, key), output=block.body)
        elif block.kind == "source":
            search = _last(parts, Search, key)
            found = Source(block.options["title"], block.options["url"], block.body)
            parts[-1] = replace(search, sources=(*search.sources, found))
        elif block.kind == "words":
            if block.body:
                parts.append(Words(block.body))
        else:
            parts.append(_part(block, key))
    return tuple(parts)


def _last(parts: list[Part], kind: type[_Kind], key: str) -> _Kind:
    if parts and isinstance(parts[-1], kind):
        return parts[-1]
    raise UsageError(f"the script {key!r} has an output or a source that belongs to nothing above it")


def _part(block: _Block, key: str) -> Part:
    match block.kind:
        case "thinking":
            return Thinking(" ".join(block.words), block.body)
        case "run":
            return CodeRun(block.words[0], block.body, chart=block.options.get("chart"))
        case "search":
            return Search(" ".join(block.words), block.options.get("style", "new"))
        case "picture":
            width, height = (int(n) for n in block.options.get("size", "1024x1024").split("x"))
            return Picture(block.body, width, height)
        case "document":
            return _document(block)
        case "file":
            return WrittenFile(block.options["path"], block.options.get("description", ""), block.body)
        case "upload":
            return Upload(block.options["name"], block.options["type"], int(block.options["size"]), block.body)
        case "voice":
            return Speech(block.body, float(block.options["seconds"]))
    raise UsageError(f"the script {key!r} has an unknown line '@@ {block.kind}'")


def _document(block: _Block) -> Document:
    old, cut, new = block.body.partition(_OLD_NEW)
    content, before = (new, old) if cut else (block.body, "")
    return Document(block.words[0], block.options["name"], block.options["type"], content, before)
