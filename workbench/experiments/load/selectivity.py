"""Filters that keep a chosen share of any store, and what filtering costs in recall and time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from workbench.embedding import Embedder
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.load.recall import Floats, recall_at
from workbench.model import Filters, Hit, Query
from workbench.search import SearchEngine
from workbench.search.vector_leg import search_vectors
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import NO_TIME, ROLES

SHARES = (0.5, 0.05, 0.005, 0.0005)
Mask = NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WINDOW_AT = 0.3  # where in time the windows begin, as a share of the messages
_WARM = 10
_CLOSE = 2.0  # a combination without dates counts for a share if it keeps half to twice as many


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A filter meant to keep `share` of the searched messages, with the messages it keeps as a mask of our own making.

    The mask is made from the columns directly, not by the search's filters, so that it can check them.
    """

    name: str
    share: float
    filters: Filters
    mask: Mask

    @property
    def kept(self) -> int:
        """How many messages it keeps."""
        return int(np.count_nonzero(self.mask))


@dataclass(frozen=True, slots=True)
class FilterCost:
    """One filter: recall@k of the vector leg against the exact filtered answer, and what is missing or wrong.

    `short` counts queries that gave fewer than k hits though k messages are allowed, `outside` hits that the filter
    does not allow. `unfiltered` is the latency of the same queries without it.
    """

    name: str
    share: float
    kept: int
    kept_share: float
    queries: int
    recall: float
    worst: float
    short: int
    outside: int
    latency: Latency
    unfiltered: Latency
    plans: dict[str, int]

    @property
    def slowdown(self) -> float:
        """p95 with the filter by p95 without."""
        return self.latency.p95 / self.unfiltered.p95 if self.unfiltered.p95 else 0.0


def narrowings(snapshot: Snapshot, shares: Sequence[float] = SHARES) -> list[Narrowing]:
    """Filters for each share: by date, by role and date, by assistant, role and date, by conversation.

    Those that the store has no room for (no times, no conversation of that length) are left out.
    """
    out: list[Narrowing] = []
    for share in shares:
        out.extend(one for one in _for_share(snapshot, share) if one.kept)
    return out


def measure_filters(
    engine: SearchEngine, embedder: Embedder, queries: Sequence[str], *, k: int = 10
) -> list[FilterCost]:
    """What each filter of `narrowings` costs, by `queries` searched one after another."""
    snapshot = engine.snapshot
    vectors = snapshot.vectors.centre(embedder.embed(queries))
    exact = [_by_message(snapshot, snapshot.vectors.cosines(vector)) for vector in vectors]
    for text in queries:  # the engine keeps the vectors of queries: from here on none is embedded
        engine.search(Query(text, k, plain=True))
    out = []
    for narrowing in narrowings(snapshot):
        recalls = [_leg_recall(engine, narrowing, vectors[i], exact[i], k) for i in range(len(queries))]
        out.append(_cost(engine, narrowing, queries, recalls, k))
    return out


def _cost(
    engine: SearchEngine, narrowing: Narrowing, queries: Sequence[str], recalls: list[float], k: int
) -> FilterCost:
    short = outside = 0
    seconds, without = np.empty(len(queries)), np.empty(len(queries))
    plans: dict[str, int] = {}
    wanted = min(k, narrowing.kept)
    for text in queries[:_WARM]:
        engine.search(Query(text, k, filters=narrowing.filters, plain=True))
    for number, text in enumerate(queries):
        # Turn by turn, so that what else the machine does falls on both alike.
        begun = time.perf_counter()
        engine.search(Query(text, k, plain=True))
        middle = time.perf_counter()
        result = engine.search(Query(text, k, filters=narrowing.filters, plain=True))
        seconds[number], without[number] = time.perf_counter() - middle, middle - begun
        short += len(result) < wanted
        outside += sum(not passes(hit, narrowing.filters) for hit in result)
        way = result.plan.get("vector", "none").split(",")[0].split(" ")[0]
        plans[way] = plans.get(way, 0) + 1
    searched = int(np.count_nonzero(engine.snapshot.columns.searched))
    return FilterCost(
        narrowing.name, narrowing.share, narrowing.kept, narrowing.kept / searched, len(queries),
        float(np.mean(recalls)), float(np.min(recalls)), short, outside, latency_of(seconds), latency_of(without),
        plans,
    )  # fmt: skip


