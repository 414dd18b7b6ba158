"""Runs of tuning made up for tests of what is drawn: figures follow from the parameters by a known rule."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.evaluation.significance import Estimate
from workbench.experiments.runs import Run
from workbench.experiments.tuning import Effort, Finalist, JudgedSet, Trial, TuningPlan, TuningResult, to_run

SPACE = {"alpha": (0.1, 0.3, 0.5, 0.7), "expansion_search": (32, 128, 256)}
PRESENT = {"alpha": 0.7, "expansion_search": 128}
KINDS = ("words", "reworded")
_STAGES = {"filter": 0.02, "lexical": 0.4, "embed": 0.1, "vector": 0.3, "fuse": 0.1, "fetch": 0.2, "facets": 0.0}


def quality(parameters: Mapping[str, Any], kind: str = "") -> float:
    """nDCG@10: best at alpha 0.3, a little better with each doubling of the expansion."""
    return 0.6 - abs(parameters["alpha"] - 0.3) - 0.1 * (kind == "reworded") + 0.02 * _doublings(parameters)


def cpu(parameters: Mapping[str, Any]) -> float:
    """Milliseconds."""
    return 0.5 + 0.2 * _doublings(parameters)


def _doublings(parameters: Mapping[str, Any]) -> float:
    return {32: 0.0, 128: 2.0, 256: 3.0}[parameters["expansion_search"]]


def _near(mean: float, width: float = 0.03) -> Estimate:
    return Estimate(mean, mean - width, mean + width)


def trial(number: int, parameters: Mapping[str, Any], share: float = 1.0) -> Trial:
    """One set of parameters, measured."""
    recall = 0.9 + 0.03 * _doublings(parameters)
    by_kind = {
        kind: dict.fromkeys(("ndcg@10", "mrr@10", "recall@10"), _near(quality(parameters, kind))) for kind in KINDS
    }
    figures = {
        **dict.fromkeys(("ndcg@10", "mrr@10", "recall@10"), _near(quality(parameters))),
        "vector recall@10": _near(recall, 0.01),
    }  # fmt: skip
    stages = {**_STAGES, "vector": 0.1 + 0.2 * _doublings(parameters)}
    return Trial(
        number, dict(parameters), quality(parameters) - 0.005 * cpu(parameters), figures, by_kind, int(100 * share),
        share, cpu(parameters), cpu(parameters), 2 * cpu(parameters),
        {**stages, "total": sum(stages.values())}, 1.0, 1000,
    )  # fmt: skip


def tuned(
    *, strategy: str = "grid", shares: Sequence[float] = (), space: Mapping[str, Any] = SPACE,
    made_at: str = "2026-11-21", name: str = "", outcome: str = "better",
) -> Run:  # fmt: skip
    """A run that tried all of `space`, those named by `shares` on that share of the queries."""
    every = [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]
    trials = [trial(at, one, shares[at] if at < len(shares) else 1.0) for at, one in enumerate(every)]
    full = [one for one in trials if one.is_full]
    best = max(full, key=lambda one: one.score)
    front = [
        one.number for one in full
        if not any(other.cpu_ms <= one.cpu_ms and other.figures["vector recall@10"].mean
                   > one.figures["vector recall@10"].mean for other in full)
    ]  # fmt: skip
    path, spent, top = [], 0.0, float("-inf")
    for one in trials:
        spent += one.share
        top = max(top, one.score if one.is_full else top)
        if top > float("-inf"):
            path.append((spent, top))
    gain = best.score - trial(0, PRESENT).score
    finalists = (
        Finalist(trial(0, PRESENT), Estimate(0.0, 0.0, 0.0), "present"),
        Finalist(best, Estimate(gain, gain - 0.02, gain + 0.02), "best"),
        Finalist(full[0], Estimate(-0.01, -0.02, 0.0)),
    )
    header = {
        "made_at": f"{made_at}T10:00:00+00:00", "machine": {"cores": 2}, "versions": {}, "store": {"messages": 5000},
        "parameters": {},
    }  # fmt: skip
    result = TuningResult(
        TuningPlan(space, strategy=strategy), header, JudgedSet("own", {"words": 60, "reworded": 40}, {"words": 100}),
        tuple(trials), best.number, tuple(front), finalists, outcome,
        Effort(len(trials), spent, len(every), 1, 1.0, len(every), 1, 6, 3.0), tuple(path),
    )  # fmt: skip
    return to_run(result, name)
