"""The report of a measurement: machine, versions, store, parameters, figures; as JSON and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

from workbench.errors import StoreError, UsageError
from workbench.evaluation.report import machine, versions
from workbench.experiments.load.selectivity import FilterCost
from workbench.experiments.load.targets import Report, Verdict
from workbench.snapshot import Snapshot

_ALSO = ("hdrhistogram", "uvloop", "uvicorn", "fastapi", "httptools", "orjson", "psutil")


def header(snapshot: Snapshot, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a figure depends on."""
    manifest = snapshot.manifest
    return {
        "made_at": datetime.now(UTC).isoformat("T", "seconds"),
        "machine": machine(),
        "versions": {**versions(), **{name: _version(name) for name in _ALSO}},
        "store": {
            **manifest.counts, "assistants": dict(manifest.assistants), "embedder": manifest.embedder,
            "fingerprint": manifest.fingerprint, "dimensions": manifest.dimensions, "profile": dict(manifest.profile),
            "search": dict(manifest.search),
        },
        "parameters": dict(parameters),
    }  # fmt: skip


def plain(value: Any) -> Any:
    """Results as plain values, with the figures that are properties."""
    if isinstance(value, FilterCost):
        return {**asdict(value), "slowdown": value.slowdown}
    if isinstance(value, Verdict):
        return {**asdict(value), "met": value.met}
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def write(report: Report, path: Path) -> None:
    """Write it as JSON, making the folder if need be.

    Raises:
        StoreError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS) + b"\n")
    except OSError as error:
        raise StoreError(f"the report {path} cannot be written", str(error), "give another --out") from error


def read(path: Path) -> dict[str, Any]:
    """A report that `write` wrote.

    Raises:
        UsageError: It is not one.
    """
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise UsageError(f"{path} is not a report", str(error), "give a file that --out wrote") from error
    if not isinstance(found, dict) or "store" not in found:
        raise UsageError(f"{path} is not a report of `workbench bench search`")
    return found


def lines(report: Report) -> Iterator[str]:
    """The report as text, a table for each part that was measured."""
    store = report["store"]
    cores = report["machine"]["cores"]
    yield f"{store['messages']:,} messages, {store['texts']:,} vectors ({store['embedder']}), {cores} cores"
    for http in report.get("http", ()):
        yield from _http_lines(http)
    if report.get("in_process"):
        yield from _in_process_lines(report["in_process"])
    if report.get("vector_recall"):
        rows = [_vector_row(one) for one in report["vector_recall"]]
        yield from table("Vector leg", ("expansion", "recall@10", "worst", "p50 ms", "p95 ms", "batched/s"), rows)
    if report.get("filters"):
        rows = [_filter_row(one) for one in report["filters"]]
        head = ("filter", "kept", "recall@10", "worst", "short", "p50 ms", "p95 ms", "x unfiltered", "plans")
        yield from table("Filters", head, rows)
    if fuzz := report.get("fuzz"):
        yield ""
        yield (
            f"Fuzzed: {fuzz['queries']:,} queries, {fuzz['answered']:,} answered, {fuzz['refused']:,} refused, "
            f"{sum(fuzz['failures'].values())} exceptions, {fuzz['late']} late, slowest {fuzz['slowest_ms']:.0f} ms"
        )
        yield from (f"  {kind}: {fuzz['examples'][kind][:100]!r}" for kind in fuzz["failures"])


def verdict_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Target by target, with the number of its section if it has one."""
    words = {True: "met", False: "MISSED", None: "not measured"}
    rows = [
        (
            f"{one.section}. {one.name}" if one.section else one.name,
            f"{'≥' if one.at_least else '≤'} {one.limit:g} {one.unit}".strip(),
            "" if one.figure is None else f"{one.figure:,.4g}", words[one.met],
        )
        for one in verdicts
    ]  # fmt: skip
    yield from table("Targets", ("target", "limit", "measured", ""), rows)


