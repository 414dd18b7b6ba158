"""The constants of ranking, in one place, each with the measurement it comes from (docs/search.md has the tables)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """How hits are found and ranked.

    So many candidates are taken from each leg; the best of them counts 1, the last 0. A message gains
    `neighbour_weight` times the better fused score of its two neighbours in the thread if it has at most
    `short_characters`, linearly less with its length until `long_characters`, from where on it gains `long_share` of
    that: short turns cannot be understood without their thread, long answers are blurred by it. `own_prior` is added
    for what the person wrote.

    The weights, and DEFAULT_ALPHA of the model, are the best compromise over three sets that want different things:
    short human turns (LoCoMo), long AI chats whose evidence is what the person said (assistant_chats), and the samples,
    where answers count most. Chosen on the first half of the first two.
    """

    lexical_candidates: int = 200
    vector_candidates: int = 100
    neighbour_weight: float = 0.5
    short_characters: int = 200
    long_characters: int = 1000
    long_share: float = 0.6
    own_prior: float = 0.05


DEFAULT = Tuning()
