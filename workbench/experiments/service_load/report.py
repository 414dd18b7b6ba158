"""The report on the service as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.experiments.load.report import table
from workbench.experiments.load.targets import Report

_LATENCY = ("p50", "p95", "p99", "max")
_LATENCY_HEAD = ("p50 ms", "p95", "p99", "max")


def lines(report: Report) -> Iterator[str]:
    """A table for each part that was measured."""
    store = report["store"]
    yield f"{store['messages']:,} messages, {report['machine']['cores']} cores"
    for part, told in _PARTS.items():
        if report.get(part):
            yield from told(report[part])


def _startup(found: Any) -> Iterator[str]:
    head = ("workers", "ready s", "least", "most", "MB unique", "MB resident")
    rows = [
        (
            str(one["workers"]), f"{one['ready_seconds']:.2f}", f"{min(one['starts']):.2f}",
            f"{max(one['starts']):.2f}", f"{one['unique'] / 1e6:,.0f}", f"{one['resident'] / 1e6:,.0f}",
        )
        for one in found
    ]  # fmt: skip
    yield from table("Start (memory of the process that answers)", head, rows)


def _overload(found: Any) -> Iterator[str]:
    head = (
        "deadline ms", "asked/s", "seconds", "accepted", "refused", "errors", "late", "waited", *_LATENCY_HEAD,
        "refused in ms p50", "p99", "MB before", "peak", "after",
    )  # fmt: skip
    rows = [
        (
            f"{run['deadline_ms']:g}", f"{run['rate']:,.0f}", f"{run['seconds']:g}", f"{run['accepted']:,}",
            f"{run['refused']:,}", str(sum(run["errors"].values())), f"{run['late']:,}", f"{run['waited']:,}",
            *_latency(run["latency"]), f"{run['refusal']['p50']:.2f}", f"{run['refusal']['p99']:.2f}",
            *(f"{run[name] / 1e6:,.0f}" for name in ("memory_before", "memory_peak", "memory_after")),
        )
        for run in found["runs"]
    ]  # fmt: skip
    yield from table(f"Twice the capacity of {found['capacity']:,.0f} searches a second", head, rows)


def _publish(found: Any) -> Iterator[str]:
    head = ("published", "seconds", "answered", "errors", *_LATENCY_HEAD, "files", "MB unique", "served")
    row = (
        str(found["published"]), f"{found['seconds']:.0f}", *_outcome(found["outcome"]), *_latency(found["latency"]),
        "{} → {}".format(*found["files"]), "{:,.0f} → {:,.0f}".format(*(one / 1e6 for one in found["memory"])),
        f"{', '.join(map(str, found['served']))} of {found['wanted']}",
    )  # fmt: skip
    yield from table("Publications under load", head, [row])


def _restart_redis(found: Any) -> Iterator[str]:
    head = ("seconds", "answered", "errors", *_LATENCY_HEAD, "cached")
    row = (
        f"{found['seconds']:g}", *_outcome(found["outcome"]), *_latency(found["latency"]),
        f"{found['cached_share']:.0%}",
    )  # fmt: skip
    yield from table("Redis killed and started again", head, [row])


def _mixed(found: Any) -> Iterator[str]:
    head = ("", "answered", *_LATENCY_HEAD)
    rows = [(name, f"{found[name]['count']:,}", *_latency(found[name])) for name in ("encode", "recall")]
    errors = sum(found["outcome"]["errors"].values())
    yield from table(f"Encode and recall, {found['rate']:g} a second, {errors} errors", head, rows)


def _kill(found: Any) -> Iterator[str]:
    head = ("acknowledged", "before the kill", "lost", "recalled", "not found so")
    row = tuple(
        f"{found[name]:,}" for name in ("acknowledged", "before_the_kill", "lost", "recalled", "not_recalled")
    )  # fmt: skip
    yield from table("kill -9 in the midst of encodes", head, [row])


def _latency(latency: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(f"{latency[name]:.2f}" for name in _LATENCY)


def _outcome(outcome: Mapping[str, Any]) -> tuple[str, str]:
    return f"{outcome['answered']:,}", f"{sum(outcome['errors'].values()):,}"


_PARTS = {
    "startup": _startup, "overload": _overload, "publish": _publish, "restart_redis": _restart_redis,
    "mixed": _mixed, "kill": _kill,
}  # fmt: skip
