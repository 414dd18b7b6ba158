"""The import: find, parse, merge, embed, publish. Each batch is committed by itself; all of it can be repeated."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench import sources
from workbench.embedding import Embedder, load_embedder
from workbench.errors import EmptyExportError, SourceError, UsageError
from workbench.ingest.forgetting import opened
from workbench.ingest.masking import MASK
from workbench.ingest.parsing import PARSE_BYTES_PER_SECOND, ParsedBatch, make_parser, raw_batches
from workbench.ingest.progress import Progress, Told
from workbench.ingest.report import FileReport, IngestReport
from workbench.ingest.vectorising import embed_missing
from workbench.parallel import executor, plan_parallel
from workbench.record import (
    RECORD_FILE,
    Database,
    Tombstones,
    WriterLock,
    absorb,
    connect_read_only,
    count_missing,
    finish_import,
    leave_out,
    lift,
    merge,
    read_tombstones,
    reading_revision,
    returning,
    scratch_record,
    start_import,
)
from workbench.search.tuning import Tuning
from workbench.settings import SECRET_POLICIES
from workbench.snapshot import VectorSpace, publish, read_profile
from workbench.snapshot.replica import refuse_writing
from workbench.sources import ExportFile

_REASONS_TOLD = 5


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How to import.

    `ray` and `workers` as in `plan_parallel`; `assistant` restricts to one assistant's exports; `secrets` is one of
    SECRET_POLICIES. With `restore_forgotten` what was forgotten comes back, where it is in these exports.
    """

    store: Path
    embedder: str = "static"
    ray: str = "auto"
    workers: int | None = None
    assistant: str | None = None
    dry_run: bool = False
    secrets: str = "mask"
    restore_forgotten: bool = False


def ingest(paths: Sequence[Path], options: IngestOptions, progress: Progress) -> IngestReport:
    """Import all exports under `paths` into the store and publish a generation.

    With `dry_run` nothing is written: the report says what would be.

    Raises:
        SourceError: Not one conversation could be read from any of the paths.
        StoreLockedError: Another process is writing.
        StoreError: The store is a replica of another one.
        EmbeddingError: The model cannot be loaded; nothing was read.
    """
    if options.secrets not in SECRET_POLICIES:
        raise UsageError(
            f"there is no policy {options.secrets!r} on secrets", "", f"give one of {', '.join(SECRET_POLICIES)}"
        )
    files, reports = _find(paths, options.assistant)
    report = IngestReport(reports, options.dry_run)
    if not files:
        raise _nothing_found(report, paths, options)
    if options.dry_run:
        with _to_compare_with(options.store) as database:
            _read(database, files, report, paths, options, progress)
        return report
    refuse_writing(options.store)
    embedder = _load(options, report, progress)
    with WriterLock(options.store) as lock, opened(options.store, lock) as database:
        progress = Told(lock, progress)
        number = start_import(database, ", ".join(map(str, paths)))
        _read(database, files, report, paths, options, progress)
        _embed_and_publish(database, embedder, report, options, progress)
        finish_import(database, number, report.to_json())
    return report


def rebuild(options: IngestOptions, progress: Progress, *, anew: bool = False) -> IngestReport:
    """Publish what the record and its journal hold; with `anew` even if all of that is published already.

    Raises:
        StoreLockedError: Another process is writing.
        StoreError: The store is a replica of another one.
        EmbeddingError: The model cannot be loaded.
    """
    refuse_writing(options.store)
    report = IngestReport([], dry_run=False)
    embedder = _load(options, report, progress)
    with WriterLock(options.store) as lock, opened(options.store, lock) as database:
        progress = Told(lock, progress)
        _embed_and_publish(database, embedder, report, options, progress, anew=anew)
    return report


def _read(
    database: Database, files: Sequence[ExportFile], report: IngestReport, paths: Sequence[Path],
    options: IngestOptions, progress: Progress,
) -> None:  # fmt: skip
    _parse(database, files, report, options, progress)
    if not any(one.read for one in report.files):  # an import that finds nothing is an error, not a success
        raise _nothing_found(report, paths, options)


def _find(paths: Sequence[Path], assistant: str | None) -> tuple[list[ExportFile], list[FileReport]]:
    """The files to read, and a report for each; a path that cannot be read has a report only."""
    if not paths:
        raise UsageError("there is nothing to import", "", "give at least one file or folder")
    found: list[tuple[ExportFile, FileReport]] = []
    others: list[FileReport] = []
    for path in paths:
        try:
            files, issues = sources.find_files(path)
        except SourceError as error:
            others.append(FileReport(str(path), "", "not read", error=str(error)))
            continue
        wanted = [file for file in files if assistant in (None, sources.SOURCES[file.source].assistant)]
        found += [(file, FileReport(file.place, file.source, sources.SOURCES[file.source].label)) for file in wanted]
        if issues:
            others.append(FileReport(str(path), "", "other files", issues=list(issues)))
    return [file for file, _ in found], [*(one for _, one in found), *others]


