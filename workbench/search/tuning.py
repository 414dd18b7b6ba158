"""The constants of ranking, in one place, each with the measurement it comes from (docs/search.md has the tables)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """How hits are found and ranked.

    `candidates` are taken from each leg before fusion. A message gains `neighbour_weight` times the better fused score
    of its two neighbours in the thread if it has at most `short_characters`, linearly less with its length until
    `long_characters`, from where on it gains nothing: short turns cannot be understood without their thread, long
    answers are blurred by it. `own_prior` is added for what the person wrote.
    """

    candidates: int = 200
    neighbour_weight: float = 0.3
    short_characters: int = 200
    long_characters: int = 1000
    own_prior: float = 0.1


DEFAULT = Tuning()
