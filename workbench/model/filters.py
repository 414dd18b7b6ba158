"""Which messages a search may find."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` (inclusive) to `end` (exclusive), both with a time zone."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Selection:
    """Properties of messages. Of one field any value will do, all fields that have values must fit.

    `models` are the models as exports name them; `kinds` what a message carries (the values of ArtifactKind, and
    "link"); `languages` the languages of its code. `categories` and `labels` are those of memories.
    `conversation_ids` are whole ids.
    """

    assistants: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    conversation_ids: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is named at all."""
        return self != type(self)()


@dataclass(frozen=True, slots=True)
class Filters:
    """Which messages may be found; an empty field allows all. Exact at every selectivity, hashable.

    The fields up to `periods` are those of Selection: a message passes that has one of the values of each. `after` is
    inclusive, `before` exclusive; a time without a zone is UTC. A message without a time passes no filter on times.
    With `min_confidence` only memories pass that have at least this confidence. A message that fits any one field of
    `excluded` is left out. All of `also` must let it pass too.
    """

    assistants: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    after: datetime | None = None
    before: datetime | None = None
    conversation_ids: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()
    categories: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    min_confidence: float | None = None
    excluded: Selection = Selection()
    also: tuple[Filters, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is filtered at all."""
        return self != _ALL

    @property
    def selection(self) -> Selection:
        """The properties that are wanted."""
        return Selection(**{one.name: getattr(self, one.name) for one in fields(Selection)})

    def __and__(self, other: Filters) -> Filters:
        """What lets a message pass that both let pass."""
        if self == _ALL or other == _ALL:
            return other if self == _ALL else self
        if any(getattr(self, name) and getattr(other, name) for name in _ONE_OF):
            return replace(self, also=(*self.also, other))
        wanted = {name: getattr(self, name) or getattr(other, name) for name in _ONE_OF}
        unwanted = {
            one.name: tuple(dict.fromkeys(getattr(self.excluded, one.name) + getattr(other.excluded, one.name)))
            for one in fields(Selection)
        }
        after = [one for one in (self.after, other.after) if one]
        before = [one for one in (self.before, other.before) if one]
        confidence = [one for one in (self.min_confidence, other.min_confidence) if one is not None]
        return Filters(
            **wanted,
            after=max(after, default=None),
            before=min(before, default=None),
            min_confidence=max(confidence, default=None),
            excluded=Selection(**unwanted),
            also=self.also + other.also,
        )


_ALL = Filters()
_ONE_OF = tuple(one.name for one in fields(Selection))
