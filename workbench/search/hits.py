"""Turning ranked messages into hits: texts, snippets, and who contributed what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from workbench.model import Hit, LegScore, Role
from workbench.snapshot import Columns, Snapshot
from workbench.snapshot.catalog import NO_TIME, ROLES
from workbench.snapshot.texts import MESSAGE_KINDS
from workbench.text.snippets import Highlighter

_SNIPPET_SOURCE = 200_000  # characters of a message that are looked through for a snippet
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROLES = tuple(Role(name) for name in ROLES)


@dataclass(frozen=True, slots=True)
class Found:
    """A message that will be shown: its ordinal, score, what the legs gave it, and how many others it stands for."""

    ordinal: int
    score: float
    legs: tuple[LegScore, ...]
    others: int


def build_hits(
    snapshot: Snapshot, found: Sequence[Found], highlighter: Highlighter, *, previous: int = 0
) -> tuple[tuple[Hit, ...], list[float]]:
    """`found`, best first, as hits, and for each the share of the words looked for that it has.

    `previous` hits were on the pages before.
    """
    if not found:
        return (), []
    columns, texts = snapshot.columns, snapshot.texts
    ordinals = np.array([one.ordinal for one in found])
    conversations = columns.conversation[ordinals]
    told = zip(
        found, texts.ids[ordinals].tolist(), texts.conversation_ids[conversations].tolist(), conversations.tolist(),
        columns.assistant[ordinals].tolist(), columns.role[ordinals].tolist(), texts.kinds[ordinals].tolist(),
        texts.positions[ordinals].tolist(), columns.time[ordinals].tolist(), strict=True,
    )  # fmt: skip
    categories = columns.category[ordinals].tolist()
    hits = []
    shares = []
    for rank, (one, message, conversation_id, conversation, assistant, role, kind, position, time) in enumerate(told):
        content = texts.content[one.ordinal]
        source = (content or texts.carried[one.ordinal])[:_SNIPPET_SOURCE]
        shown = highlighter.snippet(source)
        shares.append(shown.share)
        hits.append(Hit(
            previous + rank + 1, one.score, message.decode(), conversation_id.decode(), snapshot.assistants[assistant],
            _ROLES[role], MESSAGE_KINDS[kind], texts.titles[conversation], position,
            None if time == NO_TIME else _EPOCH + timedelta(microseconds=time),
            shown.text, shown.highlights, content, one.legs, one.others,
            *(_memory_fields(columns, one.ordinal) if categories[rank] else ()),
        ))  # fmt: skip
    return tuple(hits), shares


def _memory_fields(columns: Columns, ordinal: int) -> tuple[str, float, tuple[str, ...]]:
    """Category, confidence and labels of a memory."""
    low, high = np.searchsorted(columns.label_owner, [ordinal, ordinal + 1])
    labels = tuple(columns.label_names[columns.label[low:high]].tolist())
    confidence = round(float(columns.confidence[ordinal]), 6)  # a column of float32: 0.9 is to be 0.9 again
    return str(columns.category_names[columns.category[ordinal]]), confidence, labels
