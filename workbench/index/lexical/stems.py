"""Words as every index keeps them. What was worked out is kept for all indexes: it depends on none of them."""

from __future__ import annotations

from functools import lru_cache

from workbench.index.lexical.documents import analyzer
from workbench.text.terms import STOP_WORDS, asked, normalised

_STEMS_KEPT = 50_000
_QUERIES_KEPT = 256  # search, snippets and advice ask for those of one query
_STEMMED = analyzer(stemmed=True)
_PLAIN = analyzer(stemmed=False, folded=False)


@lru_cache(_STEMS_KEPT)
def stem(word: str) -> str:
    """The form in which an index keeps a word, empty if it does not."""
    found = _STEMMED.analyze(normalised(word))
    return found[0] if found else ""


@lru_cache(_QUERIES_KEPT)
def stems(text: str) -> tuple[str, ...]:
    """The forms in which an index keeps the words of a query worth looking up, each once.

    Stop words are left out unless nothing else remains.
    """
    words = _PLAIN.analyze(asked(text))
    wanted = [word for word in words if word not in STOP_WORDS] or words
    return tuple(dict.fromkeys(found for found in map(stem, wanted) if found))
