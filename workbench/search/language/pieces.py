"""Taking a query apart into pieces: words, phrases, beginnings and fields, each with its place in the text.

Only what can hardly be anything else is syntax, and only where a word begins: a quote that is closed again, a minus
before a word of three letters or more, a known field with its value behind the colon. All the rest is text: `--force`,
`-rf`, `-5`, `5" disk`, `std::vector`, `http://…`, `foo:bar`, `From: Ann`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# What people call a field, and what it is.
FIELDS = {
    "assistant": "assistant", "from": "assistant",
    "role": "role", "by": "role",
    "project": "project",
    "model": "model",
    "has": "kind",
    "lang": "language", "language": "language",
    "category": "category",
    "label": "label",
    "in": "conversation", "conversation": "conversation",
    "on": "during", "during": "during", "date": "during",
    "after": "after", "since": "after",
    "before": "before", "until": "until",
}  # fmt: skip
_QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»"}
_FIELD = re.compile(rf"({'|'.join(FIELDS)}):(?=[^\s:/\\,;|)\]}}])", re.IGNORECASE)
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"\S+")
_VALUE = re.compile(r"[^\s,]*")
_EXCLUDED = re.compile(r"-(?!\d[\d.,:%°]*$)[^\W_]\S\S")
_PREFIX = re.compile(r"([^\W_][\w./:@#+-]*)\*")
_SHORTEST_PREFIX = 2  # of ASCII letters; one letter stands for too much


class Kind(StrEnum):
    """What a piece is."""

    WORD = "word"
    PHRASE = "phrase"
    PREFIX = "prefix"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Value:
    """One of the values of a field, and where it stands."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a query: `text` without its signs, from `start` to `end` (exclusive) of the query.

    For a field `text` is its name as it was written. A word is `unclosed` that begins with a quote nothing closes.
    """

    kind: Kind
    text: str
    start: int
    end: int
    excluded: bool = False
    values: tuple[Value, ...] = ()
    unclosed: bool = False


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of a query, in order. They do not overlap; between them is nothing but white space."""
    at = _end(_SPACE, text, 0)
    while at < len(text):
        piece = piece_at(text, at)
        yield piece
        at = _end(_SPACE, text, piece.end)


def piece_at(text: str, start: int) -> Piece:
    """The piece that begins at `start`, where there is no white space."""
    end = _end(_WORD, text, start)
    word = text[start:end]
    minus = word.startswith("-") and (_EXCLUDED.match(word) is not None or (word[1:2] in _QUOTES and len(word) > 2))
    at = start + minus
    if field := _FIELD.match(text, at):
        values, stop = _values(text, field.end())
        return Piece(Kind.FIELD, field[1], start, stop, minus, values)
    if word[minus : minus + 1] in _QUOTES and not text[at + 1 : at + 2].isspace():
        closing = _closing(text, at)
        if closing >= 0:
            return Piece(Kind.PHRASE, text[at + 1 : closing], start, closing + 1, minus)
        return Piece(Kind.WORD, word, start, end, unclosed=True)
    prefix = _PREFIX.fullmatch(word, minus)
    if prefix and (len(prefix[1]) >= _SHORTEST_PREFIX or not prefix[1].isascii()):
        return Piece(Kind.PREFIX, prefix[1], start, end, minus)
    return Piece(Kind.WORD, word[minus:], start, end, minus)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _closing(text: str, at: int) -> int:
    """Where the quote that opens at `at` is closed, -1 if it is not."""
    found = (text.find(one, at + 1) for one in {*_QUOTES[text[at]], '"'})
    return min((one for one in found if one >= 0), default=-1)


def _values(text: str, at: int) -> tuple[tuple[Value, ...], int]:
    """The values behind a field's colon, set apart by commas, and where they end. A value may be quoted."""
    values: list[Value] = []
    while True:
        closing = _closing(text, at) if text[at : at + 1] in _QUOTES else -1
        if closing >= 0:
            end = closing + 1
            values.append(Value(text[at + 1 : closing].strip(), at, end, quoted=True))
        else:
            end = _end(_VALUE, text, at)
            if end > at:
                values.append(Value(text[at:end], at, end))
        if not text.startswith(",", end):
            return tuple(values), end
        at = end + 1