def _http_lines(http: Mapping[str, Any]) -> Iterator[str]:
    rows = []
    for one in http["comparisons"]:
        rows.append(_run_row(one["ours"], one["ratio"]))
        if one["naive"]:
            rows.append(_run_row(one["naive"], None))
    if http["connections"]:
        rows.append(_run_row(http["connections"], None))
    head = (
        "service", "load", "req/s", "p50 ms", "p95", "p99", "p99.9", "max", "errors", "partial", "cached", "cores",
        "generator", "connections", "x naive",
    )  # fmt: skip
    title = f"HTTP, {http['mix']} queries, {http['workers']} workers, cache {'on' if http['cache'] else 'off'}"
    yield from table(title, head, rows)
    memory, cold = http["memory"], http["cold"]
    yield (
        f"  ready after {http['ready_seconds']:.1f} s; first {cold['count']} queries p50 {cold['p50']:.2f}, p95 "
        f"{cold['p95']:.2f} ms; memory {memory['unique'] / 1e6:,.0f} MB unique, {memory['resident'] / 1e6:,.0f} MB "
        f"resident in {memory['processes']} processes"
    )
    if http["shape"]:
        yield f"  The reference's answers differ: {http['shape']}"


def _run_row(run: Mapping[str, Any], ratio: float | None) -> tuple[str, ...]:
    latency, scenario = run["latency"], run["scenario"]
    load = f"{scenario['users']} users" if scenario["mode"] == "closed" else f"{scenario['rate']:g}/s"
    return (
        run["service"], load + (" (used up)" if run["exhausted"] else ""), f"{run['throughput']:,.0f}",
        *(f"{latency[name]:.2f}" for name in ("p50", "p95", "p99", "p999", "max")), f"{sum(run['errors'].values()):,}",
        f"{run['partial_share']:.1%}", f"{run['cached_share']:.0%}", f"{run['service_cores']:.2f}",
        f"{run['generator_cores']:.2f}", "+".join(map(str, run["connections_by_process"])),
        "" if ratio is None else f"{ratio:.1f}",
    )  # fmt: skip


def _in_process_lines(part: Mapping[str, Any]) -> Iterator[str]:
    latency = part["one_user"]["latency"]
    rows = [
        (one["name"], *(f"{one[name]:.3f}" for name in ("mean", "p50", "p95", "p99")))
        for one in part["one_user"]["stages"]
    ]
    rows.append(("measured outside", *(f"{latency[name]:.3f}" for name in ("mean", "p50", "p95", "p99"))))
    yield from table("In process, one user, ms", ("stage", "mean", "p50", "p95", "p99"), rows)
    for title, name in (("Threads", "threads"), ("Batches", "batches")):
        rows = [
            (str(one["width"]), f"{one['per_second']:,.0f}", f"{one['latency']['p50']:.2f}",
             f"{one['latency']['p95']:.2f}", f"{sum(one['failures'].values())}")
            for one in part[name]
        ]  # fmt: skip
        yield from table(title, ("width", "queries/s", "p50 ms", "p95 ms", "failed"), rows)
        yield from (f"  {count} × {kind}" for one in part[name] for kind, count in one["failures"].items())


def _vector_row(one: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{one['expansion']}{' (default)' if one['default'] else ''}", f"{one['recall']:.4f}", f"{one['worst']:.1f}",
        f"{one['latency']['p50']:.3f}", f"{one['latency']['p95']:.3f}", f"{one['batched_per_second']:,.0f}",
    )  # fmt: skip


def _filter_row(one: Mapping[str, Any]) -> tuple[str, ...]:
    plans = ", ".join(f"{plan} {count}" for plan, count in sorted(one["plans"].items()))
    return (
        f"{one['share']:.2%} {one['name']}", f"{one['kept']:,}", f"{one['recall']:.4f}", f"{one['worst']:.1f}",
        str(one["short"]), f"{one['latency']['p50']:.2f}", f"{one['latency']['p95']:.2f}", f"{one['slowdown']:.2f}",
        plans,
    )  # fmt: skip


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table as text: the first column to the left, all others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    yield ""
    yield title
    for row in [head, *rows]:
        cells = [
            cell.ljust(width) if i < 1 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "  ".join(cells)).rstrip()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"
