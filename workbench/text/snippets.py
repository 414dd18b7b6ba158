"""The part of a message that shows why it was found.

Made for every hit of every search, so it goes by str.find over the whole text and looks closely only at the window that
is shown.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff\uff00-\uffef]")  # letters that the index keeps in another form
_SPACES = re.compile(r"[^\S ]|  ")  # anything but single spaces
_RUN = re.compile(r"\s+")
_MOST_MATCHES = 12  # of one word: in a long text they decide nothing more about where the best window is
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """What is shown of a text. `highlights` are (start, end) offsets into `text`.

    `share` is how many of the terms words of the whole text begin with, from 0 to 1.
    """

    text: str
    highlights: tuple[Span, ...]
    share: float


class Highlighter:
    """Makes the snippets of one search. `terms` are its words as the lexical index keeps them.

    `stem` maps one lower-cased word to that form.
    """

    def __init__(self, terms: frozenset[str], stem: Callable[[str], str]) -> None:
        self.terms = terms
        self._stem = stem
        self._wanted = [(term, _beginning(term)) for term in sorted(terms)]

    def snippet(self, text: str, *, width: int = 240) -> Snippet:
        """A window of about `width` characters with the most matches, on one line.

        Without a match the window is the beginning of the text. Cut ends are marked by an ellipsis.
        """
        lowered = _comparable(text)
        places, share = self._places(lowered)
        start, end = _word_bounds(text, _best_start([at for at, _ in places], width), width)
        spans = self._matches(text, lowered, places, start, end) if places else []
        window = text[start:end]
        if start:
            spans = [(a - start, b - start) for a, b in spans]
        if _SPACES.search(window):
            window, spans = _collapsed(window, spans)
        lead = "… " if start > 0 else ""
        tail = " …" if end < len(text) else ""
        shown = tuple((a + len(lead), b + len(lead)) for a, b in spans) if lead else tuple(spans)
        return Snippet(f"{lead}{window}{tail}", shown, share)

    def _places(self, lowered: str) -> tuple[list[tuple[int, int]], float]:
        """Where words of the terms may begin, in order, each with its term; and the share of the terms there are."""
        places: list[tuple[int, int]] = []
        seen = 0
        for number, (_, beginning) in enumerate(self._wanted):
            at = lowered.find(beginning)
            seen += at >= 0
            last = len(places) + _MOST_MATCHES
            while at >= 0 and len(places) < last:
                places.append((at, number))
                at = lowered.find(beginning, at + len(beginning))
        places.sort()
        return places, seen / max(1, len(self._wanted))

    def _matches(self, text: str, lowered: str, places: list[tuple[int, int]], start: int, end: int) -> list[Span]:
        """The words between `start` and `end` that are one of the terms; terms in other scripts wherever they stand."""
        found: list[Span] = []
        for at, number in places[bisect_left(places, (start, 0)) :]:
            if at >= end:
                break
            term, beginning = self._wanted[number]
            if not term.isascii():
                found.append((at, min(end, at + len(beginning))))
            elif at == start or not lowered[at - 1].isalnum():
                word = _WORD.match(text, at, end)
                if word is not None and self._stem(word.group().lower()) == term:
                    found.append(word.span())
        return _merged(found) if len(found) > 1 else found


def _comparable(text: str) -> str:
    """`text` in lower case and without accents, of the same length."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    if len(lowered) != len(text):  # "İ" becomes two characters
        lowered = "".join(character.lower()[0] for character in text)
    for letter in set(_ACCENTED.findall(lowered)):
        lowered = lowered.replace(letter, _base(letter))
    return lowered


@lru_cache(2_000)
def _base(letter: str) -> str:
    return unicodedata.normalize("NFKD", letter)[0]


def _beginning(term: str) -> str:
    """What all words with this stem begin with: a stem changes at most the last two letters."""
    return term if len(term) < 4 or not term.isascii() else term[: max(3, len(term) - 2)]


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for a, b in spans:
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return merged


def _best_start(places: list[int], width: int) -> int:
    """Start of the window that holds the most of `places`; the earliest of equals, with some text before the first."""
    if not places:
        return 0
    best = places[0]
    if places[-1] - best > width:
        counts = [bisect_left(places, at + width) - i for i, at in enumerate(places)]
        best = places[counts.index(max(counts))]
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


def _collapsed(window: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """The window with runs of white space as one space, and the spans, which begin and end with a word, in it."""
    line = ""
    moved: list[Span] = []
    at = 0
    for start, end in spans:
        line += _RUN.sub(" ", window[at:start])
        line = line if moved else line.lstrip()
        moved.append((len(line), len(line) + end - start))
        line += window[start:end]
        at = end
    line += _RUN.sub(" ", window[at:])
    return (line, moved) if moved else (line.lstrip(), moved)
