"""Whether a call begins a new run or goes on with one, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.notebooks.pipelines.definition import Keep, Pipeline
from workbench.notebooks.pipelines.digest import Digests, changes, digests, step_digest
from workbench.notebooks.pipelines.folders import UNREADABLE, find_run, new_folder, runs_of
from workbench.notebooks.pipelines.ledger import DONE, FAILED, SKIPPED, RunRecord
from workbench.notebooks.pipelines.placeholders import filled
from workbench.notebooks.pipelines.units import as_time
from workbench.notebooks.values import fits


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a pipeline is run. `runs` and `store` are folders, `parameters` take the place of the pipeline's own;
    `fresh` begins a new run in any case, `resume` goes on with that one; `wait` is in seconds, `keep` takes the place
    of what the pipeline keeps, as far as it says something."""

    runs: Path
    store: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False
    resume: str = ""
    wait: float = 0.0
    keep: Keep = field(default_factory=Keep)
    html: bool = True


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a call will do: in which folder, with which values of ${...}, and which steps are kept as they are.

    `lasting` are the values as they are in every run, with ${run} and ${date} left as they stand. `resumed` is the
    run that is gone on with, None for a new one; `why` says, where it is not plain, why it is new.
    """

    folder: Path
    values: Mapping[str, Any]
    lasting: Mapping[str, Any]
    digests: Digests
    started: datetime
    resumed: RunRecord | None = None
    kept: tuple[str, ...] = ()
    why: str = ""


def plan_run(pipeline: Pipeline, options: RunOptions) -> RunPlan:
    """Go on with the newest run if it has not come to its end and the pipeline is the same; begin a new one else.

    Raises:
        UsageError: A parameter is not known or of another kind; `resume` names a run that is finished or unreadable.
        NotFoundError: `resume` names no run.
    """
    lasting = _lasting(pipeline, options)
    now = digests(pipeline, lasting)
    record: RunRecord | None
    why = ""
    if options.resume:
        record = find_run(options.runs, pipeline.name, options.resume)
        if record.state in (DONE, UNREADABLE):
            raise UsageError(
                f"run {record.id} cannot be gone on with", f"it is {record.state}", "begin a new one: --fresh"
            )
    else:
        record, why = _to_go_on_with(pipeline, options, now)
    started = record.started if record and record.started else datetime.now(UTC)
    folder = (record.folder if record else new_folder(options.runs, pipeline.name)).resolve()
    places = {"run": str(folder), "date": f"{started.astimezone():%Y-%m-%d}"}
    values = filled(lasting, places) | places
    return RunPlan(folder, values, lasting, now, started, record, _kept(pipeline, record, lasting), why)


def _lasting(pipeline: Pipeline, options: RunOptions) -> dict[str, Any]:
    """The values that are the same in every run: those of the parameters and of ${store} and ${runs}."""
    for name, value in options.parameters.items():
        if name not in pipeline.parameters:
            known = ", ".join(pipeline.parameters) or "none"
            raise UsageError(f"{pipeline.name} has no parameter {name!r}", "", f"its parameters are: {known}")
        if not fits(value, pipeline.parameters[name]):
            default = pipeline.parameters[name]
            raise UsageError(f"the parameter {name} cannot be {value!r}", "", f"its default is {default!r}")
    places = {"store": str(options.store.resolve()), "runs": str(options.runs.resolve())}
    given = {**pipeline.parameters, **options.parameters}
    return {name: filled(value, places) for name, value in given.items()} | places


def _to_go_on_with(pipeline: Pipeline, options: RunOptions, now: Digests) -> tuple[RunRecord | None, str]:
    """The run, or None and why not."""
    if options.fresh:
        return None, "--fresh asks for it"
    records = runs_of(options.runs, pipeline.name)
    if not records or records[-1].state == DONE:
        return None, ""
    newest = records[-1]
    if newest.state == UNREADABLE:
        return None, f"run {newest.id} cannot be gone on with: {newest.digests['why']}"
    changed = list(changes(newest.digests, now))
    if changed:
        return None, f"since run {newest.id}, which is {newest.state}, {'; '.join(changed)}"
    age = (datetime.now(UTC) - newest.started).total_seconds() if newest.started else 0.0
    if pipeline.resume_within is not None and age > pipeline.resume_within:
        limit = as_time(pipeline.resume_within)
        return None, f"run {newest.id}, which is {newest.state}, began more than {limit} ago"
    return newest, ""


def _kept(pipeline: Pipeline, record: RunRecord | None, lasting: Mapping[str, Any]) -> tuple[str, ...]:
    """The steps that are not run again: those that came to their end, up to the first that did not, or that is
    another now."""
    kept: list[str] = []
    known = {step.name: step for step in record.steps} if record else {}
    for step in pipeline.steps:
        before = known.get(step.name)
        if before is None or before.state not in (DONE, SKIPPED, *([FAILED] if step.allow_failure else [])):
            break
        if before.state != SKIPPED and before.digest != step_digest(step, lasting):
            break
        kept.append(step.name)
    return tuple(kept)
