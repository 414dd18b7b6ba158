"""Kept runs of tuning and of statements as tables for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from workbench.display.plots.tuning_values import MEASURES, VECTOR_RECALL, shown
from workbench.experiments.runs import Run


def trials_frame(run: Run) -> pl.DataFrame:
    """A row a trial, in the order they were tried: parameters, score, quality with its 95 % interval, and costs."""
    return pl.DataFrame([_trial(run, one) for one in run.details["trials"]], infer_schema_length=None)


def finalists_frame(run: Run) -> pl.DataFrame:
    """The winner and the others that were measured again, the present profile last; gains are over that.

    `gain` is in score; `low` and `high` are its 95 % interval over held-out queries.
    """
    rows = [
        {"what": {"best": "chosen", "present": "present"}.get(one["name"], ""), **_trial(run, one["trial"]),
         "gain": round(one["gain"]["mean"], 4), "low": round(one["gain"]["low"], 4),
         "high": round(one["gain"]["high"], 4)}
        for one in run.details["finalists"]
    ]  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None).drop("trial", "share")


def runs_frame(runs: Sequence[Run]) -> pl.DataFrame:
    """A row a run of tuning, the oldest first: what was searched, by which strategy, what came of it."""
    rows = []
    for run in sorted(runs, key=lambda one: one.made_at):
        best = next(one for one in run.details["finalists"] if one["name"] == "best")
        rows.append(
            {"made": run.made_at, "name": run.name, "messages": run.store["messages"],
             "strategy": run.details["plan"]["strategy"], "queries": run.details["plan"]["queries"],
             "evaluations": round(run.details["effort"]["full_evaluations"], 2),
             "grid": run.details["effort"]["grid"], "gain": round(best["gain"]["mean"], 4),
             "low": round(best["gain"]["low"], 4), "high": round(best["gain"]["high"], 4),
             "outcome": run.details["outcome"], "id": run.id}
        )  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def statements_frame(run: Run) -> pl.DataFrame:
    """A row a statement, the dearest first: in which operations, what it reads, its dearest step, and the advice."""
    return pl.DataFrame(
        [
            {"operations": ", ".join(one["operations"]), "statement": one["name"],
             "ms": round(one["milliseconds"], 2), "read": one["scanned"], "returned": one["returned"],
             "dearest step": _step(one["steps"]),
             "advice": "; ".join(said["todo"] for said in one["advice"]) or "nothing to advise"}
            for one in run.details["statements"]
        ],
        infer_schema_length=None,
    )  # fmt: skip


def _trial(run: Run, trial: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {name: shown(trial["parameters"][name]) for name in run.details["plan"]["space"]}
    measure = run.details["plan"]["objective"]["measure"]
    quality = trial["figures"][measure]
    return {
        "trial": trial["number"], **parameters, "share": trial["share"], "score": round(trial["score"], 4),
        MEASURES[measure]: f"{quality['mean']:.3f} ({quality['low']:.3f} to {quality['high']:.3f})",
        "vector recall": round(trial["figures"][VECTOR_RECALL]["mean"], 4), "CPU ms": round(trial["cpu_ms"], 3),
        "p95 ms": round(trial["p95_ms"], 3), "build s": round(trial["build_seconds"], 2),
    }  # fmt: skip


def _step(steps: Sequence[Mapping[str, Any]]) -> str:
    if not steps:
        return ""
    first = steps[0]
    return f"{first['kind']} {first['table']}".strip() + f", {first['share']:.0%}"