def _leg_recall(engine: SearchEngine, narrowing: Narrowing, vector: Floats, exact: Floats, k: int) -> float:
    snapshot = engine.snapshot
    [leg] = search_vectors(snapshot, vector[None], engine.tuning.vector_candidates, [narrowing.mask])
    found = leg.ranking.ordinals[:k]
    inside = found[narrowing.mask[found]]
    allowed = exact[narrowing.mask]
    return recall_at(k, exact[inside], allowed[~np.isnan(allowed)])


def _by_message(snapshot: Snapshot, cosines: Floats) -> Floats:
    """The best cosine of each message's vectors, by ordinal; nan for a message without one."""
    columns = snapshot.columns
    out = np.full(len(columns.searched), -np.inf, np.float32)
    np.maximum.at(out, columns.owners, np.repeat(cosines, np.diff(columns.owner_offsets)))
    out[np.isneginf(out)] = np.nan
    return out


def passes(hit: Hit, filters: Filters) -> bool:
    """Whether a filter allows a hit, judged by what the hit says of itself."""
    timed = hit.created_at is not None
    return (
        (not filters.assistants or hit.assistant in filters.assistants)
        and (not filters.roles or hit.role in filters.roles)
        and (filters.after is None or (timed and hit.created_at >= filters.after))  # type: ignore[operator]
        and (filters.before is None or (timed and hit.created_at < filters.before))  # type: ignore[operator]
        and (not filters.conversation_ids or hit.conversation_id in filters.conversation_ids)
    )


def _for_share(snapshot: Snapshot, share: float) -> Iterator[Narrowing]:
    columns = snapshot.columns
    searched = np.asarray(columns.searched)
    wanted = max(1, round(share * int(np.count_nonzero(searched))))
    busiest = int(np.bincount(columns.assistant[searched]).argmax())
    by_assistant = searched & (columns.assistant == busiest)
    by_role = searched & (columns.role == ROLES.index("user"))
    name, assistant, role = snapshot.assistants[busiest], (snapshot.assistants[busiest],), ("user",)
    for label, base, filters in (
        ("dates", searched, Filters()),
        ("role and dates", by_role, Filters(roles=role)),
        ("assistant, role and dates", by_assistant & by_role, Filters(assistants=assistant, roles=role)),
    ):
        if (window := _window(snapshot, base, wanted)) is not None:
            after, before, mask = window
            kept = replace(filters, after=after, before=before)
            yield Narrowing(f"{label} ({name})" if filters.assistants else label, share, kept, mask)
    for label, mask, filters in (
        (f"assistant ({name})", by_assistant, Filters(assistants=assistant)),
        ("role (user)", by_role, Filters(roles=role)),
        (f"assistant ({name}) and role", by_assistant & by_role, Filters(assistants=assistant, roles=role)),
    ):
        if wanted / _CLOSE <= np.count_nonzero(mask) <= wanted * _CLOSE and np.count_nonzero(mask) < searched.sum():
            yield Narrowing(label, share, filters, mask)
    yield from _conversation(snapshot, searched, wanted, share)


def _window(snapshot: Snapshot, base: Mask, wanted: int) -> tuple[datetime, datetime, Mask] | None:
    """The stretch of time that holds about `wanted` messages of `base`; None if so many have no time."""
    times = np.asarray(snapshot.columns.time)
    timed = np.sort(times[base & (times != NO_TIME)])
    if len(timed) <= wanted:
        return None
    start = min(int(_WINDOW_AT * len(timed)), len(timed) - wanted - 1)
    first, last = int(timed[start]), int(timed[start + wanted])
    if last <= first:
        return None
    mask = base & (times != NO_TIME) & (times >= first) & (times < last)
    return _EPOCH + timedelta(microseconds=first), _EPOCH + timedelta(microseconds=last), mask


def _conversation(snapshot: Snapshot, searched: Mask, wanted: int, share: float) -> Iterator[Narrowing]:
    sizes = np.bincount(snapshot.columns.conversation[searched])
    nearest = int(np.abs(sizes - wanted).argmin())
    if wanted / _CLOSE <= sizes[nearest] <= wanted * _CLOSE:
        identifier = bytes(snapshot.texts.conversation_ids[nearest]).decode()
        mask = searched & (snapshot.columns.conversation == nearest)
        yield Narrowing("conversation", share, Filters(conversation_ids=(identifier,)), mask)
