"""The part of a message that shows why it was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
Span = tuple[int, int]


def find_spans(text: str, terms: frozenset[str], stem: Callable[[str], str]) -> list[Span]:
    """Where the words of `text` whose stem is in `terms` stand, as (start, end) character offsets.

    `stem` maps one lower-cased word to the form the lexical index keeps. Terms in unspaced scripts are looked for as
    they are.
    """
    spans = [match.span() for match in _WORD.finditer(text) if match.group().isascii() or match.group().isalpha()]
    stems = {text[a:b]: None for a, b in spans}
    matching = {word for word in stems if stem(word.lower()) in terms}
    found = [(a, b) for a, b in spans if text[a:b] in matching]
    for term in terms:
        if not term.isascii():
            found.extend(match.span() for match in re.finditer(re.escape(term), text))
    return _merged(sorted(found))


def snippet(text: str, spans: Iterable[Span], *, width: int = 240) -> tuple[str, tuple[Span, ...]]:
    """A window of about `width` characters around the densest group of `spans`, on one line, and the spans within it.

    Without spans the window is the beginning of the text. Cut ends are marked by an ellipsis.
    """
    found = list(spans)
    start = _best_start(found, width)
    start, end = _word_bounds(text, start, width)
    window = text[start:end]
    lead = "… " if start > 0 else ""
    tail = " …" if end < len(text) else ""
    line, offsets = _one_line(window)
    inside = [(a - start, b - start) for a, b in found if a >= start and b <= end]
    shown = tuple((offsets[a] + len(lead), offsets[b] + len(lead)) for a, b in inside)
    return f"{lead}{line}{tail}", shown


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for a, b in spans:
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged


def _best_start(spans: list[Span], width: int) -> int:
    """Start of the window that holds the most spans; the earliest of equals, with some text before the first."""
    best, best_count = 0, 0
    for i, (a, _) in enumerate(spans):
        count = sum(1 for _, b in spans[i:] if b <= a + width)
        if count > best_count:
            best, best_count = a, count
    return max(0, best - width // 5) if best > width // 3 else 0


def _word_bounds(text: str, start: int, width: int) -> Span:
    """The window moved to the next spaces, if there are any near."""
    if start:
        space = text.find(" ", start, start + 30)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + width)
    if end < len(text):
        space = text.rfind(" ", max(start, end - 30), end)
        end = space if space > start else end
    return start, end


def _one_line(window: str) -> tuple[str, list[int]]:
    """The window with runs of white space as one space, and for each old offset the new one."""
    out: list[str] = []
    offsets: list[int] = []
    for character in window:
        offsets.append(len(out))
        if not character.isspace():
            out.append(character)
        elif out and out[-1] != " ":
            out.append(" ")
    offsets.append(len(out))
    return "".join(out), offsets
