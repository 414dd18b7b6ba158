"""Imports over HTTP: upload, wait, search."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from building import claude_export
from starlette.testclient import TestClient

from workbench.experiments.load.service import fetch, free_port
from workbench.http_api import ServiceOptions, create_app
from workbench.http_api.writing.importing import MAX_ATTEMPTS
from workbench.http_api.writing.jobs import KEPT, Job, JobError, Jobs, JobState
from workbench.record import WriterLock

PATH = "/api/v1/imports"
OVER = ("done", "failed")


@pytest.fixture
def export(tmp_path: Path) -> bytes:
    return claude_export(tmp_path / "export.json", {"zebra talk": ("Why stripes?", "Against flies.")}).read_bytes()


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    """What `found` gives as soon as that is something."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def uploads(store: Path) -> list[Path]:
    return list((store / "uploads").glob("*"))


def over(api: TestClient, location: str) -> dict[str, Any]:
    def state() -> dict[str, Any] | None:
        job: dict[str, Any] = api.get(location).json()["job"]
        return job if job["state"] in OVER else None

    found: dict[str, Any] = until(state)
    return found


def test_an_upload_is_imported_and_found(own_api: TestClient, own_store: Path, export: bytes) -> None:
    answer = own_api.post(PATH, params={"filename": "export.json"}, content=export)
    taken = answer.json()["job"]
    assert (answer.status_code, answer.headers["location"]) == (202, f"{PATH}/{taken['id']}")
    assert (taken["state"], taken["bytes"], taken["filename"]) == ("queued", len(export), "export.json")
    job = over(own_api, answer.headers["location"])
    assert (job["state"], job["error"], job["attempts"]) == ("done", None, 1)
    assert job["report"]["conversations"]["new"] == 1
    assert job["report"]["messages_new"] == 2
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    until(lambda: not uploads(own_store))
    until(lambda: own_api.get("/health").json()["generation"] == job["report"]["generation"])
    assert own_api.get("/search/rag", params={"q": "zebra"}).json()["contexts"][0]["title"] == "zebra talk"


def test_what_cannot_be_read_fails_and_says_why_without_our_paths(own_api: TestClient, own_store: Path) -> None:
    answer = own_api.post(PATH, params={"filename": "../../etc/holiday.jpg"}, content=b"\xff\xd8 no export")
    job = over(own_api, answer.headers["location"])
    assert (job["state"], job["report"], job["filename"]) == ("failed", None, "holiday.jpg")
    assert job["error"]["title"] == "no conversation was found in holiday.jpg"
    assert str(own_store) not in json.dumps(job)
    assert job["id"] not in json.dumps(job["error"])
    until(lambda: not uploads(own_store))


def test_imports_are_listed_the_newest_first(own_api: TestClient, own_store: Path) -> None:
    jobs = Jobs(own_store)
    for number in range(5):
        made = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=number)
        jobs.write(Job(jobs.new_id(), f"{number}.zip", 1, made, JobState.FAILED, error=JobError("x", "", "")))
    names, parameters = [], {"limit": 2}
    while True:
        page = own_api.get(PATH, params=parameters).json()
        names += [job["filename"] for job in page["imports"]]
        if page["cursor"] is None:
            break
        parameters["cursor"] = page["cursor"]
    assert names == ["4.zip", "3.zip", "2.zip", "1.zip", "0.zip"]
    assert page["total"] == 5


