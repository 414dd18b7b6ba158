"""How many messages have each value of each facet, from the columns: a count of codes, no second search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import KINDS, NO_MONTH, ROLES

Facets = dict[str, list[tuple[str, int]]]


def facet_counts(snapshot: Snapshot, messages: NDArray[np.bool_] | NDArray[np.int64]) -> Facets:
    """For each facet its values among `messages` with counts.

    Facets are assistant, role, month, project, model, kind, language, and for memories category and label. `messages`
    is a mask (messages,) or ordinals, each once. Months are in UTC, like 2025-03. Values are ordered by count, equals
    by name; what no message has is left out. A message counts for each of its kinds, languages and labels.
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
        "language": _counted(
            np.bincount(_owned(columns.language_owner, columns.language, messages)), columns.language_names
        ),
        "category": _counted(np.bincount(columns.category[at]), columns.category_names),
        "label": _counted(np.bincount(_owned(columns.label_owner, columns.label, messages)), columns.label_names),
    }


def added(counts: Facets, more: Facets) -> Facets:
    """The counts of two sets of messages together."""
    both = {name: Counter(dict(counts.get(name, []))) + Counter(dict(values)) for name, values in more.items()}
    return {name: _ordered(list(values.items())) for name, values in both.items()}


def month_name(month: int) -> str:
    """A month as counted from January 1970, like 2025-03."""
    return f"{1970 + month // 12:04}-{month % 12 + 1:02}"


def _owned(
    owners: NDArray[np.int32], codes: NDArray[Any], messages: NDArray[np.bool_] | NDArray[np.int64]
) -> NDArray[Any]:
    """The codes that `messages` own, one for each of a message's languages or labels."""
    if messages.dtype == np.bool_:
        return np.asarray(codes[messages[owners]])
    low = np.searchsorted(owners, messages, "left")  # the owners are sorted
    high = np.searchsorted(owners, messages, "right")
    counts = high - low
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(codes[np.repeat(low, counts) + within])


def _counted(counts: NDArray[np.int64], names: Sequence[str] | NDArray[np.str_]) -> list[tuple[str, int]]:
    return _ordered([(str(names[code]), int(counts[code])) for code in np.flatnonzero(counts).tolist() if names[code]])


def _ordered(counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda one: (-one[1], one[0]))
