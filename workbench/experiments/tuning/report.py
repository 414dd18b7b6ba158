"""A tuning run as text: the best trials, the front, what was judged, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.experiments.load.report import table
from workbench.experiments.runs import Run
from workbench.experiments.tuning.plan import MEASURES
from workbench.experiments.tuning.result import BETTER, SAME, VECTOR_RECALL

_SHOWN = 10
_HEAD = ("score", "nDCG@10", "MRR@10", "recall@10", "vector recall", "CPU ms", "p50", "p95", "build s", "index MB")
Plain = Mapping[str, Any]


def lines(run: Run, *, shown: int = _SHOWN) -> Iterator[str]:
    """What the run found, with the best `shown` trials."""
    found = run.details
    trials: Sequence[Plain] = found["trials"]
    names = [name for name, values in found["plan"]["space"].items() if len(values) > 1] or list(found["plan"]["space"])
    full = sorted((one for one in trials if one["share"] >= 1.0), key=lambda one: -one["score"])
    yield f"{run.store['messages']:,} messages, {run.store['texts']:,} vectors ({run.store['embedder']})"
    yield from _queries(found)
    head = (*names, *_HEAD)
    yield from table(f"Best of {len(full)} trials on all queries", head, [_row(one, names) for one in full[:shown]])
    front = [_row(trials[number], names) for number in found["front"]]
    yield from table("Front: no other index has both more vector recall and less CPU time", head, front)
    yield from _finalists(found, names)
    yield from _effort(found["effort"])
    yield from found["remarks"]
    yield verdict(run)


def verdict(run: Run) -> str:
    """Whether the winner is better than what is in use, in a sentence."""
    found = run.details
    one = next(one for one in found["finalists"] if one["name"] == "best")
    gain, trial = one["gain"], one["trial"]
    chosen = ", ".join(f"{name}={value}" for name, value in trial["parameters"].items())
    measured = f"{gain['mean']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}] on {trial['queries']} held-out queries"
    if found["chosen"] == found["present"]:
        return "The present profile is the best that was found."
    if found["outcome"] == BETTER:
        return f"{chosen} is better than the present profile: {measured}."
    if found["outcome"] == SAME:
        return f"No difference from the present profile is shown for {chosen}: {measured}."
    return f"{chosen} is worse than the present profile on other queries: {measured}."


def _queries(found: Plain) -> Iterator[str]:
    queries = found["queries"]
    for what, counts in (("to choose", queries["chosen_on"]), ("held out", queries["judged_on"])):
        kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        yield f"Queries {what} ({queries['source']}): {kinds}"


def _row(trial: Plain, names: Sequence[str]) -> tuple[str, ...]:
    figures = trial["figures"]
    return (
        *(str(trial["parameters"][name]) for name in names), f"{trial['score']:.4f}",
        *(_estimate(figures[name]) for name in (*MEASURES, VECTOR_RECALL)), f"{trial['cpu_ms']:.2f}",
        f"{trial['p50_ms']:.2f}", f"{trial['p95_ms']:.2f}", f"{trial['build_seconds']:.1f}",
        f"{trial['index_bytes'] / 1e6:.0f}",
    )  # fmt: skip


def _estimate(value: Plain) -> str:
    return f"{value['mean']:.3f} ±{(value['high'] - value['low']) / 2:.3f}"


def _finalists(found: Plain, names: Sequence[str]) -> Iterator[str]:
    kinds = list(found["queries"]["judged_on"])
    measure = found["plan"]["objective"]["measure"]
    rows = []
    for one in found["finalists"]:
        trial, gain = one["trial"], one["gain"]
        by_kind = (_estimate(trial["by_kind"][kind][measure]) for kind in kinds)
        rows.append(
            (one["name"], *(str(trial["parameters"][name]) for name in names), f"{trial['score']:.4f}",
             f"{gain['mean']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}]", f"{trial['cpu_ms']:.2f}", *by_kind)
        )  # fmt: skip
    head = ("", *names, "score", "gain [95 %]", "CPU ms", *(f"{measure} {kind}" for kind in kinds))
    yield from table("Judged on held-out queries, side by side", head, rows)


def _effort(effort: Plain) -> Iterator[str]:
    yield ""
    yield (
        f"{effort['evaluations']} evaluations of {effort['configurations']} sets of parameters, together as many "
        f"queries as {effort['full_evaluations']:.1f} full ones; {effort['builds']} indexes built in "
        f"{effort['build_seconds']:.0f} s; {effort['seconds']:.0f} s in all. An exhaustive grid: {effort['grid']} full "
        f"evaluations, {effort['grid_builds']} builds."
    )
