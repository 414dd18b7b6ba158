"""The constants of ranking, in one place, each with the measurement it comes from (docs/search.md has the tables)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import UsageError
from workbench.model import DEFAULT_ALPHA

SCORES, RANKS = "score", "rrf"
FUSIONS = (SCORES, RANKS)
_MOST_CANDIDATES = 10_000
_FROM_ONE = ("lexical_candidates", "vector_candidates", "thread_characters", "short_characters", "rank_constant")


@dataclass(frozen=True, slots=True)
class Tuning:
    """How hits are found and ranked.

    So many candidates are taken from each leg. With `fusion` "score" the best of them counts 1, the last 0, and the
    others by their scores between; with "rrf" (reciprocal rank fusion) the one at rank r counts
    (`rank_constant` + 1) / (`rank_constant` + r). The sum of both, weighted by `alpha` where the query names no other
    weight, is what a message matches. To it is added what the messages around match, times `thread_weight` and less
    the longer the message is (half of it at `thread_characters`): `exchange_weight` of the other half of the same
    exchange, `before_weight` and `after_weight` of the turns before and after by the same speaker, and of those two
    before and two after by anyone. Messages shorter than `long_characters` lose some of their match (`brevity_slope`
    for each factor e, no more below `short_characters`). Where the query speaks in the first person they lose nothing,
    and `own_prior` is added for what the person wrote.
    """

    lexical_candidates: int = 200
    vector_candidates: int = 100
    alpha: float = DEFAULT_ALPHA
    fusion: str = SCORES
    rank_constant: int = 60
    thread_weight: float = 1.0
    thread_characters: int = 2000
    exchange_weight: float = 0.4
    before_weight: float = 0.3
    after_weight: float = 0.2
    short_characters: int = 20
    long_characters: int = 1000
    brevity_slope: float = 0.2
    own_prior: float = 0.4

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Tuning:
        """The constants named in `values`, all others as they are by default.

        Raises:
            UsageError: A name is not known, or a value cannot be used. All are named.
        """
        kinds = {name: type(value) for name, value in asdict(cls()).items()}
        faults = [f"there is no {name!r}" for name in values if name not in kinds]
        faults += [f"{name} is {value!r}" for name, value in values.items() if name in kinds and not _fits(name, value)]
        if faults:
            raise UsageError("; ".join(faults), "", f"constants of ranking are: {', '.join(kinds)}")
        made = cls(**{name: kinds[name](value) for name, value in values.items()})
        if made.long_characters <= made.short_characters:
            raise UsageError(f"long_characters is {made.long_characters}", "short_characters is not less")
        return made

    @property
    def changed(self) -> dict[str, int | float | str]:
        """What differs from the defaults."""
        return {name: value for name, value in asdict(self).items() if value != getattr(DEFAULT, name)}


def _fits(name: str, value: Any) -> bool:
    """Whether a constant can have this value."""
    if name == "fusion":
        return value in FUSIONS
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        return False
    if isinstance(getattr(DEFAULT, name), int) and int(value) != value:
        return False
    if name in _FROM_ONE and value < 1:
        return False
    return value <= {"alpha": 1.0}.get(name, _MOST_CANDIDATES if name.endswith("_candidates") else math.inf)


DEFAULT = Tuning()
