"""One query on its way through the stages: what was understood, what it may find, what is noted about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from workbench.errors import QueryError
from workbench.index import Clauses
from workbench.model import Query, Words
from workbench.search.filters import Mask, narrow
from workbench.search.language import ParsedQuery, parse
from workbench.search.names import Names
from workbench.search.paging import DEPTHS, Place, decode
from workbench.search.scoring import Wish
from workbench.snapshot import JournalTail, Snapshot
from workbench.text.persons import is_personal

MAX_CHARACTERS = 10_000
MAX_RESULTS = 1_000


@dataclass(slots=True)
class Request:
    """A checked query of `view`, a generation with what was remembered since.

    `alpha` is the weight of the vectors. `mask` (messages,) says what may be found, None for all. `by_meaning` is set
    once there is a vector to compare; `full` once a leg has listed as much as it may, so that a greater depth would
    find more.
    """

    view: Snapshot
    query: Query
    alpha: float
    words: Words
    clauses: Clauses | None
    mask: Mask | None
    place: Place
    deadline: float
    by_meaning: bool = False
    full: bool = False
    partial: bool = False
    plan: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def wish(self) -> Wish:
        """How it is to be ranked."""
        alpha = self.alpha if self.by_meaning else 0.0
        context = self.query.thread_context and bool(self.words.text)
        return Wish(alpha, context, is_personal(self.words.text))

    def deeper(self, candidates: int) -> int:
        """How many candidates a leg lists at the depth of this page."""
        return candidates * DEPTHS[self.place.depth]

    def at_depth(self, depth: int) -> Request:
        """The same request at another depth, with nothing noted."""
        return replace(self, place=replace(self.place, depth=depth, offset=0, previous=0), plan={}, notes=[])

    def run_out(self, why: str) -> None:
        """Note that the answer is not all that it could be."""
        self.partial = True
        self.notes.append(f"This answer is not complete: {why}.")


class Stopwatch:
    """Milliseconds per stage."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.timings: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a `with` block."""
        begun = time.perf_counter()
        yield
        self.timings[name] = (time.perf_counter() - begun) * 1000

    def elapsed(self) -> float:
        """Milliseconds since the start."""
        return (time.perf_counter() - self.started) * 1000


def prepare(
    tail: JournalTail, query: Query, started: float, names: Callable[[Snapshot], Names], own_alpha: float
) -> Request:
    """Check and understand one query.

    `tail` gives the view to search, `names` those of a view that filters in the text may speak of, `own_alpha` the
    weight of the vectors for a query that names none.

    Raises:
        QueryError: It says which part cannot be answered, and what is allowed.
        NotFoundError: The conversation to search in does not exist.
    """
    check(query)
    alpha = own_alpha if query.alpha is None else query.alpha
    query = replace(query, alpha=alpha)
    place = decode(query, tail.generation)
    view = tail.view(place.as_of)
    parsed = understand(query, lambda: names(view))
    mask, clauses = narrow(view, query.filters & parsed.filters, parsed.words)
    return Request(
        view=view,
        query=query,
        alpha=alpha,
        words=parsed.words,
        clauses=clauses,
        mask=mask,
        place=place,
        deadline=np.inf if query.timeout_ms is None else started + query.timeout_ms / 1000,
        notes=list(parsed.notes),
    )


def understand(query: Query, names: Callable[[], Names]) -> ParsedQuery:
    """What the text of a checked query says.

    Raises:
        QueryError: It says which part cannot be understood.
    """
    if query.plain:
        return ParsedQuery(Words(query.text.strip()))
    known = names() if ":" in query.text else None
    return parse(query.text, now=datetime.now().astimezone(), known=known)


def check(query: Query) -> None:
    """Refuse numbers and dates that are out of range.

    Raises:
        QueryError: It says which, and what is allowed.
    """
    if not query.text.strip():
        raise QueryError("the query is empty", "", "say what to look for")
    if len(query.text) > MAX_CHARACTERS:
        raise QueryError(f"the query has {len(query.text):,} characters", f"at most {MAX_CHARACTERS:,} are taken")
    if not 1 <= query.k <= MAX_RESULTS:
        raise QueryError(f"k is {query.k}", "", f"give a number from 1 to {MAX_RESULTS:,}")
    if query.alpha is not None and not 0.0 <= query.alpha <= 1.0:
        raise QueryError(f"alpha is {query.alpha}", "", "give a number from 0 (words only) to 1 (vectors only)")
    confidence = query.filters.min_confidence
    if confidence is not None and not 0.0 <= confidence <= 1.0:
        raise QueryError(f"the least confidence is {confidence}", "", "give a number from 0 to 1")
    if query.timeout_ms is not None and query.timeout_ms <= 0:
        raise QueryError(f"the timeout is {query.timeout_ms} ms", "", "give a positive number, or none")
    if query.filters.after and query.filters.before and query.filters.after >= query.filters.before:
        raise QueryError("no time is both after and before the dates given", "", "exchange them")
