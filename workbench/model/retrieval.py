"""What a search takes and gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from workbench.model.conversation import MessageKind, Role

DEFAULT_ALPHA = 0.4  # measured: see workbench.search.tuning


@dataclass(frozen=True, slots=True)
class Filters:
    """Which messages may be found; an empty field allows all. Exact at every selectivity.

    `after` is inclusive, `before` exclusive, both UTC. A message without a time passes neither.
    """

    assistants: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    conversation_id: str | None = None

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return bool(self.assistants or self.roles or self.after or self.before or self.conversation_id)


@dataclass(frozen=True, slots=True)
class Query:
    """One search. `alpha` weighs the vector leg against the lexical one: 0 is lexical only, 1 vectors only."""

    text: str
    k: int = 10
    alpha: float = DEFAULT_ALPHA
    filters: Filters = field(default_factory=Filters)
    thread_context: bool = True


@dataclass(frozen=True, slots=True)
class LegScore:
    """What one leg of the search (or one adjustment) thought of a hit.

    `rank` counts from 1 within the leg and is None for an adjustment, or where the leg did not list the message;
    `score` is the leg's own (BM25, cosine); `contribution` is what it added to the hit's final score.
    """

    leg: str
    rank: int | None
    score: float | None
    contribution: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One found message. `highlights` are (start, end) character offsets into `snippet`."""

    rank: int
    score: float
    message_id: str
    conversation_id: str
    assistant: str
    role: Role
    kind: MessageKind
    title: str
    position: int
    created_at: datetime | None
    snippet: str
    highlights: tuple[tuple[int, int], ...]
    content: str
    legs: tuple[LegScore, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one query.

    `timings_ms` gives milliseconds per stage; `plan` says in words how each leg was run; `notes` holds what the
    reader must know to trust the answer (a leg that was not available, for example).
    """

    query: Query
    hits: tuple[Hit, ...]
    generation: int
    timings_ms: Mapping[str, float]
    plan: Mapping[str, str]
    candidates: int
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)
