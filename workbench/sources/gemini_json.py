"""Gemini in a Takeout as JSON: `MyActivity.json`, a flat list of activities, newest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from workbench.model import ImportIssue
from workbench.sources import fields
from workbench.sources.jsonsplit import split_elements
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
from workbench.sources.thread import Notes, Piece

_STRING = rb'"((?:[^"\\]|\\.)*)"'
_HEADER = re.compile(rb'"header"\s*:\s*' + _STRING)
_TITLE = re.compile(rb'"title"\s*:\s*' + _STRING)
_PRODUCTS = re.compile(rb'"products"\s*:\s*\[([^\]]*)\]')
_DETAILS = re.compile(rb'"details"\s*:\s*\[[^\]]*\]')
_TITLE_URL = re.compile(rb'"titleUrl"\s*:\s*' + _STRING)
_GENERATED = re.compile(r"generated image|generiertes? Bild", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GeminiJson:
    """Reads `MyActivity.json`, also where other products stand between Gemini's records."""

    name: str = "gemini_json"
    assistant: str = "gemini"
    label: str = "Gemini Takeout (JSON)"

    def recognises(self, head: bytes) -> bool:
        """By the keys that every activity has."""
        keys = shape_of(head).keys
        return {"header", "title", "time"} <= keys and not keys & {"mapping", "chat_messages"}

    def split(self, stream: BinaryIO, place: str) -> Iterator[Record | ImportIssue]:
        """One record per thread, a JSON list of its activities; those of other products are counted."""

        def cells() -> Iterator[Cell | ImportIssue]:
            stream.seek(0)
            for element in split_elements(stream, place):
                yield _cell(element.data) if isinstance(element, Record) else element

        return group(cells, place, join=_list_of)

    def parse(self, record: Record) -> Parsed:
        """The conversation that the activities of one record make."""
        notes = Notes(record.place)
        try:
            value = fields.decode(record.data)
        except ValueError as error:
            return Parsed(issues=(ImportIssue(record.place, f"not valid JSON: {error}"),))
        activities = []
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                notes.add("a record that is no object was left out", "skipped")
            elif activity := _activity(item, notes):
                activities.append(activity)
        if not activities and notes.issues():
            return Parsed(issues=notes.issues())
        return conversation_of(activities, notes)


def _list_of(parts: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(parts) + b"]"


def _cell(data: bytes) -> Cell:
    """The record with its thread, judged without parsing it."""
    header, products = _string(_HEADER.search(data)), _PRODUCTS.search(data)
    named = _text(b"[" + products[1] + b"]") if products else ""
    if (header or named) and not is_gemini(header) and not is_gemini(named):
        return Cell(data, skipped=header or named)
    title = _string(_TITLE.search(data))
    if _is_other(title, answered=b'"safeHtmlItem"' in data, attached=b'"attachedFiles"' in data):
        return Cell(data, skipped=f"Gemini, not a prompt ({verb_of(title)})")
    details = _DETAILS.search(data)
    thread = thread_of(details[0]) if details else None
    if thread is None and not (details and b"gemini.google.com" in details[0]):
        url = _TITLE_URL.search(data)
        thread = thread_of(url[0]) if url else None
    return Cell(data, thread)


def _is_other(title: str, *, answered: bool, attached: bool) -> bool:
    prompt, known = prompt_of(title)
    return known is False or (known is None and not answered and not attached and bool(prompt))


def _string(found: re.Match[bytes] | None) -> str:
    return _text(b'"' + found[1] + b'"') if found else ""


def _text(raw: bytes) -> str:
    try:
        value = fields.decode(raw)
    except ValueError:
        return ""
    return ", ".join(filter(None, map(fields.text, value))) if isinstance(value, list) else fields.text(value)


def _activity(item: dict[str, Any], notes: Notes) -> Activity | None:
    title = fields.text(item.get("title"))
    prompt, known = prompt_of(title)
    answer = _answer(item)
    attached, generated = _files(item)
    if _is_other(title, answered=bool(answer), attached=bool(attached or generated)):
        notes.add(f"no prompt: {verb_of(title)}")
        return None
    if known is None and prompt:
        notes.add("format drift: an activity whose verb is not known; its whole title was taken as the prompt")
    moment = fields.instant(item.get("time"))
    if moment is None:
        notes.add("a record has no sensible time", "altered")
    cell = thread_of(_linked(item))
    return Activity(moment, prompt, answer, tuple(attached), tuple(generated), cell)


def _answer(item: dict[str, Any]) -> str:
    """The HTML of the answer: all its parts in order."""
    parts = []
    for part in fields.sequence(item.get("safeHtmlItem")):
        words = fields.text(part) or fields.text(fields.mapping(part).get("html"))
        parts.append(words or fields.text(fields.mapping(part).get("htmlValue")))
    told = [part for part in parts if part]
    return told[0] if len(told) == 1 else "".join(f"<div>{part}</div>" for part in told)


def _linked(item: dict[str, Any]) -> bytes:
    """The addresses that tell the thread: of the details, else of the title."""
    urls = " ".join(fields.text(detail.get("url")) for detail in fields.objects(item.get("details")))
    return (urls if "gemini.google.com" in urls else fields.text(item.get("titleUrl"))).encode("utf-8", "replace")


def _files(item: dict[str, Any]) -> tuple[list[Piece], list[Piece]]:
    """What the person attached, and what Gemini generated."""
    names = [_file_name(file) for file in fields.sequence(item.get("attachedFiles"))]
    names.append(_file_name(item.get("imageFile")))
    subtitles = fields.objects(item.get("subtitles"))
    for subtitle in subtitles:
        url = fields.name(subtitle.get("url"))
        if url and "://" not in url:
            names.append(url)
    pieces = [file_piece(name, name) for name in dict.fromkeys(names) if name]
    made = any(_GENERATED.search(fields.text(subtitle.get("name"))) for subtitle in subtitles)
    return ([], pieces) if made else (pieces, [])


def _file_name(value: Any) -> str:
    file = fields.mapping(value)
    return fields.name(value) or fields.name(file.get("name")) or fields.name(file.get("fileName"))
