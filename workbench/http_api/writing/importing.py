"""Running import jobs, one at a time, each in a process of its own.

All worker processes look for jobs; whoever has the turn runs them. An import can be repeated without harm, so a job
that was running when its service was killed is simply run again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from workbench.http_api.writing.jobs import OPEN, Job, JobError, JobReport, Jobs, JobState

MAX_ATTEMPTS = 3
_LOOK_SECONDS = 1.0
_LOCKED_SECONDS = 1.0
_END_SECONDS = 5.0
_NICENESS = 10  # searches go first
_DONE = (0, 3)  # exit statuses of `workbench ingest`: all, or all but something
_MOST_REASONS = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a process ended."""

    status: int
    output: bytes
    complaint: bytes


class Importer:
    """Runs the jobs of one store, as long as it is started."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self.jobs = Jobs(store)
        self._look = asyncio.Event()
        self._looked_at = -1
        self._working: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for jobs."""
        self._working = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Stop. A job that is running is stopped too and waits for the next start."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.gather(self._working, return_exceptions=True)

    def look(self) -> None:
        """There is a new job."""
        self._look.set()

    async def _work(self) -> None:
        while True:
            try:
                await self._run_all()
            except Exception:  # noqa: BLE001  (said in the log; the jobs are looked at again when they change)
                _log.exception("import jobs cannot be run")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), _LOOK_SECONDS)
            self._look.clear()

    async def _run_all(self) -> None:
        changed = await run_in_threadpool(self.jobs.changed)
        if changed == self._looked_at:
            return
        if await run_in_threadpool(self._open_jobs):
            with self.jobs.turn() as handle:
                if handle is None:
                    return  # another worker runs them; if it is killed we find what it left
                for job in await run_in_threadpool(self._open_jobs):
                    await self._run(job, handle)
                await run_in_threadpool(self.jobs.tidy)
                return  # and look once more: others may have come meanwhile
        self._looked_at = changed

    def _open_jobs(self) -> list[Job]:
        """Those that wait, the oldest first. One that is running here was left so by a service that was killed."""
        return [job for job in reversed(self.jobs.all()) if job.state in OPEN]

    async def _run(self, job: Job, handle: int) -> None:
        upload = self.jobs.upload(job.id)
        if job.attempts >= MAX_ATTEMPTS or not upload.exists():
            error = JobError("the import was begun and never ended", f"{job.attempts} times", "upload the file again")
            await self._finish(job, upload, JobState.FAILED, error=error)
            return
        job = replace(job, state=JobState.RUNNING, started_at=datetime.now(UTC), attempts=job.attempts + 1)
        while True:
            await self._note(replace(job, waiting_for=None))
            try:
                ended = await self._ingest(upload, handle)
            except asyncio.CancelledError:
                self.jobs.write(replace(job, state=JobState.QUEUED, waiting_for="the service to be started again"))
                raise
            told = _told(ended, {str(upload): job.filename or "the upload", upload.name: job.filename or "the upload"})
            if isinstance(told, JobReport):
                await self._finish(job, upload, JobState.DONE, report=told)
                return
            if told is not None:
                await self._finish(job, upload, JobState.FAILED, error=told)
                return
            await self._note(replace(job, state=JobState.QUEUED, waiting_for="another process that is writing"))
            await asyncio.sleep(_LOCKED_SECONDS)

    async def _finish(
        self, job: Job, upload: Path, state: JobState, *, report: JobReport | None = None, error: JobError | None = None
    ) -> None:
        over = replace(job, state=state, finished_at=datetime.now(UTC), report=report, error=error, waiting_for=None)
        await self._note(over)
        await run_in_threadpool(upload.unlink, missing_ok=True)

    async def _note(self, job: Job) -> None:
        await run_in_threadpool(self.jobs.write, job)

    async def _ingest(self, upload: Path, handle: int) -> _Ended:
        command = [sys.executable, "-m", "workbench", "ingest", str(upload), "--store", str(self._store), "--json"]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, pass_fds=(handle,),
        )  # fmt: skip
        try:
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
            output, complaint = await process.communicate()
        except asyncio.CancelledError:
            await _end(process)
            raise
        assert process.returncode is not None
        return _Ended(process.returncode, output, complaint)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Stop an import as Ctrl-C does; what was finished is kept."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _told(ended: _Ended, names: Mapping[str, str]) -> JobReport | JobError | None:
    """What came of an import; None if another process is writing. `names` replace paths of ours."""
    try:
        said: dict[str, Any] = json.loads(_renamed(ended.output.decode("utf-8", "replace"), names))
    except ValueError:
        said = {}
    if ended.status in _DONE and "files" in said:
        return _report(said)
    error = said.get("error")
    if error is None:
        last = ended.complaint.decode("utf-8", "replace").strip().rpartition("\n")[2]
        why = f"it ended with status {ended.status}" + (f": {_renamed(last, names)}" if last else "")
        return JobError("the import failed", why, "the service's log may say more; upload the file again")
    if error["kind"] == "StoreLockedError":
        return None
    return JobError(error["what"], error["why"], error["todo"])


def _renamed(text: str, names: Mapping[str, str]) -> str:
    for path, name in names.items():
        text = text.replace(json.dumps(path, ensure_ascii=False)[1:-1], json.dumps(name, ensure_ascii=False)[1:-1])
    return text


def _report(said: Mapping[str, Any]) -> JobReport:
    files = said["files"]
    conversations: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for one in files:
        conversations.update(one["conversations"])
        reasons.update(f"{issue['severity']}: {issue['reason']}" for issue in one["issues"])
        if forgotten := one["conversations_forgotten"] + one["messages_forgotten"]:
            reasons["forgotten earlier, and left out"] += forgotten
        if one["error"]:
            reasons[f"not imported: {one['place']}: {one['error']}"] += 1
    return JobReport(
        conversations=dict(conversations),
        messages_new=sum(one["messages_new"] for one in files),
        messages_changed=sum(one["messages_changed"] for one in files),
        messages_unchanged=sum(one["messages_unchanged"] for one in files),
        artifacts=sum(one["artifacts"] for one in files),
        rows_written=said["rows_written"],
        texts_embedded=said["texts_embedded"],
        generation=said["generation"],
        partial=said["partial"],
        seconds=said["seconds"],
        left_out=dict(reasons.most_common(_MOST_REASONS)),
    )
