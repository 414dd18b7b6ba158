"""What the person could change to get a better or quicker answer. Worked out only where an explanation is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workbench.search.request import Request
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import NO_TIME

_MOST_NAMED = 5


def advise(snapshot: Snapshot, request: Request, hits: int) -> list[str]:
    """Advice for one answered request that found so many hits on its page."""
    advice = [*_of_words(snapshot, request, hits), *_of_filters(snapshot, request)]
    if request.partial:
        advice.append("A greater timeout_ms gives all stages their time.")
    if snapshot.manifest.counts["pending"]:
        advice.append("`workbench ingest` on any export embeds the texts that have no vector yet.")
    return advice


def _of_words(snapshot: Snapshot, request: Request, hits: int) -> Iterator[str]:
    missing = snapshot.lexical.missing(request.words.text)
    if snapshot.tail:
        missing = [term for term in missing if not snapshot.tail.words.has(term, snapshot.tail.count)]
    if missing:
        named = ", ".join(missing[:_MOST_NAMED])
        yield f"No message has: {named}. Check the spelling, or use beginnings, such as {missing[0][:4]}*."
    if not hits and request.words.phrases:
        yield "No message has all phrases. Without quotes their words are looked for wherever they stand."
    if request.alpha <= 0.0 and not hits:
        yield "Only words were searched. With meaning (a greater alpha) other ways to say it are found too."


def _of_filters(snapshot: Snapshot, request: Request) -> Iterator[str]:
    dated = request.clauses is not None and (request.clauses.spans or request.clauses.unwanted_spans)
    if dated:
        columns = snapshot.columns
        timeless = int(np.count_nonzero(columns.searched & (columns.time == NO_TIME)))
        if timeless:
            yield f"{timeless:,} messages have no time and pass no filter on dates."
