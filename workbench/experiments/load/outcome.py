"""A load experiment as a run that is kept: its figures, verdicts, and what its pictures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.experiments.load.endpoints import HTTP
from workbench.experiments.load.experiment import LoadResult
from workbench.experiments.load.histogram import Interval, encoded, intervals
from workbench.experiments.load.job import LoadSamples
from workbench.experiments.load.knee import Step
from workbench.experiments.load.plan import OFF
from workbench.experiments.load.proof import SHARE_LIMIT
from workbench.experiments.load.report import plain, table, verdict_lines
from workbench.experiments.load.targets import Verdict
from workbench.experiments.runs import HIGHER, LOWER, Figure, Run

KIND = "load"
_PARTS = 20
_SWEEP_HEAD = ("offered/s", "answered/s", "p50 ms", "p95 ms", "p99 ms", "")


def to_run(result: LoadResult, *, name: str = "") -> Run:
    """The run, ready to be kept. `details` is all that `display.plots.load` draws."""
    verdicts = plain(list(verdicts_of(result)))
    return Run.of(KIND, result.header, tuple(_figures(result)), name=name, verdicts=verdicts, details=_details(result))


def label(result: LoadResult) -> str:
    """What was measured, as it begins the names of the figures: "50 users, repeated, cache warm"."""
    plan = result.plan
    cache = f", cache {plan.cache}" if plan.cache != OFF else ""
    target = f", {plan.target}" if plan.target != HTTP else ""
    return f"{plan.scenario.name}{cache}{target}"


def _figures(result: LoadResult) -> Iterator[Figure]:
    run, named = result.run, label(result)
    for percentile, shown in (("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("p999", "p99.9"), ("max", "max")):
        yield Figure(f"{named}: {shown}", getattr(run.latency, percentile), "ms", LOWER)
    yield Figure(f"{named}: service time p95", run.service_time.p95, "ms", LOWER)
    yield Figure(f"{named}: throughput", run.throughput, "requests/s", "" if run.scenario.rate else HIGHER)
    yield Figure(f"{named}: errors", run.failures, "", LOWER)
    if result.plan.cache != OFF:
        yield Figure(f"{named}: cache hit share", run.cached_share, "", HIGHER)
    if result.repeat_hits is not None:
        yield Figure(f"{named}: cache hit share of repeats", result.repeat_hits, "", HIGHER)
    if result.resources:
        yield Figure(f"{named}: memory (USS)", _memory(result), "GB", LOWER)
        yield Figure(f"{named}: open files", max(one.open_files for one in result.resources), "", LOWER)
        yield Figure(f"{named}: threads", max(one.threads for one in result.resources), "", LOWER)
        yield Figure(f"{named}: cores of the service", _cores(result), "cores")
    if generator := result.generator:
        yield Figure(f"{named}: cores of the generator", generator.cores, "cores")
        yield Figure("generator alone", generator.alone, "requests/s")
    yield from _sweep_figures(result)


def _sweep_figures(result: LoadResult) -> Iterator[Figure]:
    if (found := result.sweep) is None:
        return
    mix = result.plan.scenario.mix
    if found.knee:
        yield Figure(f"{mix}: knee", found.knee.offered, "requests/s", HIGHER)
    if found.capacity:
        name = f"{mix}: usable capacity at a p95 of {found.p95_limit:g} ms"
        yield Figure(name, found.capacity.offered, "requests/s", HIGHER)


def verdicts_of(result: LoadResult) -> Iterator[Verdict]:
    """The run against its limits."""
    limits, run = result.plan.limits, result.run
    if limits.p95_ms:
        yield Verdict(0, "p95 from when a request was due", limits.p95_ms, False, "ms", run.latency.p95)
    yield Verdict(0, "requests that failed", 0.0, False, "", run.failures)
    yield Verdict(0, "answers that ran out of time", 0.0, False, "", run.partial_share)
    if limits.rate:
        yield Verdict(0, "throughput", limits.rate, True, "requests/s", run.throughput)
    if limits.memory_gb:
        figure = _memory(result) if result.resources else None
        yield Verdict(0, "memory of all processes (USS)", limits.memory_gb, False, "GB", figure)
    if limits.hit_share and result.repeat_hits is not None:
        yield Verdict(0, "answers from the cache, of repeated queries", limits.hit_share, True, "", result.repeat_hits)
    share = result.generator.share if result.generator else None
    yield Verdict(0, "generator: share of its own limit", SHARE_LIMIT, False, "", share)


def timeline(samples: LoadSamples) -> tuple[Interval, ...]:
    """The run second by second, one that lasts less than twenty in twenty parts."""
    within = samples.done <= samples.window
    latency = samples.done - samples.scheduled
    return intervals(
        samples.done[within], latency[within], min(1.0, samples.window / _PARTS), due=samples.scheduled,
        hit=samples.hit[within],
    )  # fmt: skip


def _memory(result: LoadResult) -> float:
    return max(one.unique for one in result.resources) / 1e9


def _cores(result: LoadResult) -> float:
    return sum(one.cpu for one in result.resources) / len(result.resources)


def _details(result: LoadResult) -> dict[str, Any]:
    """Plain values only."""
    generator, swept, samples = result.generator, result.sweep, result.samples
    return {
        "label": label(result),
        "target": result.plan.target,
        "cache": result.plan.cache,
        "different_queries": result.different,
        "run": plain(result.run),
        "histogram": encoded(samples.done - samples.scheduled),
        "service_time_histogram": encoded(samples.done - samples.sent),
        "timeline": plain(list(timeline(samples))),
        "stages": plain(list(result.stages)),
        "resources": plain(list(result.resources)),
        "live_figures_missed": result.missed,
        "generator": plain(generator) | {"share": generator.share} if generator else None,
        "sweep": plain(swept) if swept else None,
    }


def lines(run: Run) -> Iterator[str]:
    """The run as text: what was measured, and the limits."""
    store = run.store
    yield f"{store['messages']:,} messages ({store['embedder']}), {run.machine['cores']} cores; {run.details['label']}"
    rows = [(one.name.removeprefix(f"{run.details['label']}: "), f"{one.value:,.4g} {one.unit}") for one in run.figures]
    yield from table("Figures", ("", "measured"), rows)
    for kind, count in run.details["run"]["errors"].items():
        yield f"  {count:,} × {kind}"
    if (found := run.details["sweep"]) is not None:
        yield from table("Offered rates", _SWEEP_HEAD, [_step_row(Step(**one)) for one in found["steps"]])
    yield from verdict_lines([_verdict(one) for one in run.verdicts])


def _step_row(step: Step) -> tuple[str, ...]:
    latencies = (f"{value:.1f}" for value in (step.p50, step.p95, step.p99))
    behind = "" if step.keeps_up else f"{step.errors:,} errors" if step.errors else "falls behind"
    return f"{step.offered:,.0f}", f"{step.throughput:,.0f}", *latencies, behind


def _verdict(kept: Mapping[str, Any]) -> Verdict:
    return Verdict(**{name: value for name, value in kept.items() if name != "met"})
