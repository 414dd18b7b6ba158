"""A report of stored runs: nothing is measured here, and no figure stands in it that a run did not produce."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from workbench.display.reporting.document import Document, Picture, Section, Table
from workbench.experiments.runs import Run

Draw = Callable[[Run], Sequence[Picture]]
KINDS = {  # in the order of the report
    "load": "Load",
    "search": "Search: speed and recall",
    "service": "Service: overload, publications, kill",
    "stress": "Stress",
    "baseline": "Baseline",
    "comparison": "Comparison with a baseline",
    "quality": "Quality of the answers",
    "tuning": "Tuning",
    "statements": "What the catalog is asked",
    "peers": "Beside others",
}
_LARGEST_TABLE = 60
_SHOWN_PARAMETERS = 12
_WORDS = {True: "met", False: "MISSED", None: "not measured"}


def assemble(
    runs: Sequence[Run], draw: Mapping[str, Draw], *, more: Sequence[Section] = (), now: datetime | None = None
) -> Document:
    """The report of `runs`, a section for each; `draw` has the pictures of each kind, `more` other sections."""
    made_at = now or datetime.now(UTC)
    ordered = sorted(runs, key=lambda run: (list(KINDS).index(run.kind), run.made_at))
    sections = [_circumstances(ordered), _targets(ordered), *(_section(run, draw.get(run.kind)) for run in ordered)]
    cache = _cache_effect(ordered)
    return Document(
        title=f"Performance report, {made_at:%d %B %Y}",
        made_at=made_at,
        summary=_summary(ordered),
        sections=[*sections, *([cache] if cache else []), *more, _not_measured(ordered)],
    )


def newest(runs: Iterable[Run], kinds: Sequence[str] = ()) -> list[Run]:
    """The newest run of each kind, of the load one for each state of the cache."""
    found: dict[tuple[str, str], Run] = {}
    for run in sorted(runs, key=lambda run: run.made_at):
        if run.kind in KINDS and (not kinds or run.kind in kinds):
            found[run.kind, str(run.parameters.get("cache", "")) if run.kind == "load" else ""] = run
    return list(found.values())


def _summary(runs: Sequence[Run]) -> str:
    judged = [one["met"] for run in runs for one in run.verdicts if one["met"] is not None]
    if not judged:
        return f"{_count(len(runs), 'run')}; none of them was held to a target."
    return f"{_count(len(runs), 'run')}, {sum(judged)} of {_count(len(judged), 'target')} met."


def _circumstances(runs: Sequence[Run]) -> Section:
    rows = [
        (
            run.kind, run.name or run.id, f"{run.made_at:%Y-%m-%d %H:%M} UTC", _machine(run.machine),
            _store(run.store), run.versions.get("memory-workbench", "?"), run.versions.get("python", "?"),
        )
        for run in runs
    ]  # fmt: skip
    said = []
    for what, differ in (
        ("machines", {_machine(run.machine) for run in runs}),
        ("stores", {_store(run.store) for run in runs}),
    ):
        if len(differ) > 1:
            said.append(f"The runs are of {len(differ)} different {what}: figures of one do not hold for another.")
    head = ("run", "name", "made", "machine", "store", "workbench", "python")
    return Section("What was measured, where and when", said, [Table(head, rows)])


def _targets(runs: Sequence[Run]) -> Section:
    missed = [(run, one) for run in runs for one in run.verdicts if one["met"] is False]
    if not missed:
        return Section("Targets", ["No target that was measured is missed."])
    rows = [(run.kind, str(one["name"]), _demand(one), _number(one["figure"], one["unit"])) for run, one in missed]
    return Section("Targets that are missed", (), [Table(("run", "target", "demand", "measured"), rows)])


def _section(run: Run, draw: Draw | None) -> Section:
    tables = [Table(("figure", "measured"), _figures(run))] if run.figures else []
    if run.verdicts:
        rows = [
            (str(one["name"]), _demand(one), _number(one["figure"], one["unit"]), _WORDS[one["met"]])
            for one in run.verdicts[:_LARGEST_TABLE]
        ]
        tables.append(Table(("target", "demand", "measured", "verdict"), rows))
    cache = run.parameters.get("cache")
    title = f"{KINDS[run.kind]}, cache {cache}" if run.kind == "load" and cache else KINDS[run.kind]
    return Section(f"{title}: {run.name}" if run.name else title, list(_about(run)), tables, draw(run) if draw else ())


def _figures(run: Run) -> list[tuple[str, str]]:
    judged = {one["name"] for one in run.verdicts}
    rest = [one for one in run.figures if one.name not in judged]
    return [(one.name, _number(one.value, one.unit)) for one in rest[:_LARGEST_TABLE]]


def _about(run: Run) -> Iterator[str]:
    given = [
        f"{name} {_plain(value)}" for name, value in run.parameters.items() if value not in (None, "", [], {}, False)
    ]
    yield f"Run {run.id}. {', '.join(given[:_SHOWN_PARAMETERS])}{', …' if len(given) > _SHOWN_PARAMETERS else ''}"
    left = len(run.figures) - len({one["name"] for one in run.verdicts}) - _LARGEST_TABLE
    if left > 0:
        yield f"{left} more figures are in the run's file."


def _cache_effect(runs: Sequence[Run]) -> Section | None:
    """Loads that differ in the state of the cache, side by side; None without two of them."""
    loads = [run for run in runs if run.kind == "load" and run.parameters.get("cache")]
    if len({run.parameters["cache"] for run in loads}) < 2:
        return None
    names = [one.name for one in loads[0].figures if all(run.figure(one.name) is not None for run in loads)]
    units = {one.name: one.unit for one in loads[0].figures}
    rows = [(name, *(_number(run.figure(name), units[name]) for run in loads)) for name in names]
    head = ("figure", *(f"cache {run.parameters['cache']}" for run in loads))
    return Section(
        "What the cache does", ("The same kind of load with the cache in different states.",), [Table(head, rows)]
    )


def _not_measured(runs: Sequence[Run]) -> Section:
    absent = [title for kind, title in KINDS.items() if kind not in {run.kind for run in runs}]
    said = f"No stored run says anything of: {', '.join(absent)}." if absent else "Every kind of run is in this report."
    return Section("What is not measured", (said,))


def _demand(verdict: Mapping[str, Any]) -> str:
    if "limit" not in verdict:
        return str(verdict.get("demand", ""))
    return f"{'≥' if verdict.get('at_least') else '≤'} {_number(verdict['limit'], verdict['unit'])}"


def _number(value: float | None, unit: str = "") -> str:
    return "" if value is None else f"{value:,.4g} {unit}".strip()


def _machine(machine: Mapping[str, Any]) -> str:
    memory = machine.get("memory_bytes", 0) / 2**30
    return f"{machine.get('processor', '?')}, {machine.get('cores', '?')} cores, {memory:.0f} GiB"


def _store(store: Mapping[str, Any]) -> str:
    if "messages" in store:
        return f"{store['messages']:,} messages, {store.get('embedder', '?')}"
    return ", ".join(f"{name}: {count:,} messages" for name, count in store.get("sets", {}).items()) or "none"


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'s' * (number != 1)}"
