"""What search is held to in speed, in one table, and whether a report meets it.

Figures are read from the report as it is written to disk, so that an old file can be checked too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Report = Mapping[str, Any]
Figure = Callable[[Report, Report | None], float | None]
QUARTER_MILLION, MILLION = 250_000, 1_000_000
_NEAR = 0.2  # a store counts as one of a size if it is within this share of it


@dataclass(frozen=True, slots=True)
class Target:
    """One demand: `figure` of a report has to be at most (or, with `at_least`, at least) `limit`.

    `messages` is the size of store it is stated for, 0 for any. `figure` gets the report and the one it is compared
    with, and gives None where that was not measured.
    """

    section: int
    name: str
    limit: float
    unit: str
    figure: Figure
    at_least: bool = False
    messages: int = 0

    def applies(self, messages: int) -> bool:
        """Whether it is stated for a store of so many messages."""
        return not self.messages or abs(messages - self.messages) <= _NEAR * self.messages


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target and the figure; `met` is None where it was not measured."""

    section: int
    name: str
    limit: float
    at_least: bool
    unit: str
    figure: float | None

    @property
    def met(self) -> bool | None:
        """Whether it is met."""
        if self.figure is None:
            return None
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit


def judge(report: Report, other: Report | None = None, targets: Sequence[Target] | None = None) -> list[Verdict]:
    """The targets (default: of search) that apply to the report's store.

    `other` is a report of the store of 250,000 messages.
    """
    messages = int(report["store"]["messages"])
    return [
        Verdict(one.section, one.name, one.limit, one.at_least, one.unit, one.figure(report, other))
        for one in (TARGETS if targets is None else targets)
        if one.applies(messages)
    ]


def failed(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Those that are measured and not met."""
    return [one for one in verdicts if one.met is False]


def comparison(report: Report, mix: str, users: int) -> Mapping[str, Any] | None:
    """What was measured over HTTP for one mix and number of closed-loop users."""
    for http in report.get("http", ()):
        for one in http["comparisons"]:
            scenario = one["scenario"]
            if (scenario["mix"], scenario["users"], scenario["mode"]) == (mix, users, "closed"):
                found: Mapping[str, Any] = one
                return found
    return None


def _latency(mix: str, users: int, percentile: str) -> Figure:
    def figure(report: Report, _: Report | None) -> float | None:
        found = comparison(report, mix, users)
        return None if found is None else float(found["ours"]["latency"][percentile])

    return figure


def _of_comparison(mix: str, users: int, value: Callable[[Mapping[str, Any]], float | None]) -> Figure:
    def figure(report: Report, _: Report | None) -> float | None:
        found = comparison(report, mix, users)
        return None if found is None else value(found)

    return figure


def _failures(report: Report, _: Report | None) -> float | None:
    runs = [one["ours"] for http in report.get("http", ()) for one in http["comparisons"]]
    return sum(sum(run["errors"].values()) for run in runs) if runs else None


def _partial(report: Report, _: Report | None) -> float | None:
    runs = [one["ours"] for http in report.get("http", ()) for one in http["comparisons"]]
    return max(run["partial_share"] for run in runs) if runs else None


def _connection(value: Callable[[Mapping[str, Any]], float]) -> Figure:
    def figure(report: Report, _: Report | None) -> float | None:
        found = [http["connections"] for http in report.get("http", ()) if http["connections"]]
        return value(found[0]) if found else None

    return figure


def _memory(report: Report, _: Report | None) -> float | None:
    found = [http["memory"]["unique"] for http in report.get("http", ())]
    return max(found) / 1e9 if found else None


def _growth(report: Report, other: Report | None) -> float | None:
    here = comparison(report, "distinct", 1)
    there = comparison(other, "distinct", 1) if other else None
    if here is None or there is None:
        return None
    return float(here["ours"]["latency"]["p95"] / there["ours"]["latency"]["p95"])


def _filters(value: Callable[[Mapping[str, Any]], float], choose: Callable[[list[float]], float]) -> Figure:
    def figure(report: Report, _: Report | None) -> float | None:
        found = [value(one) for one in report.get("filters") or ()]
        return choose(found) if found else None

    return figure


def _vectors(value: Callable[[Mapping[str, Any]], float]) -> Figure:
    def figure(report: Report, _: Report | None) -> float | None:
        found = [value(one) for one in report.get("vector_recall") or () if one["default"]]
        return found[0] if found else None

    return figure


def _in_process(report: Report, _: Report | None) -> float | None:
    found = report.get("in_process")
    if not found:
        return None
    return sum(sum(one["failures"].values()) for name in ("threads", "batches") for one in found[name])


def _fuzz(value: Callable[[Mapping[str, Any]], float]) -> Figure:
    def figure(report: Report, _: Report | None) -> float | None:
        found = report.get("fuzz")
        return value(found) if found else None

    return figure


TARGETS = (
    Target(2, "50 users, distinct: p95", 30, "ms", _latency("distinct", 50, "p95"), messages=QUARTER_MILLION),
    Target(
        2, "50 users, distinct: throughput", 2_000, "requests/s",
        _of_comparison("distinct", 50, lambda one: one["ours"]["throughput"]), at_least=True, messages=QUARTER_MILLION,
    ),
    Target(
        2, "50 users, distinct: against the naive reference", 5, "times",
        _of_comparison("distinct", 50, lambda one: one["ratio"]), at_least=True, messages=QUARTER_MILLION,
    ),
    Target(2, "50 users, repeated: p95", 12, "ms", _latency("repeated", 50, "p95"), messages=QUARTER_MILLION),
    Target(2, "1 user: p50", 2, "ms", _latency("distinct", 1, "p50"), messages=QUARTER_MILLION),
    Target(2, "1 user: p99", 6, "ms", _latency("distinct", 1, "p99"), messages=QUARTER_MILLION),
    Target(2, "requests that failed", 0, "", _failures),
    Target(2, "greatest share of answers that ran out of time", 0, "", _partial),
    Target(2, "queries in process that failed", 0, "", _in_process),
    Target(2, "open connections: errors", 0, "", _connection(lambda run: sum(run["errors"].values()))),
    Target(2, "open connections: used", 500, "", _connection(lambda run: run["connections_used"]), at_least=True),
    Target(2, "memory of all processes (USS)", 1.5, "GB", _memory, messages=QUARTER_MILLION),
    Target(3, "50 users, distinct: p95", 50, "ms", _latency("distinct", 50, "p95"), messages=MILLION),
    Target(3, "1 user: p95 against 250,000 messages", 2, "times", _growth, messages=MILLION),
    Target(3, "memory of all processes (USS)", 4, "GB", _memory, messages=MILLION),
    Target(4, "filters: least recall@10", 0.99, "", _filters(lambda one: one["recall"], min), at_least=True),
    Target(4, "filters: answers with fewer hits than there are", 0, "", _filters(lambda one: one["short"], sum)),
    Target(4, "filters: hits that are not allowed", 0, "", _filters(lambda one: one["outside"], sum)),
    Target(4, "filters: greatest p95 against unfiltered", 2, "times", _filters(lambda one: one["slowdown"], max)),
    Target(5, "vectors: recall@10", 0.98, "", _vectors(lambda one: one["recall"]), at_least=True),
    Target(5, "vectors: p50", 1, "ms", _vectors(lambda one: one["latency"]["p50"])),
    Target(6, "fuzzed queries: exceptions", 0, "", _fuzz(lambda one: sum(one["failures"].values()))),
    Target(6, "fuzzed queries: over the timeout", 0, "", _fuzz(lambda one: one["late"])),
)  # fmt: skip
