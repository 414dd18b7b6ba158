"""How many messages have each value of each facet, from the columns: a count of codes, no second search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import KINDS, NO_MONTH, ROLES

Facets = dict[str, list[tuple[str, int]]]


def facet_counts(snapshot: Snapshot, messages: NDArray[np.bool_] | NDArray[np.int64]) -> Facets:
    """For each facet (assistant, role, month, project, model, kind, language) its values among `messages` with counts.

    `messages` is a mask (messages,) or ordinals, each once. Months are in UTC, like 2025-03. Values are ordered by
    count, equals by name; what no message has is left out. A message counts for each of its kinds and languages.
    """
    columns = snapshot.columns
    at: Any = messages
    if messages.dtype == np.bool_:  # plain views, or ordinals found once: a third of the time
        at = slice(None) if messages.all() else np.flatnonzero(messages)
    month = columns.month[at]
    month = month[month != NO_MONTH].astype(np.int64)
    first = int(month.min()) if len(month) else 0
    sets = np.bincount(columns.kinds[at], minlength=1 << len(KINDS))  # how many carry each set of kinds
    members = np.arange(len(sets))
    of_kind = [int(sets[(members >> bit & 1) == 1].sum()) for bit in range(len(KINDS))]
    return {
        "assistant": _counted(np.bincount(columns.assistant[at]), snapshot.assistants),
        "role": _counted(np.bincount(columns.role[at]), ROLES),
        "month": _ordered([(month_name(first + i), int(n)) for i, n in enumerate(np.bincount(month - first)) if n]),
        "project": _counted(np.bincount(columns.project[at]), columns.project_names),
        "model": _counted(np.bincount(columns.model[at]), columns.model_names),
        "kind": _counted(np.array(of_kind), [str(kind) for kind in KINDS]),
        "language": _counted(np.bincount(_languages(snapshot, messages)), columns.language_names),
    }


def month_name(month: int) -> str:
    """A month as counted from January 1970, like 2025-03."""
    return f"{1970 + month // 12:04}-{month % 12 + 1:02}"


def _languages(snapshot: Snapshot, messages: NDArray[np.bool_] | NDArray[np.int64]) -> NDArray[np.uint16]:
    """The language codes of `messages`, one for each of a message's languages."""
    columns = snapshot.columns
    if messages.dtype == np.bool_:
        return columns.language[messages[columns.language_owner]]
    low = np.searchsorted(columns.language_owner, messages, "left")  # the owners are sorted
    high = np.searchsorted(columns.language_owner, messages, "right")
    counts = high - low
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    codes: NDArray[np.uint16] = columns.language[np.repeat(low, counts) + within]
    return codes


def _counted(counts: NDArray[np.int64], names: Sequence[str] | NDArray[np.str_]) -> list[tuple[str, int]]:
    return _ordered([(str(names[code]), int(counts[code])) for code in np.flatnonzero(counts).tolist() if names[code]])


def _ordered(counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda one: (-one[1], one[0]))
