"""Which runs of a pipeline go."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.notebooks.pipelines.definition import Keep
from workbench.notebooks.pipelines.folders import runs_of
from workbench.notebooks.pipelines.ledger import DONE, RUNNING, RunRecord


@dataclass(frozen=True, slots=True)
class Swept:
    """A run that was removed, and why."""

    id: str
    why: str


def merged(keep: Keep, over: Keep) -> Keep:
    """`keep`, with what `over` says in its place."""
    return Keep(
        keep.runs if over.runs is None else over.runs,
        keep.age if over.age is None else over.age,
        keep.size if over.size is None else over.size,
    )


def sweep(runs: Path, pipeline: str, keep: Keep) -> list[Swept]:
    """Remove the runs of a pipeline that `keep` does not keep, the oldest first. The caller holds the pipeline.

    The newest run, the newest one that succeeded and one that is at work are never removed; nor is anything that is not
    a folder of a run of this pipeline, as what experiments found (`history`) is not.
    """
    records = [one for one in runs_of(runs, pipeline) if not one.folder.is_symlink()]
    safe = {one.id for one in records if one.state == RUNNING} | {one.id for one in records[-1:]}
    safe |= {one.id for one in [one for one in records if one.state == DONE][-1:]}
    gone = []
    for record, why in _too_much(records, safe, keep):
        shutil.rmtree(record.folder)
        gone.append(Swept(record.id, why))
    return gone


def _too_much(records: list[RunRecord], safe: set[str], keep: Keep) -> Iterator[tuple[RunRecord, str]]:
    left = len(records)
    sizes = {one.id: _size(one.folder) for one in records} if keep.size is not None else {}
    total = sum(sizes.values())
    now = datetime.now(UTC)
    for record in records:
        if record.id in safe:
            continue
        begun = record.started or datetime.fromtimestamp(record.folder.stat().st_mtime, UTC)
        if keep.runs is not None and left > keep.runs:
            why = f"more than {keep.runs} runs"
        elif keep.age is not None and (now - begun).total_seconds() > keep.age:
            why = f"began on {begun:%Y-%m-%d}"
        elif keep.size is not None and total > keep.size:
            why = f"more than {keep.size / 1e6:,.0f} MB in all"
        else:
            continue
        left -= 1
        total -= sizes.get(record.id, 0)
        yield record, why


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
