"""Running a pipeline: its steps one after the other, each noted in the ledger before and after."""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workbench.errors import NotebookError, PipelineError, WorkbenchError
from workbench.experiments.runs import RunHistory
from workbench.notebooks.pipelines.definition import Condition, Pipeline, Step
from workbench.notebooks.pipelines.digest import step_digest
from workbench.notebooks.pipelines.index_page import write_index
from workbench.notebooks.pipelines.interrupts import interruptible
from workbench.notebooks.pipelines.ledger import (
    DONE,
    FAILED,
    FORMAT,
    INTERRUPTED,
    RUNNING,
    SKIPPED,
    Ledger,
    RunRecord,
    read_ledger,
)  # fmt: skip
from workbench.notebooks.pipelines.locking import Held, reserved
from workbench.notebooks.pipelines.placeholders import filled
from workbench.notebooks.pipelines.planning import RunOptions, RunPlan, plan_run
from workbench.notebooks.pipelines.retention import merged, sweep
from workbench.notebooks.pipelines.units import as_time
from workbench.notebooks.running import NotebookRun, run_notebook


class Execute(Protocol):
    """What runs a notebook: `run_notebook`, or something with its signature."""

    def __call__(
        self, notebook: Path, *, output: Path, parameters: Mapping[str, object], html: bool, timeout: float | None
    ) -> NotebookRun:
        """Run it, or raise a WorkbenchError."""
        ...


def run_pipeline(
    pipeline: Pipeline, options: RunOptions, *, execute: Execute = run_notebook,
    say: Callable[[str], None] = lambda line: None,
) -> RunRecord:  # fmt: skip
    """Run a pipeline, or go on with its newest run; returns what the ledger says at its end.

    Every run has a folder in `options.runs`/PIPELINE with what was executed, HTML pages, an index page and the ledger.
    SIGTERM ends it as Ctrl-C does: the kernel is ended, the run is noted as interrupted.

    Raises:
        PipelineBusyError: Another run holds the pipeline or something that it needs, for longer than `options.wait`.
        PipelineError: A step failed that may not.
        UsageError, NotFoundError: As `plan_run`.
        KeyboardInterrupt: It was interrupted.
    """
    with interruptible(), reserved(options.runs, pipeline, wait=options.wait, say=say) as held:
        plan = plan_run(pipeline, options)
        session = _Session(pipeline, options, plan, held, execute, say)
        try:
            return session.run()
        finally:
            try:
                for gone in sweep(options.runs, pipeline.name, merged(pipeline.keep, options.keep)):
                    say(f"Removed run {gone.id}: {gone.why}.")
            except OSError as error:  # what became of the run is what is to be told
                say(f"Older runs could not be removed: {error}.")


