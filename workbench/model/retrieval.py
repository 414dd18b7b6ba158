"""What a search takes and gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from workbench.model.conversation import MessageKind, Role
from workbench.model.filters import Filters

DEFAULT_ALPHA = 0.3  # measured: see workbench.search.tuning
MODES: Mapping[str, float | None] = {"hybrid": None, "lexical": 0.0, "semantic": 1.0}
"""Names of weights; None is the store's own."""


@dataclass(frozen=True, slots=True)
class Query:
    """One search.

    `text` is in the query language unless `plain`. `alpha` weighs the vector leg against the lexical one: 0 is lexical
    only, 1 vectors only; None is the weight that the store is tuned to, DEFAULT_ALPHA for most. `cursor` is that of the
    page before. With `by_conversation` a conversation is found once, by its best message. `explain` asks for what each
    leg contributed to each hit, `facets` for counts of what matches. After `timeout_ms` milliseconds the stages that
    remain are left out and what is there is given, marked partial.
    """

    text: str
    k: int = 10
    alpha: float | None = None
    filters: Filters = field(default_factory=Filters)
    thread_context: bool = True
    cursor: str | None = None
    by_conversation: bool = False
    plain: bool = False
    explain: bool = True
    facets: bool = False
    timeout_ms: float | None = None


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
    """One found message.

    `highlights` are (start, end) character offsets into `snippet`. `legs` is empty unless the query asked for it.
    `others` counts the further hits in the same conversation where hits are grouped by conversation. `category`,
    `confidence` and `labels` are those of a memory; other messages have none.
    """

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
    others: int = 0
    category: str | None = None
    confidence: float | None = None
    labels: tuple[str, ...] = ()


class Match(StrEnum):
    """How well the best hit answers the query."""

    GOOD = "good"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one query.

    `timings_ms` gives milliseconds per stage, of all `batch` queries that were answered together; `plan` says in words
    how each leg was run; `notes` holds what the reader must know to trust the answer (a leg that was not available, for
    example), `advice` what would make it better or faster. `candidates` messages were scored. `cursor` asks for the
    next page, None after the last. `version` is that of the engine when it answered. `partial` says that time ran out.
    `facets`, if the query asked for them, maps each facet to its values with counts: of all messages with any of the
    query's words that pass its filters.
    """

    query: Query
    hits: tuple[Hit, ...]
    generation: int
    timings_ms: Mapping[str, float]
    plan: Mapping[str, str]
    candidates: int
    notes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    match: Match = Match.GOOD
    cursor: str | None = None
    partial: bool = False
    batch: int = 1
    facets: Mapping[str, list[tuple[str, int]]] = field(default_factory=dict)
    version: str = ""

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)
