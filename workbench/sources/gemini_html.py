"""Gemini in a Takeout as HTML, Google's default: one page of up to hundreds of megabytes, a cell per activity."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from selectolax.lexbor import LexborHTMLParser, LexborNode

from workbench.model import ImportIssue
from workbench.sources.fields import clean
from workbench.sources.pieces import file_piece
from workbench.sources.source import Parsed, Record
from workbench.sources.structure import shape_of
from workbench.sources.takeout import (
    Activity,
    Cell,
    conversation_of,
    group,
    is_gemini,
    prompt_of,
    thread_of,
    verb_of,
)
from workbench.sources.takeout_times import parse_time
from workbench.sources.thread import Notes, Piece

_CHUNK = 1 << 20
_LARGEST_CELL = 64 << 20
_CELL = b'<div class="outer-cell'
_HEADER = re.compile(rb'mdl-typography--title"[^>]*>(.*?)<(?:br|/p)', re.DOTALL)
_BODY = re.compile(rb'mdl-typography--body-1"[^>]*>(.{0,400})', re.DOTALL)
_CAPTION = b"mdl-typography--caption"
_BREAK = re.compile(r"<br\s*/?>")
_TAG = re.compile(r"<[^>]*>")
_ATTACHED = re.compile(r"^\s*-(?:\s|&nbsp;|\xa0)*<a\s[^>]*href=\"([^\"]*)\"[^>]*>(.*?)</a>", re.DOTALL)
_GENERATED = re.compile(r"generated image|generiertes? Bild", re.IGNORECASE)
_COUNTED = re.compile(r"\d")
_LIKE_TIME = re.compile(r"(?:19|20)\d\d\D.*\d{1,2}[:.]\d{2}[:.]\d{2}|\d{1,2}[:.]\d{2}[:.]\d{2}.*\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class GeminiHtml:
    """Reads `MyActivity.html`, under whatever name the account's language gives it."""

    name: str = "gemini_html"
    assistant: str = "gemini"
    label: str = "Gemini Takeout (HTML)"

    def recognises(self, head: bytes) -> bool:
        """By the cells of Google's activity pages."""
        return shape_of(head).kind == "html" and (_CELL in head or b'class="header-cell' in head)

    def split(self, stream: BinaryIO, place: str) -> Iterator[Record | ImportIssue]:
        """One record per thread, the cells of its activities; those of other products are counted."""

        def cells() -> Iterator[Cell | ImportIssue]:
            stream.seek(0)
            data = b""
            for data in raw_cells(stream):
                yield _cell(data) if len(data) <= _LARGEST_CELL else ImportIssue(place, "a record beyond 64 MB")
            if data and b"</html>" not in data:
                yield ImportIssue(place, "the page is not closed: its last record may not be whole", "altered")

        return group(cells, place, join=_joined)

    def parse(self, record: Record) -> Parsed:
        """The conversation that the activities of one record make."""
        notes = Notes(record.place)
        parts = record.data.split(_CELL)[1:]
        if not parts:
            return Parsed(issues=(ImportIssue(record.place, "no cell of an activity page"),))
        found = (_activity(_CELL + part, notes) for part in parts)
        activities = [activity for activity in found if activity]
        if not activities and notes.issues():
            return Parsed(issues=notes.issues())
        return conversation_of(activities, notes)


def _joined(parts: Sequence[bytes]) -> bytes:
    return b"".join(parts)


def raw_cells(stream: BinaryIO, *, chunk_size: int = _CHUNK) -> Iterator[bytes]:
    """The page cut before each cell; what stands before the first is left out."""
    held = b""
    begun = False
    while chunk := stream.read(chunk_size):
        searched = max(len(_CELL) if begun else 0, len(held) - len(_CELL))
        held += chunk
        start = 0
        while (at := held.find(_CELL, searched)) >= 0:
            if begun:
                yield held[start:at]
            begun, start, searched = True, at, at + len(_CELL)
        held = held[start:] if begun else held[-len(_CELL) :]
    if begun:
        yield held


def _cell(data: bytes) -> Cell:
    """The cell with its thread, judged without building its tree."""
    header = _HEADER.search(data)
    product = _plain(header[1].decode("utf-8", "replace")) if header else ""
    if product and not is_gemini(product):
        return Cell(data, skipped=product)
    body = _BODY.search(data)
    title = _plain(_BREAK.split(body[1].decode("utf-8", "replace"), maxsplit=1)[0]) if body else ""
    _, known = prompt_of(title)
    if known is False:
        return Cell(data, skipped=f"Gemini, not a prompt ({verb_of(title)})")
    caption = data.rfind(_CAPTION)
    return Cell(data, thread_of(data[caption:]) if caption >= 0 else None)


def _plain(markup: str) -> str:
    return clean(html.unescape(_TAG.sub("", markup))).replace("\xa0", " ").strip()


def _activity(cell: bytes, notes: Notes) -> Activity | None:
    tree = LexborHTMLParser(clean(cell.decode("utf-8", "replace")))
    body = next((node for node in tree.css("div.content-cell") if _is_body(node)), None)
    if body is None:
        notes.add("a cell without content was left out", "skipped")
        return None
    told, at, answer = _parted(body.inner_html or "", notes)
    asked, files, made = _without_files(told)
    prompt, known = prompt_of("\n".join(_plain(line) for line in asked))
    if known is False or (known is None and not answer.strip() and not files):
        notes.add(f"no prompt: {verb_of(prompt)}")
        return None
    if known is None and prompt:
        notes.add("format drift: an activity whose verb is not known; its whole title was taken as the prompt")
    caption = cell.rfind(_CAPTION)
    thread = thread_of(cell[caption:]) if caption >= 0 else None
    return Activity(at, prompt, answer, () if made else files, files if made else (), thread)


def _is_body(node: LexborNode) -> bool:
    classes = node.attributes.get("class") or ""
    return "body-1" in classes and "text-right" not in classes


def _parted(markup: str, notes: Notes) -> tuple[list[str], datetime | None, str]:
    """The lines before the one that tells the time, that time, and the answer after it."""
    lines = _BREAK.split(markup)
    for number, line in enumerate(lines):
        words = "" if len(line) > 200 else _plain(line)
        found = parse_time(words) if "<" not in line else None
        if found:
            if not found[1]:
                notes.add("a time zone is not known; the time was taken as UTC", "altered")
            return lines[:number], found[0], "<br>".join(lines[number + 1 :])
    notes.add("a record has no time that could be read", "altered")
    like = (number for number, line in enumerate(lines) if "<" not in line and _LIKE_TIME.search(line[:200]))
    end = next(like, None)
    if end is None:
        return lines[:1], None, "<br>".join(lines[1:])
    return lines[:end], None, "<br>".join(lines[end + 1 :])


def _without_files(lines: list[str]) -> tuple[list[str], tuple[Piece, ...], bool]:
    """The lines of the prompt, the files listed below it, and whether Gemini made them.

    The list stands last: a line with the number of files, then one with a link for each.
    """
    files: list[Piece] = []
    end = len(lines)
    while end > 1:
        line = lines[end - 1]
        found = _ATTACHED.match(line)
        if found is None and line.strip():
            break
        if found and (name := _plain(found[2]) or html.unescape(found[1])):
            files.insert(0, file_piece(name, html.unescape(found[1])))
        end -= 1
    if not files:
        return lines, (), False
    counted = end > 1 and "<" not in lines[end - 1] and bool(_COUNTED.search(lines[end - 1]))
    made = counted and bool(_GENERATED.search(lines[end - 1]))
    return lines[: end - 1] if counted else lines[:end], tuple(files), made
