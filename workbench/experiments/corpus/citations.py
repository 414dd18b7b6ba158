"""`[^1]` in a script's words, written the way each assistant marks its sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.experiments.corpus.script import Search, Source, Turn

MARKER = re.compile(r"\[\^(\d+)\]")


@dataclass(frozen=True, slots=True)
class Citation:
    """A source at the place where it is cited: character offsets into the written text, end exclusive."""

    start: int
    end: int
    matched: str
    number: int
    source: Source


def cited_sources(turn: Turn) -> tuple[Source, ...]:
    """All sources that the turn's searches found, in the order in which `[^1]`, `[^2]` ... number them."""
    return tuple(source for part in turn.parts if isinstance(part, Search) for source in part.sources)


def write_markers(text: str, sources: tuple[Source, ...], mark: str) -> tuple[str, tuple[Citation, ...]]:
    """Replace each `[^n]` by `mark` (with `{n}`, counted from 0) and say where it now stands.

    With an empty `mark` the citation covers the sentence before it.
    """
    pieces: list[str] = []
    found: list[Citation] = []
    length = last = 0
    for match in MARKER.finditer(text):
        number = int(match[1]) - 1
        before, written = text[last : match.start()], mark.replace("{n}", str(number))
        pieces += (before, written)
        length += len(before)
        start = length if mark else length - len(re.split(r"(?<=[.:!?])\s|\n", before)[-1])
        found.append(Citation(start, length + len(written), written, number, sources[number]))
        length += len(written)
        last = match.end()
    return "".join((*pieces, text[last:])), tuple(found)