def _to_compare_with(store: Path) -> Database:
    return connect_read_only(store / RECORD_FILE, memory="2GB") if (store / RECORD_FILE).exists() else scratch_record()


def _parse(
    database: Database, files: Sequence[ExportFile], report: IngestReport, options: IngestOptions, progress: Progress
) -> None:
    size = sum(file.size for file in files)
    plan = plan_parallel(options.ray, size / PARSE_BYTES_PER_SECOND, workers=options.workers)
    report.parsing = str(plan)
    report.secrets = options.secrets
    revision = reading_revision(database, sources.REVISION, masked=options.secrets == MASK, dry_run=options.dry_run)
    tombstones = read_tombstones(database)
    progress.start("reading", size, "bytes")
    with _timed(report, "reading"), executor(plan) as run:
        for batch in run.map(partial(make_parser, options.secrets), raw_batches(files, report.files, revision)):
            _merge(database, batch, report, options, tombstones)
            progress.advance(batch.bytes)
    progress.finish()
    for one in report.files:
        if one.source and not one.read and not one.error:
            one.error = "not a single conversation is in it"


def _merge(
    database: Database, batch: ParsedBatch, report: IngestReport, options: IngestOptions, tombstones: Tombstones
) -> None:
    if options.restore_forgotten:
        if not options.dry_run:
            lift(database, returning(batch.rows, tombstones))
        tombstones = Tombstones()
    rows, left_out = leave_out(batch.rows, tombstones)
    counts = merge(database, rows, dry_run=options.dry_run)
    one = report.files[batch.file]
    one.add(counts, rows.artifacts.num_rows, left_out)
    one.issues.extend(batch.issues)
    one.secrets.extend(found for found in batch.secrets if found.conversation not in tombstones.conversations)
    report.rows_written += counts.rows_written


def _nothing_found(report: IngestReport, paths: Sequence[Path], options: IngestOptions) -> EmptyExportError:
    reasons = [f"{one.place}: {one.error}" for one in report.failed]
    reasons += [f"{issue.place}: {issue.reason}" for one in report.files for issue in one.issues]
    missing = f"there is no export of {options.assistant} in it" if options.assistant else "there is no export in it"
    return EmptyExportError(
        f"no conversation was found in {', '.join(map(str, paths))}",
        "; ".join(list(dict.fromkeys(reasons))[:_REASONS_TOLD]) or missing,
        "docs/sources.md says which files to give",
    )


def _load(options: IngestOptions, report: IngestReport, progress: Progress) -> Embedder:
    """The model, before anything is read: a name that means nothing should not be found out at the end."""
    progress.start("loading the model (the first time it is made)", 0, "")
    with _timed(report, "loading the model"):
        embedder = load_embedder(options.embedder)
    progress.finish()
    _space(options.store, embedder)  # nor should a damaged profile
    report.embedder = embedder.fingerprint
    return embedder


def _embed_and_publish(
    database: Database, embedder: Embedder, report: IngestReport, options: IngestOptions, progress: Progress,
    *, anew: bool = False,
) -> None:  # fmt: skip
    report.memories = absorb(database, options.store)  # late, so that what was remembered during the import is in it
    with _timed(report, "embedding"):
        report.texts_embedded = _embed(database, embedder, report, options, progress)
    report.rows_written += report.texts_embedded
    progress.start("publishing", 0, "")
    with _timed(report, "publishing"):
        manifest = publish(database, options.store, _space(options.store, embedder), anew=anew)
    progress.finish()
    report.generation = manifest.generation


def _space(store: Path, embedder: Embedder) -> VectorSpace:
    """How the store's next generation is indexed and searched."""
    profile = read_profile(store)
    search = Tuning.from_values(profile.search).changed
    model = (embedder.name, embedder.fingerprint, embedder.dimensions)
    return VectorSpace(*model, profile.index, search, profile.tuned_by)


def _embed(
    database: Database, embedder: Embedder, report: IngestReport, options: IngestOptions, progress: Progress
) -> int:
    missing = count_missing(database, embedder.fingerprint)
    if not missing:
        report.embedding = "every text has its vector"
        return 0
    plan = plan_parallel(options.ray, missing / embedder.texts_per_second, workers=options.workers)
    report.embedding = str(plan)
    progress.start("embedding", missing, "texts")
    with executor(plan) as run:
        written = embed_missing(database, embedder, run, progress)
    progress.finish()
    return written


@contextmanager
def _timed(report: IngestReport, stage: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    report.seconds[stage] = time.perf_counter() - begun