@dataclass(slots=True)
class _Session:
    """One process at work on a run."""

    pipeline: Pipeline
    options: RunOptions
    plan: RunPlan
    held: Held
    execute: Execute
    say: Callable[[str], None]

    @property
    def record(self) -> RunRecord:
        record = read_ledger(self.plan.folder)
        record.state = RUNNING if record.ended is None else record.state
        return record

    def run(self) -> RunRecord:
        self._begin()
        state = INTERRUPTED
        try:
            for place, step in enumerate(self.pipeline.steps, start=1):
                if step.name not in self.plan.kept:
                    self._step(place, step)
            state = DONE
        except PipelineError:
            state = FAILED
            raise
        finally:
            self._note("ended", state=state)
        record = self.record
        self.say(f"{self.pipeline.name}: done. {self.plan.folder / 'index.html'}")
        return record

    def _begin(self) -> None:
        pipeline, plan = self.pipeline, self.plan
        self.held.tell(run=plan.folder.name)
        steps = [{"name": step.name, "notebook": str(step.notebook)} for step in pipeline.steps]
        common = {"steps": steps, "digests": plan.digests, "format": FORMAT}
        if plan.resumed is None:
            if plan.why:
                self.say(f"A new run: {plan.why}.")
            self._note("begun", pipeline=pipeline.name, file=str(pipeline.path), **common)
            self.say(f"{pipeline.name}: run {plan.folder.name}, {len(steps)} steps.")
            return
        self._note("resumed", kept=list(plan.kept), **common)
        place = len(plan.kept) + 1
        where = f"step {place} of {len(steps)}, {steps[place - 1]['name']}" if place <= len(steps) else "its end"
        self.say(f"{pipeline.name}: run {plan.folder.name} goes on at {where}; it was {plan.resumed.state}.")

    def _step(self, place: int, step: Step) -> None:
        title = f"{place}/{len(self.pipeline.steps)} {step.name}"
        self.held.tell(step=f"{place} of {len(self.pipeline.steps)}, {step.name}")
        if reason := self._why_not(step):
            self._note("step", step=step.name, state=SKIPPED, reason=reason)
            self.say(f"{title}: skipped, {reason}")
            return
        left = step.retries
        while (error := self._attempt(place, step, title)) is not None and left and isinstance(error, NotebookError):
            left -= 1
            self.say(f"{title}: failed, tried again. {error}")
        if error is not None and step.allow_failure:
            self.say(f"{title}: failed, which it may. {error}")
        elif error is not None:
            raise PipelineError(
                f"{self.pipeline.name} failed in step {place} of {len(self.pipeline.steps)}, {step.name}: {error.what}",
                error.why,
                f"{error.todo}; the same command goes on at this step" if error.todo else "",
            ) from error

    def _attempt(self, place: int, step: Step, title: str) -> WorkbenchError | None:
        """Run the notebook once; the error if it failed."""
        attempt = self.record.step(step.name).attempts + 1
        folder = f"{place:02}-{step.name}" + (f".{attempt}" if attempt > 1 else "")
        digest = step_digest(step, self.plan.lasting)
        self._note("step", step=step.name, state=RUNNING, attempt=attempt, folder=folder, digest=digest)
        self.say(f"{title}: {step.notebook.name}")
        before = self._history()
        state, reason, failure = INTERRUPTED, "", None
        try:
            self.execute(
                step.notebook, output=self.plan.folder / folder, parameters=filled(step.parameters, self.plan.values),
                html=self.options.html, timeout=step.timeout,
            )  # fmt: skip
            state = DONE
        except WorkbenchError as error:
            state, reason, failure = FAILED, str(error), error
        finally:
            kept = sorted(self._history() - before)
            self._note("step", step=step.name, state=state, reason=reason, kept=kept)
        if state == DONE:
            self.say(f"{title}: done in {as_time(self.record.step(step.name).seconds)}")
        return failure

    def _why_not(self, step: Step) -> str:
        """Why a step is not run; empty if it is."""
        for needed in step.needs:
            state = self.record.step(needed).state
            if state != DONE:
                return (
                    f"it needs {needed}, which was {state}" if state == SKIPPED else f"it needs {needed}, which {state}"
                )
        if step.when is not None and _holds(step.when, step, self.plan.values) == step.when.negated:
            what = f"${{{step.when.parameter}}}" if step.when.parameter else f"exists {step.when.path}"
            return f"`{what}` is {'true' if step.when.negated else 'not true'}"
        return ""

    def _history(self) -> set[str]:
        return {path.stem for path in RunHistory(self.options.runs).folder.glob("*.json")}

    def _note(self, event: str, **facts: Any) -> None:
        Ledger(self.plan.folder).add(event, **facts)
        with contextlib.suppress(OSError):  # the page is for looking; the ledger is what counts
            write_index(self.record, self.pipeline, self.options.runs)


def _holds(condition: Condition, step: Step, values: Mapping[str, Any]) -> bool:
    if condition.parameter:
        return bool(values[condition.parameter])
    pattern = filled(condition.path, values)
    # Path.glob would take hidden files, too, such as .gitkeep
    return bool(glob.glob(pattern, root_dir=step.notebook.parent))  # noqa: PTH207
