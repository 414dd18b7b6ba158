"""Filters as a mask over all messages, and as clauses for the lexical index: exact, a few passes over columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import NotFoundError
from workbench.index import Clauses, microseconds, tag
from workbench.model import MEMORY_ASSISTANT, Filters, Period, Selection, Words
from workbench.search.names import SELECTED, Names, values_of
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import NO_TIME

Mask = NDArray[np.bool_]
_COMPARED = 16


def narrow(snapshot: Snapshot, filters: Filters, words: Words | None = None) -> tuple[Mask | None, Clauses | None]:
    """Which messages may be found, shape (messages,), None for all that are searched; and `filters` as exact clauses.

    The phrases and exclusions of `words` bind meaning as they bind words, so they count in the mask too.

    Raises:
        QueryError: A filter names what is not in the store.
        NotFoundError: A conversation does not exist.
    """
    parts = _parts(snapshot, filters)
    restricted = words is not None and words.restrict
    if not parts and not restricted:
        return None, None
    mask = snapshot.columns.searched.copy()
    _keep(mask, snapshot, parts)
    if words is not None and words.restrict:
        _restrict(mask, snapshot, words)
    return mask, _clauses(snapshot, parts) if parts else None


def _restrict(mask: Mask, snapshot: Snapshot, words: Words) -> None:
    """Take out of `mask` what lacks a phrase or has something excluded."""
    required, excluded = snapshot.lexical.matching(words)
    tail = snapshot.tail
    if required is not None:
        there = np.zeros(len(mask), np.bool_)
        there[required] = True
        if tail is not None and (having := tail.words.having_all(words.phrases, tail.count)) is not None:
            there[tail.first :] = having
        mask &= there
    if excluded is not None:
        mask[excluded] = False
    if tail is not None:
        mask[tail.first :] &= ~tail.words.having_any(words.excluded, words.excluded_prefixes, tail.count)


def allowed(snapshot: Snapshot, filters: Filters, words: Words | None = None) -> Mask | None:
    """The mask of `narrow`. Raises what it raises."""
    return narrow(snapshot, filters, words)[0]


@dataclass(frozen=True, slots=True)
class _Part:
    """Filters with the codes of what they want and of what they exclude, by field."""

    filters: Filters
    wanted: Mapping[str, list[int]]
    unwanted: Mapping[str, list[int]]


def _parts(snapshot: Snapshot, filters: Filters) -> list[_Part]:
    """All of `filters`, `also` included, with every name looked up; none where nothing is filtered."""
    if not filters.any:
        return []
    return [_Part(one, _codes(snapshot, one.selection), _codes(snapshot, one.excluded)) for one in _flat(filters)]


def _clauses(snapshot: Snapshot, parts: Sequence[_Part]) -> Clauses:
    relabelled = snapshot.tail is not None and snapshot.tail.updates
    wanted, unwanted = [], []
    spans: list[tuple[tuple[int | None, int | None], ...]] = []
    unwanted_spans: list[tuple[int | None, int | None]] = []
    for part in parts:
        one = part.filters
        if relabelled:  # memories with other labels by now are tagged with their former ones
            part = _without_labels(part)
        wanted += [tags for tags in _tags(snapshot, part.wanted) if tags]
        unwanted += [name for tags in _tags(snapshot, part.unwanted) for name in tags]
        if one.min_confidence is not None or (relabelled and one.labels):
            wanted.append((tag("assistant", MEMORY_ASSISTANT),))
        if one.after or one.before:
            spans.append((tuple(microseconds(time) if time else None for time in (one.after, one.before)),))  # type: ignore[arg-type]
        if one.periods:
            spans.append(tuple(_span(period) for period in one.periods))
        unwanted_spans += [_span(period) for period in one.excluded.periods]
    exact = not relabelled and all(part.filters.min_confidence is None for part in parts)
    return Clauses(tuple(wanted), tuple(unwanted), tuple(spans), tuple(unwanted_spans), exact)


def _without_labels(part: _Part) -> _Part:
    wanted, unwanted = ({k: v for k, v in of.items() if k != SELECTED["label"]} for of in (part.wanted, part.unwanted))
    return replace(part, wanted=wanted, unwanted=unwanted)


def _keep(mask: Mask, snapshot: Snapshot, parts: Sequence[_Part]) -> None:
    """Take out of `mask` what the filters do not let pass."""
    time = snapshot.columns.time
    for part in parts:
        one = part.filters
        for kept in _masks(snapshot, part.wanted, one.periods):
            mask &= kept
        for unwanted in _masks(snapshot, part.unwanted, one.excluded.periods):
            mask &= ~unwanted
        if one.after or one.before:
            mask &= time != NO_TIME
        if one.after:
            mask &= time >= microseconds(one.after)
        if one.before:
            mask &= time < microseconds(one.before)
        if one.min_confidence is not None:
            mask &= snapshot.columns.confidence >= np.float32(one.min_confidence)  # no confidence is not a number


def _flat(filters: Filters) -> Iterable[Filters]:
    yield filters
    for other in filters.also:
        yield from _flat(other)


def _span(period: Period) -> tuple[int, int]:
    return microseconds(period.start), microseconds(period.end)


def _masks(snapshot: Snapshot, code: Mapping[str, list[int]], periods: Sequence[Period]) -> Iterable[Mask]:
    """A mask for each property that is named, and one for the periods if there are any."""
    columns = snapshot.columns
    coded: dict[str, NDArray[Any]] = {
        "assistants": columns.assistant,
        "roles": columns.role,
        "projects": columns.project,
        "models": columns.model,
        "categories": columns.category,
        "conversation_ids": columns.conversation,
    }
    for name, column in coded.items():
        if name in code:
            yield _any_of(column, code[name])
    if "kinds" in code:
        yield (columns.kinds & np.bitwise_or.reduce([np.uint16(1 << kind) for kind in code["kinds"]])) != 0
    owned = {
        "languages": (columns.language_owner, columns.language),
        "labels": (columns.label_owner, columns.label),
    }
    for name, (owner, column) in owned.items():
        if name in code:
            mask = np.zeros(len(columns.searched), np.bool_)
            mask[owner[_any_of(column, code[name])]] = True
            yield mask
    if periods:
        mask = np.zeros(len(columns.searched), np.bool_)
        for start, end in map(_span, periods):
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
    codes: dict[str, list[int]] = {}
    for kind, values in values_of(snapshot).items():
        if wanted := getattr(selection, SELECTED[kind]):
            known = list(values)
            names = Names({kind: known})
            codes[SELECTED[kind]] = [known.index(names.resolve(kind, one)) for one in wanted]
    if selection.conversation_ids:
        codes[SELECTED["conversation"]] = conversation_ordinals(snapshot, selection.conversation_ids)
    return codes


def _tags(snapshot: Snapshot, code: Mapping[str, list[int]]) -> Iterable[tuple[str, ...]]:
    """For each property that is named the tags of what it names."""
    for kind, values in values_of(snapshot).items():
        yield tuple(tag(kind, values[one]) for one in code.get(SELECTED[kind], ()))
    yield tuple(tag("conversation", one) for one in code.get(SELECTED["conversation"], ()))


def conversation_ordinals(snapshot: Snapshot, identifiers: Iterable[str]) -> list[int]:
    """The ordinals of conversations by their ids, each once.

    Raises:
        NotFoundError: There is no such conversation.
    """
    known = snapshot.texts.conversation_ids
    published = snapshot.manifest.counts["conversations"]  # sorted: the catalog numbers conversations by their ids
    ordinals = []
    for one in dict.fromkeys(identifiers):
        at = int(np.searchsorted(known[:published], one.encode()))
        if at == published or bytes(known[at]) != one.encode():
            at = next((new for new in range(published, len(known)) if bytes(known[new]) == one.encode()), -1)
        if at < 0:
            raise NotFoundError(f"there is no conversation {one}", "", "ids are shown by `workbench search`")
        ordinals.append(at)
    return ordinals
