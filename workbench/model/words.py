"""The words of a search, without the rest of its language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """What is looked for in texts, as the person wrote it.

    `text` is all that is wanted, the words of phrases and the beginnings that prefixes name included: any of its words
    may match, more is better. Every one of `phrases` must be there; each of `prefixes` stands for all words that begin
    so. `excluded` holds words and phrases none of which may be there, `excluded_prefixes` beginnings of such.
    """

    text: str
    phrases: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    excluded_prefixes: tuple[str, ...] = ()

    @property
    def restrict(self) -> bool:
        """Whether some messages cannot match, however near their meaning."""
        return bool(self.phrases or self.excluded or self.excluded_prefixes)
