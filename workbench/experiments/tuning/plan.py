"""What is to be tuned: which parameters take which values, by which yardstick, and how many may be tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from workbench.errors import UsageError
from workbench.evaluation.significance import Scores

Value = int | float | str
"""Of one parameter."""
Values = Mapping[str, Value]
"""Of several parameters, by name."""

GRID, HALVING = "grid", "halving"
STRATEGIES = (GRID, HALVING)
OWN, SAMPLES = "own", "samples"
NDCG, MRR, RECALL = "ndcg@10", "mrr@10", "recall@10"
MEASURES = (NDCG, MRR, RECALL)
"""Of the hybrid answer, against judged queries."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One number for what a trial is worth; more is better.

        score = measure − floor_penalty · max(0, floor − vector recall@10) − ms_cost · CPU milliseconds a query

    `measure` is one of MEASURES. `floor` is the least share of the truly nearest texts that the vector index should
    find; what is missing costs `floor_penalty` times as much as quality does. `ms_cost` is how much of the measure a
    millisecond is worth.
    """

    measure: str = NDCG
    floor: float = 0.95
    floor_penalty: float = 1.0
    ms_cost: float = 0.005

    def score(self, quality: Scores, recall: Scores, cpu_ms: Scores) -> Scores:
        """What these figures are worth together, element by element."""
        return quality - self.floor_penalty * np.maximum(0.0, self.floor - recall) - self.ms_cost * cpu_ms

    def check(self) -> None:
        """Refuse what means nothing.

        Raises:
            UsageError: It says what.
        """
        if self.measure not in MEASURES:
            raise UsageError(f"there is no measure {self.measure!r}", "", f"give one of {', '.join(MEASURES)}")
        if not 0.0 <= self.floor <= 1.0:
            raise UsageError(f"the floor of the recall is {self.floor}", "", "give a number from 0 to 1")
        if self.ms_cost < 0 or self.floor_penalty < 0:
            raise UsageError("a cost is negative", "", "give 0 where something is to cost nothing")


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """A search for better parameters.

    `space` has the values to try of each parameter (`workbench.experiments.tuning.parameters` knows their names), a
    parameter that is not in it stays as it is. `start` is where a search begins, what it does not name is as in the
    store's present profile. `strategy` is one of STRATEGIES. `queries` says where judged queries come from: "own"
    (made of the store's messages), "samples", or a file in the form of data/samples/queries.jsonl; up to `count` of
    them are taken, the share `held_out` of which only judges the winner. `budget` bounds the evaluations, counted in
    evaluations of all queries (None: as many as the strategy wants). The best `finalists` are measured again side by
    side, `repeats` times. Everything drawn is drawn by `seed`.
    """

    space: Mapping[str, tuple[Value, ...]]
    start: Values = field(default_factory=dict)
    strategy: str = HALVING
    objective: Objective = field(default_factory=Objective)
    queries: str = OWN
    count: int = 300
    held_out: float = 0.5
    budget: float | None = None
    finalists: int = 4
    repeats: int = 3
    seed: int = 7
