"""What a run has done so far: a file of JSON lines, each on the disk before the run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.errors import StoreError

LEDGER_FILE = "ledger.jsonl"
FORMAT = 1

WAITING, RUNNING, DONE, FAILED, SKIPPED, INTERRUPTED = "waiting", "running", "done", "failed", "skipped", "interrupted"


@dataclass(slots=True)
class StepRecord:
    """A step of a run: how far it is. `folder` is relative to that of the run, `kept` the names of experiments' runs
    that appeared in the history meanwhile, `reason` why it failed or was skipped."""

    name: str
    notebook: str
    state: str = WAITING
    digest: str = ""
    attempts: int = 0
    started: datetime | None = None
    ended: datetime | None = None
    folder: str = ""
    reason: str = ""
    kept: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long its last attempt took; 0 if it has not ended."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else 0.0


@dataclass(slots=True)
class RunRecord:
    """A run, as its ledger has it. A run that nobody works at and that has no end was killed: "interrupted"."""

    id: str
    folder: Path
    pipeline: str = ""
    state: str = INTERRUPTED
    digests: dict[str, Any] = field(default_factory=dict)
    started: datetime | None = None
    ended: datetime | None = None
    sessions: int = 0
    steps: list[StepRecord] = field(default_factory=list)

    def step(self, name: str) -> StepRecord:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)

    @property
    def next_step(self) -> StepRecord | None:
        """The first step that has not come to its end."""
        return next((step for step in self.steps if step.state in (WAITING, RUNNING, INTERRUPTED, FAILED)), None)


class Ledger:
    """Writes to the ledger of the run in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LEDGER_FILE

    def add(self, event: str, **facts: Any) -> None:
        """Add a line; it is on the disk when this returns. The line that a killed process has left unfinished goes.

        Raises:
            OSError: It cannot be written.
        """
        line = json.dumps({"event": event, "at": _now(), **facts}, ensure_ascii=False).encode() + b"\n"
        new = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as stream:
            stream.seek(0)
            stream.truncate(_whole_length(stream.read()))
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
        if new:
            _sync_folder(self.path.parent)
            _sync_folder(self.path.parent.parent)


def read_ledger(folder: Path) -> RunRecord:
    """The run in a folder, from its ledger.

    Raises:
        StoreError: There is no ledger, a line of it is damaged, or a newer Workbench wrote it.
    """
    path = folder / LEDGER_FILE
    record = RunRecord(folder.name, folder)
    try:
        for number, event in _events(path):
            if event.get("format", FORMAT) > FORMAT:
                raise StoreError(f"{path} was written by a newer Workbench", "", "update Workbench")
            try:
                _apply(record, event)
            except (KeyError, StopIteration, ValueError, TypeError) as error:
                raise StoreError(
                    f"line {number} of {path} is damaged", repr(error), "begin anew with --fresh"
                ) from error
    except OSError as error:
        raise StoreError(f"the ledger {path} cannot be read", str(error), "begin anew with --fresh") from error
    if not record.steps:
        raise StoreError(f"the ledger {path} is empty", "the run was killed as it began", "begin anew with --fresh")
    return record


def _events(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    content = path.read_bytes()
    for number, line in enumerate(content[: _whole_length(content)].splitlines(), start=1):
        try:
            yield number, dict(json.loads(line))
        except (ValueError, TypeError) as error:
            raise StoreError(f"line {number} of {path} is damaged", str(error), "begin anew with --fresh") from error


def _apply(record: RunRecord, event: dict[str, Any]) -> None:
    at = datetime.fromisoformat(event["at"])
    match event["event"]:
        case "begun":
            record.pipeline, record.digests, record.started, record.sessions = (
                event["pipeline"], event["digests"], at, 1,
            )  # fmt: skip
            record.steps = [StepRecord(one["name"], one["notebook"]) for one in event["steps"]]
        case "resumed":
            record.sessions += 1
            record.state, record.ended, record.digests = INTERRUPTED, None, event["digests"]
            kept = {one.name: one for one in record.steps if one.name in event["kept"]}
            before = {one.name: one for one in record.steps}
            record.steps = [
                kept.get(one["name"]) or _again(before.get(one["name"]), one["name"], one["notebook"])
                for one in event["steps"]
            ]
        case "step":
            _apply_step(record.step(event["step"]), event, at)
        case "ended":
            record.state, record.ended = event["state"], at


def _again(before: StepRecord | None, name: str, notebook: str) -> StepRecord:
    """A step that is to be run again: what it tried before counts, so that nothing of it is written over."""
    return StepRecord(name, notebook, attempts=before.attempts if before else 0)


def _apply_step(step: StepRecord, event: dict[str, Any], at: datetime) -> None:
    step.state = event["state"]
    step.reason = event.get("reason", "")
    if step.state == RUNNING:
        step.attempts, step.folder, step.digest = event["attempt"], event["folder"], event["digest"]
        step.started, step.ended, step.kept = at, None, ()
    else:
        step.ended = at
        step.kept = tuple(event.get("kept", ()))


def _whole_length(content: bytes) -> int:
    return content.rfind(b"\n") + 1


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _now() -> str:
    return datetime.now(UTC).isoformat("T", "milliseconds")
