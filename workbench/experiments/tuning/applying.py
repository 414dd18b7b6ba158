"""Putting into use what a search found: the store's profile is written, and a generation made by it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import UsageError
from workbench.experiments.runs import Run
from workbench.experiments.tuning.parameters import Configuration
from workbench.experiments.tuning.result import KIND
from workbench.index import VectorProfile
from workbench.ingest import IngestOptions, Progress, Silent, rebuild
from workbench.record import WriterLock
from workbench.search.tuning import Tuning
from workbench.snapshot import StoreProfile, current_manifest, read_profile, remove_profile, write_profile
from workbench.snapshot.replica import refuse_writing


def apply_run(store: Path, run: Run, *, publish: bool = True, progress: Progress | None = None) -> StoreProfile:
    """Tune a store to what a run of kind "tuning" chose; every process that opens its next generation searches so.

    The profile says which run it is of, when it was applied, and what was in use before. With `publish` the next
    generation is made at once, else by the next import or `workbench rebuild`.

    Raises:
        UsageError: The run is of another kind, or says what cannot be used.
        StoreError: The store is a replica, or cannot be written.
        StoreLockedError: Another process is writing to it.
    """
    if run.kind != KIND:
        raise UsageError(f"run {run.id} is of kind {run.kind!r}", "it chose no parameters", f"give one of kind {KIND}")
    refuse_writing(store)
    chosen = run.details["chosen"]
    index = VectorProfile.from_dict(chosen["index"])
    index.check()
    manifest = current_manifest(store)
    tuned_by = {
        "run": run.id, "name": run.name, "applied_at": datetime.now(UTC).isoformat("T", "seconds"),
        "outcome": run.details["outcome"], "gain": run.figure("gain"),
        "before": Configuration.of(manifest).plain if manifest else {},
    }  # fmt: skip
    with WriterLock(store):
        other = manifest is None or chosen["embedder"] != manifest.embedder
        embedder = chosen["embedder"] if other else read_profile(store).embedder
        profile = StoreProfile(index, Tuning.from_values(chosen["search"]).changed, embedder, tuned_by)
        write_profile(store, profile)
    if publish:
        rebuild(IngestOptions(store, chosen["embedder"]), progress or Silent())
    return profile


def reset(store: Path, *, publish: bool = True, progress: Progress | None = None) -> bool:
    """Go back to the defaults, and to the embedder from before the store was tuned; whether it was tuned.

    Raises:
        StoreError: The store is a replica, or cannot be written.
        StoreLockedError: Another process is writing to it.
    """
    refuse_writing(store)
    manifest = current_manifest(store)
    with WriterLock(store):
        there = remove_profile(store)
    if publish and manifest:
        before = manifest.tuned_by.get("before") or {}
        rebuild(IngestOptions(store, before.get("embedder", manifest.embedder)), progress or Silent())
    return there
