"""Tuning: search the space by a strategy, then judge the winner on queries that had no part in its choice."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from workbench.errors import UsageError
from workbench.experiments.load.report import header
from workbench.experiments.tuning.figures import front_of, gain_of, trial_of
from workbench.experiments.tuning.ledger import Ledger
from workbench.experiments.tuning.measuring import Bench, Measured
from workbench.experiments.tuning.parameters import Configuration, builds_of, check_names
from workbench.experiments.tuning.plan import GRID, STRATEGIES, TuningPlan, Value, Values
from workbench.experiments.tuning.queries import Asked, QuerySets, judged_queries
from workbench.experiments.tuning.result import BETTER, SAME, WORSE, Effort, Finalist, Trial, TuningResult
from workbench.experiments.tuning.scratch import scratch_folder
from workbench.experiments.tuning.strategies import grid, halving
from workbench.ingest import Progress, Silent
from workbench.search import SearchEngine

_SAMPLES = Path("data/samples")


def tune(
    engine: SearchEngine, plan: TuningPlan, *, samples: Path = _SAMPLES, work: Path | None = None,
    progress: Progress | None = None,
) -> TuningResult:  # fmt: skip
    """Search for better parameters of what `engine` searches. The store is only read.

    Indexes are built in a temporary folder below `work` (default: where the system has them), which is removed.

    Raises:
        UsageError: The plan cannot be followed, or the store's vectors cannot be searched.
    """
    if engine.embedder is None or not len(engine.snapshot.vectors):
        raise UsageError("there is nothing to tune", engine.missing or "no text has a vector", "run `workbench doctor`")
    watching = progress or Silent()
    present = Configuration.of(engine.snapshot.manifest)
    base = _checked(plan, present)
    watching.start("making judged queries", 0, "")
    queries = judged_queries(engine.snapshot, plan, samples)
    watching.finish()
    with scratch_folder(work) as folder:
        bench = Bench(engine.snapshot, engine.embedder, folder, watching)
        try:
            return _Search(bench, plan, base, present, queries, watching).run(engine)
        finally:
            bench.close()


def _checked(plan: TuningPlan, present: Configuration) -> Configuration:
    """What trials change: the present profile with the plan's start."""
    plan.objective.check()
    if plan.strategy not in STRATEGIES:
        raise UsageError(f"there is no strategy {plan.strategy!r}", "", f"give one of {', '.join(STRATEGIES)}")
    if not plan.space or not all(plan.space.values()):
        raise UsageError("there is nothing to try", "", "give parameters with values")
    if plan.finalists < 1 or plan.repeats < 1 or (plan.budget is not None and plan.budget < 1):
        raise UsageError("finalists, repeats and the budget have to be at least 1")
    check_names(plan.space)
    base = present.with_values(plan.start)
    for name, values in plan.space.items():
        for value in values:
            base.with_values({name: value})
    return base


class _Search:
    """One search on its way."""

    def __init__(
        self, bench: Bench, plan: TuningPlan, base: Configuration, present: Configuration, queries: QuerySets,
        progress: Progress,
    ) -> None:  # fmt: skip
        self._bench, self._plan, self._base, self._present = bench, plan, base, present
        self._queries, self._progress = queries, progress
        self._ledger = Ledger(self._evaluate, plan.budget)
        self._trials: list[Trial] = []
        self._size = int(np.prod([len(values) for values in plan.space.values()]))

    def run(self, engine: SearchEngine) -> TuningResult:
        plan, ledger, begun = self._plan, self._ledger, time.perf_counter()
        self._progress.start("trying parameters", self._size if plan.strategy == GRID else 0, "evaluations")
        if plan.strategy == GRID:
            grid(plan.space, ledger)
        else:
            halving(plan.space, {name: self._base.value(name) for name in plan.space}, ledger, seed=plan.seed)
        self._progress.finish()
        builds, build_seconds = self._bench.builds, self._bench.build_seconds
        finalists = self._final(ledger.ranked()[: plan.finalists])
        winner = next(one for one in finalists if one.name == "best")
        effort = Effort(
            ledger.count, ledger.spent, ledger.configurations, builds, build_seconds, self._size,
            builds_of(plan.space), len(finalists) * plan.repeats, time.perf_counter() - begun,
        )  # fmt: skip
        best = next(t.number for t in self._trials if t.is_full and t.parameters == winner.trial.parameters)
        return TuningResult(
            plan, header(engine.snapshot, asdict(plan)), self._queries.described, tuple(self._trials), best,
            front_of(self._trials), finalists, self._outcome(winner), effort, tuple(ledger.path), self._remarks(),
            self._base.with_values(winner.trial.parameters).plain, self._present.plain,
        )  # fmt: skip

    def _evaluate(self, values: Values, share: float) -> float:
        asked = self._queries.choosing
        asked = asked[: max(1, round(share * len(asked)))]
        configuration = self._base.with_values(values)
        measured = self._bench.measure(configuration, asked)
        built = self._bench.built(configuration)
        trial = trial_of(len(self._trials), values, measured, asked, share, built, self._plan.objective)
        self._trials.append(trial)
        self._progress.advance(1)
        return trial.score

    def _final(self, chosen: Sequence[dict[str, Value]]) -> tuple[Finalist, ...]:
        """The best and the present profile on the held-out queries, side by side."""
        asked = self._queries.judging
        named: list[tuple[str, Mapping[str, Value], Configuration]] = [
            ("best" if not rank else "", values, self._base.with_values(values)) for rank, values in enumerate(chosen)
        ]
        named.append(("present", {name: self._present.value(name) for name in self._plan.space}, self._present))
        measured = self._side_by_side([configuration for _, _, configuration in named], asked)
        out = []
        for number, (name, values, configuration) in enumerate(named):
            built = self._bench.built(configuration)
            trial = trial_of(number, values, measured[number], asked, 1.0, built, self._plan.objective)
            out.append(Finalist(trial, gain_of(measured[number], measured[-1], self._plan.objective), name))
        return tuple(out)

    def _side_by_side(self, configurations: Sequence[Configuration], asked: Sequence[Asked]) -> list[Measured]:
        """Each measured `repeats` times, in turn, each turn beginning with another one; times are medians."""
        runs: list[list[Measured]] = [[] for _ in configurations]
        self._progress.start("judging the best", len(configurations) * self._plan.repeats, "evaluations")
        for turn in range(self._plan.repeats):
            for step in range(len(configurations)):
                at = (turn + step) % len(configurations)
                runs[at].append(self._bench.measure(configurations[at], asked))
                self._progress.advance(1)
        self._progress.finish()
        return [
            replace(
                own[0],
                cpu_ms=np.median([one.cpu_ms for one in own], axis=0),
                wall_ms=np.median([one.wall_ms for one in own], axis=0),
                stages_ms={name: float(np.median([one.stages_ms[name] for one in own])) for name in own[0].stages_ms},
            )
            for own in runs
        ]

    def _outcome(self, winner: Finalist) -> str:
        if self._base.with_values(winner.trial.parameters) == self._present:
            return SAME
        return BETTER if winner.gain.low > 0 else WORSE if winner.gain.high < 0 else SAME

    def _remarks(self) -> tuple[str, ...]:
        remarks = list(self._queries.described.remarks)
        if not any(self._bench.has_graph(self._base.with_values(one.parameters)) for one in self._trials):
            remarks.append(
                f"So few texts are compared one by one (up to {self._base.index.exact_below:,}): parameters of the "
                "index change nothing."
            )
        return tuple(remarks)
