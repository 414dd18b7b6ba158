"""Is the best that was found any good?

Two signs, each from 0 to 1: the cosine of the nearest message, and the share of the query's words that one of the first
three hits has. Their sum tells questions that the store can answer from such that it cannot. Measured with the static
model on 1,920 pairs of a question and a store, from four labelled sets: at 0.99 or more are 90 % of the first and 20 %
of the second, below 0.74 are 2 % and 49 %.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.model import Hit, Match
from workbench.text.snippets import Highlighter

_GOOD, _WEAK = 0.99, 0.74  # of both signs together; of one alone, half of it
_LOOKED_AT = 3  # hits


def judge(hits: Sequence[Hit], highlighter: Highlighter, best_cosine: float | None) -> Match:
    """How well the first of `hits` answer a query, whose words `highlighter` knows.

    `best_cosine` is None where no vector was compared. What was found by filters alone is good.
    """
    if not hits:
        return Match.NONE
    signs = [] if best_cosine is None else [best_cosine]
    if highlighter.terms:
        signs.append(max(highlighter.share(hit.content or hit.snippet) for hit in hits[:_LOOKED_AT]))
    if not signs:
        return Match.GOOD
    total = 2 * sum(signs) / len(signs)
    return Match.GOOD if total >= _GOOD else Match.WEAK if total >= _WEAK else Match.NONE
