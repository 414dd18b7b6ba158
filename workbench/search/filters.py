"""Filters as a mask over all messages: exact, and a fraction of a millisecond for a quarter of a million."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.errors import NotFoundError, QueryError
from workbench.index.lexical import microseconds
from workbench.model import Filters
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import NO_TIME, ROLES

Mask = NDArray[np.bool_]


def conversation_ordinal(snapshot: Snapshot, identifier: str | None) -> int | None:
    """The ordinal of a conversation by its id, None for None.

    Raises:
        NotFoundError: There is no such conversation.
    """
    if identifier is None:
        return None
    found = snapshot.catalog.cursor().value("SELECT ordinal FROM conversations WHERE id = ?", [identifier])
    if found is None:
        raise NotFoundError(f"there is no conversation {identifier}", "", "ids are shown by `workbench search`")
    return int(found)


def allowed(snapshot: Snapshot, filters: Filters, conversation: int | None) -> Mask:
    """Which messages may be found: shape (messages,).

    Raises:
        QueryError: An assistant or role is not one that the store knows.
    """
    columns = snapshot.columns
    mask = columns.searched.copy()
    if filters.assistants:
        mask &= np.isin(columns.assistant, _codes("assistant", filters.assistants, snapshot.assistants))
    if filters.roles:
        mask &= np.isin(columns.role, _codes("role", filters.roles, list(ROLES)))
    if filters.after or filters.before:
        mask &= columns.time != NO_TIME
    if filters.after:
        mask &= columns.time >= microseconds(filters.after)
    if filters.before:
        mask &= columns.time < microseconds(filters.before)
    if conversation is not None:
        mask &= columns.conversation == conversation
    return mask


def _codes(what: str, wanted: tuple[str, ...], known: list[str]) -> list[int]:
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise QueryError(f"{what} {unknown[0]!r} is not in this store", "", f"there are: {', '.join(known)}")
    return [known.index(name) for name in wanted]
