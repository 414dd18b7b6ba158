"""Where runs are, and what became of each."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import NotFoundError, StoreError
from workbench.notebooks.pipelines.ledger import INTERRUPTED, LEDGER_FILE, RUNNING, RunRecord, read_ledger
from workbench.record.file_lock import holder_of

UNREADABLE = "unreadable"
_LOCKS = ".locks"
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def new_folder(runs: Path, pipeline: str) -> Path:
    """A folder for a new run, which is not made yet."""
    return runs / pipeline / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


def lock_file(runs: Path, pipeline: str) -> Path:
    """The file that the process at work on a pipeline holds."""
    return runs / _LOCKS / f"pipeline-{pipeline}.lock"


def resource_file(runs: Path, resource: str) -> Path:
    """The file that the process which uses a resource holds."""
    return runs / _LOCKS / f"resource-{resource}.lock"


def pipelines_in(runs: Path) -> list[str]:
    """The names of the pipelines that have runs."""
    return sorted({ledger.parent.parent.name for ledger in runs.glob(f"*/*/{LEDGER_FILE}")})


def runs_of(runs: Path, pipeline: str) -> list[RunRecord]:
    """The runs of a pipeline, the newest last. One whose ledger is damaged is among them, as "unreadable"."""
    held = holder_of(lock_file(runs, pipeline)) or {}
    folders = [ledger.parent for ledger in (runs / pipeline).glob(f"*/{LEDGER_FILE}")]
    records = [_look(folder, str(held.get("run", ""))) for folder in folders]
    return sorted(records, key=lambda record: (record.started or _EARLIEST, record.id))


def find_run(runs: Path, pipeline: str, wanted: str) -> RunRecord:
    """The run of that id, or the only one whose id begins so; "latest" is the newest.

    Raises:
        NotFoundError: There is none, or there are several.
    """
    records = runs_of(runs, pipeline)
    found = records[-1:] if wanted == "latest" else [one for one in records if wanted and one.id.startswith(wanted)]
    if len(found) != 1:
        what = f"{len(found)} runs begin with" if found else "there is no run called"
        raise NotFoundError(f"{what} {wanted!r}", f"in {runs / pipeline}", f"workbench run --list {pipeline}")
    return found[0]


def _look(folder: Path, running: str) -> RunRecord:
    try:
        record = read_ledger(folder)
    except StoreError as error:
        return RunRecord(folder.name, folder, folder.parent.name, UNREADABLE, {"why": str(error)})
    if record.id == running:
        record.state = RUNNING
    elif record.state == INTERRUPTED:
        for step in record.steps:
            step.state = INTERRUPTED if step.state == RUNNING else step.state
    return record
