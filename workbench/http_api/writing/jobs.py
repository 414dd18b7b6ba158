"""Import jobs, as files beside the store: `jobs/<id>.json` says how one stands, `uploads/<id>` is what it imports.

Any worker process can say how any job stands, and a job outlives the service that took it. Names of files are made
here, at random; nothing that a request says is ever part of a path.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from workbench.errors import NotFoundError
from workbench.http_api.wire.encoding import dump

KEPT = 200  # jobs that are over; what they imported stays
_ABANDONED_SECONDS = 86_400.0  # an upload that nobody has gone on with for so long was cut off


class JobState(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Job:
    """One import. Times are UTC; `bytes` is the size of the upload, `filename` what the client calls it.

    `waiting_for` says why a queued job waits, where there is more to say than that others come first. `attempts` counts
    how often it was begun. `report` says what was imported, `error` why nothing was.
    """

    id: str
    filename: str
    bytes: int
    created_at: datetime
    state: JobState = JobState.QUEUED
    started_at: datetime | None = None
    finished_at: datetime | None = None
    waiting_for: str | None = None
    attempts: int = 0
    report: JobReport | None = None
    error: JobError | None = None


@dataclass(frozen=True, slots=True)
class JobReport:
    """What an import did. `conversations` counts new, changed and unchanged ones; `seconds` is per stage.

    `partial` says whether anything was left out, `left_out` what was left out or altered and why, with counts.
    `generation` is that in which it can be searched.
    """

    conversations: Mapping[str, int]
    messages_new: int
    messages_changed: int
    messages_unchanged: int
    artifacts: int
    rows_written: int
    texts_embedded: int
    generation: int | None
    partial: bool
    seconds: Mapping[str, float]
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobError:
    """Why an import failed, and what to do."""

    title: str
    detail: str
    todo: str


class Jobs:
    """The jobs of one store."""

    def __init__(self, store: Path) -> None:
        self._folder, self._uploads = store / "jobs", store / "uploads"

    def new_id(self) -> str:
        """An id that no job has."""
        return "i_" + secrets.token_hex(10)

    def upload(self, identifier: str) -> Path:
        """Where the upload of a job is, whose id was made here."""
        self._uploads.mkdir(parents=True, exist_ok=True)
        return self._uploads / identifier

    def write(self, job: Job) -> None:
        """Keep how a job stands; whoever reads sees it as it was or as it is, never half."""
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._folder / f".{job.id}.new"
        with fresh.open("wb") as stream:
            stream.write(dump(job))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self._folder / f"{job.id}.json")

    def all(self) -> list[Job]:
        """All jobs, the newest first."""
        found = []
        for path in self._folder.glob("i_*.json"):
            with suppress(FileNotFoundError):  # it was tidied away just now
                found.append(_job(path.read_bytes()))
        return sorted(found, key=lambda job: (job.created_at, job.id), reverse=True)

    def get(self, identifier: str) -> Job:
        """The job with that id.

        Raises:
            NotFoundError: There is none.
        """
        for job in self.all():
            if job.id == identifier:
                return job
        raise NotFoundError(f"there is no import {identifier!r}", "", "the list of imports gives their ids")

    def changed(self) -> int:
        """A number that is another when a job has come or changed."""
        try:
            return self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    @contextmanager
    def turn(self) -> Iterator[int | None]:
        """The right to run jobs, for one process at a time; None if another has it.

        It is an open file with a lock. A child that inherits the file holds the right too, so that what a killed
        service has begun is waited for.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
            else:
                yield handle
        finally:
            os.close(handle)

    def tidy(self) -> None:
        """Forget all but the last jobs that are over, and remove uploads that belong to no open job."""
        jobs = self.all()
        for job in [job for job in jobs if job.state not in OPEN][KEPT:]:
            (self._folder / f"{job.id}.json").unlink(missing_ok=True)
        state = {job.id: job.state for job in jobs}
        for path in self._uploads.glob("i_*"):
            with suppress(FileNotFoundError):
                abandoned = time.time() - path.stat().st_mtime > _ABANDONED_SECONDS
                if state[path.name] not in OPEN if path.name in state else abandoned:
                    path.unlink()


def _job(raw: bytes) -> Job:
    values: dict[str, Any] = orjson.loads(raw)
    for name in ("created_at", "started_at", "finished_at"):
        if values[name] is not None:
            values[name] = datetime.fromisoformat(values[name]).astimezone(UTC)
    values["state"] = JobState(values["state"])
    for name, kind in (("report", JobReport), ("error", JobError)):
        if values[name] is not None:
            values[name] = kind(**values[name])
    return Job(**{one.name: values[one.name] for one in fields(Job)})
