"""What was evaluated, counted: a strategy sees scores only through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from workbench.experiments.tuning.plan import Value, Values

Evaluate = Callable[[Values, float], float]
"""The score of parameters on a share (0 to 1) of the queries."""
Key = tuple[tuple[str, Value], ...]


class Spent(Exception):  # noqa: N818 - no fault, the end of a search
    """The budget is used up."""


@dataclass(slots=True)
class Ledger:
    """Evaluations by parameters and share; the same are not made twice.

    `budget` bounds `spent`, the queries asked in evaluations of all of them; None sets no bound. `path` has the best
    score on all queries after each evaluation that had a better one.
    """

    evaluate: Evaluate
    budget: float | None = None
    spent: float = 0.0
    count: int = 0
    scores: dict[tuple[Key, float], float] = field(default_factory=dict)
    path: list[tuple[float, float]] = field(default_factory=list)

    def score(self, values: Values, share: float = 1.0) -> float:
        """The score of some parameters.

        Raises:
            Spent: There is no budget left for it.
        """
        key = (key_of(values), share)
        if key in self.scores:
            return self.scores[key]
        if self.budget is not None and self.spent + share > self.budget + 1e-9:
            raise Spent
        found = self.scores[key] = self.evaluate(values, share)
        self.spent += share
        self.count += 1
        if share >= 1.0 and (not self.path or found > self.path[-1][1]):
            self.path.append((self.spent, found))
        return found

    @property
    def configurations(self) -> int:
        """How many different parameters were evaluated."""
        return len({key for key, _ in self.scores})

    def ranked(self) -> list[dict[str, Value]]:
        """The parameters that all queries were asked with, best first, equals in the order they were tried in."""
        full = [(score, key) for (key, share), score in self.scores.items() if share >= 1.0]
        return [dict(key) for _, key in sorted(full, key=lambda pair: -pair[0])]


def key_of(values: Mapping[str, Value]) -> Key:
    """Parameters as a key."""
    return tuple(sorted(values.items()))
