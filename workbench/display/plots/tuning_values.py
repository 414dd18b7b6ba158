"""Kept runs of tuning, as pictures read them: plain values under the names of `experiments.tuning.TuningResult`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from workbench.experiments.runs import Run

CHOSEN, PRESENT, OTHER, FRONT = "#0b4a70", "#c2571a", "#b3bcc6", "#7fb3cf"
VECTOR_RECALL = "vector recall@10"
MEASURES = {"ndcg@10": "nDCG@10", "mrr@10": "MRR@10", "recall@10": "recall@10", VECTOR_RECALL: "vector recall@10"}

Trial = Mapping[str, Any]


def trials(run: Run) -> list[Trial]:
    """All evaluations in their order."""
    return list(run.details["trials"])


def full_trials(run: Run) -> list[Trial]:
    """Those that asked all queries for choosing."""
    return [one for one in trials(run) if one["share"] >= 1.0]


def comparable_trials(run: Run) -> list[Trial]:
    """Trials on the same queries: on the most of them that enough trials have in common to tell parameters apart.

    Halving asks all queries of few; if those are too few, the share is taken that most trials have.
    """
    by_share: dict[float, list[Trial]] = {}
    for one in trials(run):
        by_share.setdefault(one["share"], []).append(one)
    enough = [share for share, found in by_share.items() if len(found) > 1 + _unknowns(run, found)]
    return by_share[max(enough, default=max(by_share, key=lambda share: (len(by_share[share]), share)))]


def _unknowns(run: Run, found: Sequence[Trial]) -> int:
    """How many numbers an additive model of the varied parameters has for these trials."""
    return 1 + sum(len({one["parameters"][name] for one in found}) - 1 for name in varied(run))


def winner(run: Run) -> Trial:
    """The best trial, as it was found."""
    found: Trial = run.details["trials"][run.details["best"]]
    return found


def finalist(run: Run, name: str) -> Mapping[str, Any]:
    """The finalist called "best" or "present", measured on the held-out queries."""
    found: Mapping[str, Any] = next(one for one in run.details["finalists"] if one["name"] == name)
    return found


def varied(run: Run) -> list[str]:
    """The parameters of which several values were to be tried."""
    return [name for name, values in run.details["plan"]["space"].items() if len(values) > 1]


def label(parameters: Mapping[str, Any], names: Sequence[str]) -> str:
    """Some of the parameters in words: "alpha 0.3, ef_search 192"."""
    return ", ".join(f"{name} {shown(parameters[name])}" for name in names if name in parameters)


def shown(value: Any) -> str:
    """A value of a parameter."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def hover(run: Run, trial: Trial) -> str:
    """What a trial was and gave, in lines; escaped."""
    lines = [f"<b>trial {trial['number']}</b>, score {trial['score']:.4f}"]
    lines += [f"{escape(name)} {escape(shown(value))}" for name, value in sorted(trial["parameters"].items())
              if name in run.details["plan"]["space"]]  # fmt: skip
    for measure, value in trial["figures"].items():
        lines.append(
            f"{MEASURES.get(measure, measure)} {value['mean']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
        )
    return "<br>".join([*lines, f"CPU {trial['cpu_ms']:.2f} ms, p95 {trial['p95_ms']:.2f} ms"])


def errors(values: Sequence[Mapping[str, float]], colour: str = "#66727f") -> dict[str, Any]:
    """Error bars of estimates."""
    return {
        "type": "data", "symmetric": False, "color": colour, "thickness": 1.2, "width": 0,
        "array": [one["high"] - one["mean"] for one in values],
        "arrayminus": [one["mean"] - one["low"] for one in values],
    }  # fmt: skip


def title_of(run: Run) -> str:
    """A run's name, or when it was made."""
    return run.name or f"{run.made_at:%d %b %Y %H:%M}"


def described(run: Run) -> str:
    """What was searched: store and queries."""
    asked = sum(run.details["queries"]["chosen_on"].values())
    return f"{run.store['messages']:,} messages, {asked:,} queries, {run.details['plan']['strategy']}"
