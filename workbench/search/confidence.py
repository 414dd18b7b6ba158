"""Is the best that was found any good?

Two signs, each from 0 to 1: the cosine of the nearest message, and the share of the query's words that one of the first
three hits has. Their sum tells questions that the store can answer from such that it cannot. Measured with the static
model on 1,920 pairs of a question and a store, from four labelled sets: at 0.99 or more are 90 % of the first and 20 %
of the second, below 0.74 are 2 % and 49 %.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.model import Match

_GOOD, _WEAK = 0.99, 0.74  # of both signs together; of one alone, half of it
_LOOKED_AT = 3  # hits


def judge(shares: Sequence[float] | None, best_cosine: float | None, *, found: bool) -> Match:
    """How well the best hits answer a query.

    `shares` has for each hit the share of the query's words in it (None: a query without words), `best_cosine` is None
    where no vector was compared. What was found by filters alone is good.
    """
    if not found:
        return Match.NONE
    signs = [] if best_cosine is None else [best_cosine]
    if shares is not None:
        signs.append(max(shares[:_LOOKED_AT]))
    if not signs:
        return Match.GOOD
    total = 2 * sum(signs) / len(signs)
    return Match.GOOD if total >= _GOOD else Match.WEAK if total >= _WEAK else Match.NONE
