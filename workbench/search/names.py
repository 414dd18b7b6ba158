"""The names that filters can speak of: which there are in a snapshot, and what was meant by one that is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from workbench.errors import QueryError
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import KINDS, ROLES
from workbench.text.markdown import language_name

# What a filter speaks of, and the field of `Selection` that holds it.
SELECTED = {
    "assistant": "assistants",
    "role": "roles",
    "project": "projects",
    "model": "models",
    "kind": "kinds",
    "language": "languages",
    "category": "categories",
    "label": "labels",
    "conversation": "conversation_ids",
}
_SHOWN = 8  # names in a message
_MOST_TITLES = 50  # conversations that words of a title may stand for


@dataclass(frozen=True, slots=True)
class Names:
    """The values of each field, in the order of their codes, and the conversations by id with their titles."""

    values: Mapping[str, Sequence[str]]
    conversations: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, kind: str, wanted: str) -> str:
        """The value of field `kind` (one of SELECTED, but conversation) that `wanted` names, in any case.

        Raises:
            QueryError: There is none; it says which are near.
        """
        known = self.values[kind]
        for form in dict.fromkeys((wanted, *_synonyms(kind, wanted))):
            if found := next((name for name in known if name.casefold() == form.casefold()), None):
                return found
        raise QueryError(f"there is no {_CALLED[kind]} {wanted!r}", "", self._instead(kind, wanted))

    def matching(self, kind: str, wanted: str) -> tuple[str, ...]:
        """The values that `wanted` names: one, or for a model or project all that begin so.

        Raises:
            QueryError: There is none; it says which are near.
        """
        if kind in ("model", "project"):
            folded = wanted.casefold()
            exact = tuple(name for name in self.values[kind] if name.casefold() == folded)
            found = exact or tuple(name for name in self.values[kind] if name.casefold().startswith(folded))
            if found:
                return found
        return (self.resolve(kind, wanted),)

    def conversation_ids(self, wanted: str) -> tuple[str, ...]:
        """The conversations with that id, else whose id begins so, else with all these words in the title.

        Raises:
            QueryError: There is none, or there are too many.
        """
        if wanted in self.conversations:
            return (wanted,)
        found = [one for one in self.conversations if len(wanted) >= 4 and one.startswith(wanted.lower())]
        if not found:
            words = wanted.casefold().split()
            found = [
                one for one, title in self.conversations.items() if all(word in title.casefold() for word in words)
            ]
        if not found:
            near = get_close_matches(wanted, set(self.conversations.values()), 3, 0.5)
            hint = (
                f"did you mean {_either(near)}?" if near else "give an id, the beginning of one or words of the title"
            )
            raise QueryError(f"there is no conversation {wanted!r}", "", hint)
        if len(found) > _MOST_TITLES:
            raise QueryError(
                f"{len(found):,} conversations fit {wanted!r}", "", "give more words of the title, or an id"
            )
        return tuple(found)

    def _instead(self, kind: str, wanted: str) -> str:
        known = sorted(name for name in self.values[kind] if name)
        folded = {name.casefold(): name for name in known}
        near = [folded[one] for one in get_close_matches(wanted.casefold(), folded, 3, 0.6)]
        if near:
            return f"did you mean {_either(near)}?"
        if not known:
            return f"no message here has a {_CALLED[kind]}"
        rest = f" and {len(known) - _SHOWN:,} more" if len(known) > _SHOWN else ""
        return f"there are: {', '.join(known[:_SHOWN])}{rest}"


_CALLED = {
    "assistant": "assistant",
    "role": "role",
    "project": "project",
    "model": "model",
    "kind": "thing to have, called",
    "language": "language of code",
    "category": "category of memories",
    "label": "label of memories",
}
_ROLE_SYNONYMS = {
    "me": "user",
    "human": "user",
    "i": "user",
    "ai": "assistant",
    "bot": "assistant",
    "model": "assistant",
}
_KIND_SYNONYMS = {
    "picture": "image", "photo": "image", "attachment": "file", "doc": "document", "canvas": "document",
    "source": "citation", "url": "link", "output": "execution_result", "result": "execution_result",
    "tool": "tool_call", "reasoning": "thinking", "plot": "chart", "voice": "audio", "recording": "audio",
}  # fmt: skip


def _synonyms(kind: str, wanted: str) -> tuple[str, ...]:
    """Other ways to write a value that people use."""
    word = wanted.casefold()
    if kind == "role":
        return (_ROLE_SYNONYMS.get(word, word),)
    if kind == "kind":
        singular = word[:-1] if word.endswith("s") else word
        return (singular, _KIND_SYNONYMS.get(word, word), _KIND_SYNONYMS.get(singular, singular))
    if kind == "language":
        return (language_name(wanted) or word,)
    return ()


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)


def values_of(snapshot: Snapshot) -> Mapping[str, Sequence[str] | NDArray[np.str_]]:
    """The values of each kind of SELECTED but conversations, in the order of their codes."""
    columns = snapshot.columns
    return {
        "assistant": snapshot.assistants,
        "role": ROLES,
        "project": columns.project_names,
        "model": columns.model_names,
        "kind": KINDS,
        "language": columns.language_names,
        "category": columns.category_names,
        "label": columns.label_names,
    }


def names_of(snapshot: Snapshot, titles: Mapping[str, str] | None = None) -> Names:
    """The names in a snapshot. `titles` are those of its published conversations, if they are known already."""
    published = titles_of(snapshot) if titles is None else titles
    new = range(len(published), len(snapshot.texts.conversation_ids))
    ids = snapshot.texts.conversation_ids
    return Names(
        {kind: list(values) for kind, values in values_of(snapshot).items()},
        {**published, **{ids[at].decode(): snapshot.texts.titles[at] for at in new}},
    )


def titles_of(snapshot: Snapshot) -> Mapping[str, str]:
    """The published conversations by id, with their titles. Takes a moment for many: keep it."""
    query = "SELECT id, coalesce(title, '') FROM conversations ORDER BY ordinal"
    return dict(snapshot.catalog.cursor().rows(query))