@pytest.mark.parametrize("identifier", ["i_nowhere", "..", "..%2f..%2fCURRENT", "lock", "%00", "i_" + "0" * 20])
def test_an_import_that_is_not_there_is_a_404(api: TestClient, identifier: str) -> None:
    assert api.get(f"{PATH}/{identifier}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ({"content-encoding": "gzip"}, b"\x1f\x8b", 415),
        ({}, b"", 400),
    ],
)
def test_what_is_no_file_is_refused(
    api: TestClient, samples_store: Path, headers: dict[str, str], content: bytes, status: int
) -> None:
    answer = api.post(PATH, content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert api.get(PATH).json()["total"] == 0
    assert uploads(samples_store) == []


def test_an_upload_that_is_too_long_is_refused_and_leaves_nothing(own_store: Path) -> None:
    with TestClient(create_app(ServiceOptions(own_store, max_upload_bytes=1000))) as api:
        declared = api.post(PATH, content=b"x" * 1001)
        streamed = api.post(PATH, content=iter([b"x" * 600, b"x" * 600]))
        assert (declared.status_code, streamed.status_code) == (413, 413)
        assert api.get(PATH).json()["total"] == 0
    assert uploads(own_store) == []


@pytest.mark.slow
def test_an_import_waits_for_whoever_writes(own_api: TestClient, own_store: Path, export: bytes) -> None:
    with WriterLock(own_store):
        location = own_api.post(PATH, content=export).headers["location"]
        waiting = until(lambda: own_api.get(location).json()["job"]["waiting_for"])
        assert waiting == "another process that is writing"
    assert over(own_api, location)["state"] == "done"


def test_no_more_than_so_many_may_wait(own_api: TestClient, own_store: Path) -> None:
    jobs = Jobs(own_store)
    with jobs.turn() as handle:
        assert handle is not None
        for _ in range(20):
            jobs.write(Job(jobs.new_id(), "", 1, datetime.now(UTC)))
        answer = own_api.post(PATH, content=b"{}")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


def test_one_process_at_a_time_runs_jobs(tmp_path: Path) -> None:
    with Jobs(tmp_path).turn() as first, Jobs(tmp_path).turn() as second:
        assert first is not None
        assert second is None
    with Jobs(tmp_path).turn() as third:
        assert third is not None


def test_a_job_that_was_begun_too_often_is_given_up(own_store: Path) -> None:
    jobs = Jobs(own_store)
    job = Job(jobs.new_id(), "x.zip", 4, datetime.now(UTC), JobState.RUNNING, attempts=MAX_ATTEMPTS)
    jobs.upload(job.id).write_bytes(b"poison")
    jobs.write(job)
    with TestClient(create_app(ServiceOptions(own_store))) as api:
        found = over(api, f"{PATH}/{job.id}")
    assert (found["state"], found["error"]["detail"]) == ("failed", "3 times")
    until(lambda: not jobs.upload(job.id).exists())


def test_jobs_are_read_as_they_were_written(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    job = Job(jobs.new_id(), "a.zip", 3, datetime.now(UTC), JobState.FAILED, error=JobError("what", "why", "todo"))
    jobs.write(job)
    jobs.write(replace(job, attempts=2))
    assert jobs.all() == [replace(job, attempts=2)]


def test_old_jobs_and_abandoned_uploads_are_tidied_away(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    begun = datetime(2025, 1, 1, tzinfo=UTC)
    for number in range(KEPT + 3):
        jobs.write(Job(jobs.new_id(), str(number), 1, begun + timedelta(minutes=number), JobState.DONE))
    waiting = Job(jobs.new_id(), "", 1, begun)
    jobs.write(waiting)
    jobs.upload(jobs.all()[0].id).write_bytes(b"what a service that was killed just then left")
    for name in (waiting.id, "i_cut_off.part", "i_just_now.part"):
        jobs.upload(name).write_bytes(b"x")
        if name != "i_just_now.part":
            os.utime(jobs.upload(name), (0, 0))
    jobs.tidy()
    kept = jobs.all()
    assert len(kept) == KEPT + 1
    assert kept[-1] == waiting
    assert sorted(path.name for path in (tmp_path / "uploads").iterdir()) == sorted([waiting.id, "i_just_now.part"])


def serving(store: Path, port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-m", "workbench", "serve", "--store", str(store), "--port", str(port)])

    def answers() -> bool:
        try:
            fetch(port, "/health")
        except Exception:  # noqa: BLE001  (not yet)
            return False
        return True

    until(answers)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_outlives_the_service_that_was_ended_in_its_middle(
    own_store: Path, tmp_path: Path, how: signal.Signals
) -> None:
    chats = {f"chat {n}": [f"zebra {n} {m} stripes " * 60 for m in range(20)] for n in range(500)}
    upload = claude_export(tmp_path / "large.json", chats).read_bytes()
    port = free_port()
    process = serving(own_store, port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{PATH}", data=upload) as answer:
            location = answer.headers["location"]
        child = until(lambda: psutil.Process(process.pid).children())[0]
        time.sleep(1)
        process.send_signal(how)
        process.wait(30)
        assert Jobs(own_store).all()[0].state in (JobState.RUNNING, JobState.QUEUED)
        process = serving(own_store, port)
        state = lambda: json.loads(fetch(port, location))["job"]  # noqa: E731
        until(lambda: state()["state"] in OVER, 120)
        assert state()["state"] == "done", state()
        assert state()["attempts"] == 2
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    finally:
        process.terminate()
        process.wait(30)
