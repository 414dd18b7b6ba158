"""What a search for better parameters found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.evaluation.significance import Estimate
from workbench.experiments.runs import HIGHER, LOWER, Figure, Run
from workbench.experiments.tuning.plan import TuningPlan, Value

KIND = "tuning"
VECTOR_RECALL = "vector recall@10"
BETTER, WORSE, SAME = "better", "worse", "no difference shown"


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of parameters, measured.

    `figures` has ndcg@10, mrr@10, recall@10 of the hybrid answer and "vector recall@10" (of the vector leg against
    comparing all), each a mean over `queries` queries with its 95 % interval; `by_kind` the first three of each kind
    of query. `score` is what the objective makes of them. Times are milliseconds: `cpu_ms` is CPU time of the process
    for a query (mean over queries), `p50_ms` and `p95_ms` wall time; `stages_ms` the mean of each stage. `share` is
    the share of the queries that was asked: a strategy may give up after few of them. `number` counts trials from 0
    in the order they were measured in.
    """

    number: int
    parameters: Mapping[str, Value]
    score: float
    figures: Mapping[str, Estimate]
    by_kind: Mapping[str, Mapping[str, Estimate]]
    queries: int
    share: float
    cpu_ms: float
    p50_ms: float
    p95_ms: float
    stages_ms: Mapping[str, float]
    build_seconds: float
    index_bytes: int

    @property
    def is_full(self) -> bool:
        """Whether all queries for searching were asked."""
        return self.share >= 1.0


@dataclass(frozen=True, slots=True)
class Effort:
    """What a search cost.

    `evaluations` counts how often some parameters were measured, on however few queries; `full_evaluations` the
    queries asked, in evaluations of all of them. `configurations` are the different parameters among them, `builds`
    the indexes that were built, which took `build_seconds`. `grid` is the number of evaluations, and `grid_builds` of
    builds, of an exhaustive search of the same space. Finalists measured again are counted apart, in
    `final_evaluations`.
    """

    evaluations: int
    full_evaluations: float
    configurations: int
    builds: int
    build_seconds: float
    grid: int
    grid_builds: int
    final_evaluations: int
    seconds: float


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """The judged queries: where they come from, how many of each kind choose and how many judge, and what to know."""

    source: str
    chosen_on: Mapping[str, int]
    judged_on: Mapping[str, int]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finalist:
    """A trial measured again on the held-out queries, side by side with the present profile.

    `gain` is its score less that of the present profile, with a 95 % interval over queries. `name` is "present" for
    that profile itself, "best" for the winner, else "".
    """

    trial: Trial
    gain: Estimate
    name: str = ""


@dataclass(frozen=True, slots=True)
class TuningResult:
    """What was tried and what came of it.

    `trials` are all evaluations in their order, `front` the numbers of those whose index no other one beats in both
    vector recall and CPU time, `best` the number of the winner. `finalists` are measured anew, on other queries;
    `outcome` is one of "better", "worse", "no difference shown": of the winner against the present profile. `path` has
    (full evaluations spent, best score on all queries for choosing) wherever that became better. `chosen` and `present`
    are the whole profiles of the winner and of the store: embedder, index, and the constants of ranking that are no
    defaults.
    """

    plan: TuningPlan
    header: Mapping[str, Any]
    queries: JudgedSet
    trials: tuple[Trial, ...]
    best: int
    front: tuple[int, ...]
    finalists: tuple[Finalist, ...]
    outcome: str
    effort: Effort
    path: tuple[tuple[float, float], ...] = ()
    remarks: tuple[str, ...] = ()
    chosen: Mapping[str, Any] = field(default_factory=dict)
    present: Mapping[str, Any] = field(default_factory=dict)

    @property
    def winner(self) -> Trial:
        """The best trial, as it was found."""
        return self.trials[self.best]

    def finalist(self, name: str) -> Finalist:
        """The finalist called "best" or "present"."""
        return next(one for one in self.finalists if one.name == name)


def to_run(result: TuningResult, name: str = "") -> Run:
    """The result as it is kept; `details` has all of it as plain values, under the names of TuningResult."""
    details = {key: value for key, value in asdict(result).items() if key != "header"}
    return Run.of(KIND, result.header, _figures(result), name=name, details=details)


def _figures(result: TuningResult) -> Sequence[Figure]:
    out = []
    for name in ("best", "present"):
        one = result.finalist(name).trial
        out.append(Figure(f"{name}: score", one.score, "", HIGHER))
        out += [Figure(f"{name}: {measure}", value.mean, "", HIGHER) for measure, value in one.figures.items()]
        out.append(Figure(f"{name}: CPU", one.cpu_ms, "ms", LOWER))
        out.append(Figure(f"{name}: p95", one.p95_ms, "ms", LOWER))
    gain = result.finalist("best").gain
    return [*out, Figure("gain", gain.mean, "", HIGHER), Figure("evaluations", result.effort.full_evaluations)]
