"""The constants of ranking, in one place, each with the measurement it comes from (docs/search.md has the tables)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """How hits are found and ranked.

    So many candidates are taken from each leg; the best of them counts 1, the last 0. The weighted sum of both is what
    a message matches. To it is added what the messages around match, less the longer the message is (half of it at
    `thread_characters`): `exchange_weight` of the other half of the same exchange, `before_weight` and `after_weight`
    of the turns before and after by the same speaker, and of those two before and two after by anyone. Messages
    shorter than `long_characters` lose some of their match (`brevity_slope` for each factor e, no more below
    `short_characters`). Where the query speaks in the first person they lose nothing, and `own_prior` is added for
    what the person wrote.
    """

    lexical_candidates: int = 200
    vector_candidates: int = 100
    thread_characters: int = 2000
    exchange_weight: float = 0.4
    before_weight: float = 0.3
    after_weight: float = 0.2
    short_characters: int = 20
    long_characters: int = 1000
    brevity_slope: float = 0.2
    own_prior: float = 0.4


DEFAULT = Tuning()
