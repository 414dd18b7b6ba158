"""Filters as a mask over all messages, and as clauses for the lexical index: exact, a few passes over columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import NotFoundError
from workbench.index import Clauses, microseconds, tag
from workbench.model import Filters, Period, Selection, Words
from workbench.search.names import Names
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import KINDS, NO_TIME, ROLES

Mask = NDArray[np.bool_]
_COMPARED = 16


def allowed(snapshot: Snapshot, filters: Filters, words: Words | None = None) -> Mask | None:
    """Which messages may be found: shape (messages,). None: all that are searched.

    The phrases and exclusions of `words` bind meaning as they bind words, so they count here too.

    Raises:
        QueryError: A filter names what is not in the store.
        NotFoundError: A conversation does not exist.
    """
    if not filters.any and not (words and words.restrict):
        return None
    mask = snapshot.columns.searched.copy()
    _narrow(mask, snapshot, filters)
    if words and words.restrict:
        required, excluded = snapshot.lexical.matching(words)
        if required is not None:
            there = np.zeros(len(mask), np.bool_)
            there[required] = True
            mask &= there
        if excluded is not None:
            mask[excluded] = False
    return mask


def clauses(snapshot: Snapshot, filters: Filters) -> Clauses:
    """`filters` as the lexical index takes them; exact.

    Raises:
        QueryError: A filter names what is not in the store.
        NotFoundError: A conversation does not exist.
    """
    wanted, unwanted = [], []
    spans: list[tuple[tuple[int | None, int | None], ...]] = []
    unwanted_spans: list[tuple[int | None, int | None]] = []
    for one in _flat(filters):
        wanted += [tags for tags in _tags(snapshot, one.selection) if tags]
        unwanted += [name for tags in _tags(snapshot, one.excluded) for name in tags]
        if one.after or one.before:
            spans.append((tuple(microseconds(time) if time else None for time in (one.after, one.before)),))  # type: ignore[arg-type]
        if one.periods:
            spans.append(tuple(_span(period) for period in one.periods))
        unwanted_spans += [_span(period) for period in one.excluded.periods]
    return Clauses(tuple(wanted), tuple(unwanted), tuple(spans), tuple(unwanted_spans))


def _narrow(mask: Mask, snapshot: Snapshot, filters: Filters) -> None:
    """Take out of `mask` what `filters` does not let pass."""
    time = snapshot.columns.time
    for one in _flat(filters):
        for kept in _masks(snapshot, one.selection):
            mask &= kept
        for unwanted in _masks(snapshot, one.excluded):
            mask &= ~unwanted
        if one.after or one.before:
            mask &= time != NO_TIME
        if one.after:
            mask &= time >= microseconds(one.after)
        if one.before:
            mask &= time < microseconds(one.before)


def _flat(filters: Filters) -> Iterable[Filters]:
    yield filters
    for other in filters.also:
        yield from _flat(other)


def _span(period: Period) -> tuple[int, int]:
    return microseconds(period.start), microseconds(period.end)


def _masks(snapshot: Snapshot, selection: Selection) -> Iterable[Mask]:
    """A mask for each property that is named."""
    columns, code = snapshot.columns, _codes(snapshot, selection)
    coded: dict[str, NDArray[Any]] = {
        "assistants": columns.assistant,
        "roles": columns.role,
        "projects": columns.project,
        "models": columns.model,
        "conversation_ids": columns.conversation,
    }
    for name, column in coded.items():
        if name in code:
            yield _any_of(column, code[name])
    if "kinds" in code:
        yield (columns.kinds & np.bitwise_or.reduce([np.uint16(1 << kind) for kind in code["kinds"]])) != 0
    if "languages" in code:
        mask = np.zeros(len(columns.searched), np.bool_)
        mask[columns.language_owner[_any_of(columns.language, code["languages"])]] = True
        yield mask
    if selection.periods:
        mask = np.zeros(len(columns.searched), np.bool_)
        for start, end in map(_span, selection.periods):
            mask |= (columns.time >= start) & (columns.time < end)
        yield mask


def _any_of(column: NDArray[Any], codes: list[int]) -> Mask:
    """Where `column` has one of `codes`: few are compared one by one, many looked up (isin takes 40 times as long)."""
    if len(codes) <= _COMPARED:
        compared: Mask = np.logical_or.reduce([column == one for one in codes])
        return compared
    table = np.zeros(max(int(column.max(initial=0)), *codes) + 1, np.bool_)
    table[codes] = True
    looked_up: Mask = table[column]
    return looked_up


def _codes(snapshot: Snapshot, selection: Selection) -> dict[str, list[int]]:
    """The codes of what is named in each field that names something."""
    columns = snapshot.columns
    known = {
        "assistants": ("assistant", snapshot.assistants),
        "roles": ("role", ROLES),
        "projects": ("project", columns.project_names.tolist() if selection.projects else ()),
        "models": ("model", columns.model_names.tolist() if selection.models else ()),
        "kinds": ("kind", KINDS),
        "languages": ("language", columns.language_names.tolist() if selection.languages else ()),
    }
    codes: dict[str, list[int]] = {}
    for name, (kind, values) in known.items():
        if wanted := getattr(selection, name):
            names = Names({kind: values})
            codes[name] = [values.index(names.resolve(kind, one)) for one in wanted]
    if selection.conversation_ids:
        codes["conversation_ids"] = conversation_ordinals(snapshot, selection.conversation_ids)
    return codes


def _tags(snapshot: Snapshot, selection: Selection) -> Iterable[tuple[str, ...]]:
    """For each property that is named the tags of what it names."""
    code = _codes(snapshot, selection)
    columns = snapshot.columns
    named: dict[str, tuple[str, Any]] = {
        "assistants": ("assistant", snapshot.assistants),
        "roles": ("role", ROLES),
        "projects": ("project", columns.project_names),
        "models": ("model", columns.model_names),
        "kinds": ("kind", KINDS),
        "languages": ("language", columns.language_names),
    }
    for name, (kind, values) in named.items():
        yield tuple(tag(kind, values[one]) for one in code.get(name, ()))
    yield tuple(tag("conversation", one) for one in code.get("conversation_ids", ()))


def conversation_ordinals(snapshot: Snapshot, identifiers: Iterable[str]) -> list[int]:
    """The ordinals of conversations by their ids, each once.

    Raises:
        NotFoundError: There is no such conversation.
    """
    wanted = list(dict.fromkeys(identifiers))
    places = ", ".join("?" * len(wanted))
    rows = snapshot.catalog.cursor().rows(f"SELECT id, ordinal FROM conversations WHERE id IN ({places})", wanted)
    found = dict(rows)
    if missing := [one for one in wanted if one not in found]:
        raise NotFoundError(f"there is no conversation {missing[0]}", "", "ids are shown by `workbench search`")
    return [int(found[one]) for one in wanted]
