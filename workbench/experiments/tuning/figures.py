"""From what was measured of each query to the figures of a trial, with intervals over queries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.evaluation.significance import Estimate, Scores, bootstrap_means, percentile_interval
from workbench.experiments.load.histogram import latency_of
from workbench.experiments.tuning.ledger import Key, key_of
from workbench.experiments.tuning.measuring import Built, Measured
from workbench.experiments.tuning.parameters import EMBEDDER, INDEX
from workbench.experiments.tuning.plan import MEASURES, Objective, Values
from workbench.experiments.tuning.queries import Asked
from workbench.experiments.tuning.result import VECTOR_RECALL, Trial

_RESAMPLES = 1_000
_COMPARED = 10_000  # resamples where two are compared
_SEED = 7
_OF_INDEX = (EMBEDDER, *INDEX, "vector_candidates")


def trial_of(
    number: int, values: Values, measured: Measured, queries: Sequence[Asked], share: float, built: Built,
    objective: Objective,
) -> Trial:  # fmt: skip
    """The figures of parameters `values`, measured on `queries`."""
    table = _table(measured)
    kinds = dict.fromkeys(one.judged.kind for one in queries)
    by_kind = {
        kind: _estimates(measured.quality[[one.judged.kind == kind for one in queries]], MEASURES) for kind in kinds
    }
    latency = latency_of(measured.wall_ms / 1000)
    return Trial(
        number, dict(values), float(_score(table.mean(axis=0)[None], objective)[0]),
        _estimates(table[:, :-1], (*MEASURES, VECTOR_RECALL)), by_kind, len(queries), share,
        float(measured.cpu_ms.mean()), latency.p50, latency.p95, measured.stages_ms, built.seconds, built.bytes,
    )  # fmt: skip


def gain_of(one: Measured, other: Measured, objective: Objective) -> Estimate:
    """By how much the score of `one` is greater than that of `other`, measured on the same queries."""
    both = np.concatenate([_table(one), _table(other)], axis=1)
    width = both.shape[1] // 2
    generator = np.random.default_rng(_SEED)
    means = np.vstack([both.mean(axis=0), bootstrap_means(both, resamples=_COMPARED, generator=generator)])
    gains = _score(means[:, :width], objective) - _score(means[:, width:], objective)
    low, high = percentile_interval(gains[1:, None])
    return Estimate(float(gains[0]), float(low[0]), float(high[0]))


def front_of(trials: Sequence[Trial]) -> tuple[int, ...]:
    """Numbers of the full trials that no other index beats in both vector recall and CPU time, cheapest first.

    Trials of one index, searched alike, find the same vectors; their differences in time are mostly the machine's. So
    each index is stood for by its trial of median time.
    """
    alike: dict[Key, list[Trial]] = {}
    for one in trials:
        if one.is_full:
            of_index = {name: value for name, value in one.parameters.items() if name in _OF_INDEX}
            alike.setdefault(key_of(of_index), []).append(one)
    middle = [sorted(group, key=lambda one: one.cpu_ms)[(len(group) - 1) // 2] for group in alike.values()]
    best = -1.0
    front = []
    for one in sorted(middle, key=lambda one: (one.cpu_ms, -_recall(one))):
        if _recall(one) > best:
            best = _recall(one)
            front.append(one.number)
    return tuple(front)


def _recall(trial: Trial) -> float:
    return trial.figures[VECTOR_RECALL].mean


def _table(measured: Measured) -> Scores:
    """A row for each query: the measures, the vector leg's recall, CPU milliseconds.

    Where the recall of a query is not known it is put to the mean of the others, which changes no mean.
    """
    recall = np.where(np.isnan(measured.recall), np.nanmean(measured.recall), measured.recall)
    return np.column_stack([measured.quality, recall, measured.cpu_ms])


def _score(means: Scores, objective: Objective) -> Scores:
    """The scores of rows of means as `_table` has them."""
    return objective.score(means[:, MEASURES.index(objective.measure)], means[:, -2], means[:, -1])


def _estimates(scores: Scores, names: Sequence[str]) -> dict[str, Estimate]:
    means = bootstrap_means(scores, resamples=_RESAMPLES, generator=np.random.default_rng(_SEED))
    low, high = percentile_interval(means)
    found = zip(names, scores.mean(axis=0), low, high, strict=True)
    return {name: Estimate(float(mean), float(least), float(most)) for name, mean, least, most in found}
