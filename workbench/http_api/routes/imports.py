"""Imports over HTTP: an export is uploaded, and imported in the background."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from workbench.errors import OverloadedError, StoreError, UsageError
from workbench.http_api.service import Service
from workbench.http_api.wire import cursors, examples
from workbench.http_api.wire.encoding import dump
from workbench.http_api.wire.lists import ListParameters
from workbench.http_api.wire.openapi import problems, shown
from workbench.http_api.writing.importing import Importer
from workbench.http_api.writing.jobs import OPEN, Job, Jobs

PATH = "/api/v1/imports"
MAX_WAITING = 20
_PIECE = 1 << 20  # bytes that are written at once
_RETRY_SECONDS = 30
_TYPES = ("application/zip", "application/json", "text/html", "application/octet-stream")
JobId = Annotated[str, Path(description="Id of an import.", examples=["i_0d6f2c9b1a7e43f58c21"], max_length=100)]


class UploadParameters(BaseModel):
    """What the client says of the file."""

    model_config = ConfigDict(extra="forbid")

    filename: str = Field(
        "", max_length=255, description="What the file is called, for messages only.", examples=["claude-export.zip"]
    )


class ImportAnswer(BaseModel):
    """One import."""

    model_config = ConfigDict(extra="forbid")

    job: Job


class Imports(BaseModel):
    """A page of imports, the newest first. `cursor` asks for the next, null after the last."""

    model_config = ConfigDict(extra="forbid")

    imports: list[Job]
    total: int = Field(description="How many there are on all pages.")
    cursor: str | None


def router(service: Service) -> APIRouter:
    """`/api/v1/imports`."""
    importer = Importer(service.options.store)
    jobs = importer.jobs

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        importer.start()
        yield
        await importer.stop()

    api = APIRouter(tags=["imports"], lifespan=lifespan)

    @api.post(
        PATH,
        status_code=202,
        responses={
            202: shown(ImportAnswer, {"job": examples.QUEUED_JOB}, "It waits for its turn."),
            **problems(415),
        },
        openapi_extra={"requestBody": _BODY},
        operation_id="upload_export",
    )
    async def upload(request: Request, said: Annotated[UploadParameters, Query()]) -> Response:
        """Upload an export as it was downloaded: a zip, JSON or HTML file, as the body of the request.

        It is imported in the background; `Location` names where to look how that goes. What the file is, is found out
        from what is in it; its type and name are not relied on.
        """
        _check_type(request)
        if await run_in_threadpool(_waiting, jobs) >= MAX_WAITING:
            raise _overloaded()
        identifier = jobs.new_id()
        size = await _receive(request, jobs.upload(identifier))
        job = Job(identifier, _shown_name(said.filename), size, datetime.now(UTC))
        await run_in_threadpool(jobs.write, job)
        importer.look()
        headers = {"location": f"{PATH}/{identifier}"}
        return Response(dump({"job": job}), 202, headers, media_type="application/json")

    @api.get(PATH, responses={200: shown(Imports, examples.IMPORTS, "A page of imports.")}, operation_id="list_imports")
    def imports(wanted: Annotated[ListParameters, Query()]) -> Response:
        """List imports, the newest first."""
        behind = cursors.decode(wanted.cursor, PATH, str, str)
        found = jobs.all()
        rest = [job for job in found if behind is None or _place(job) < behind]
        page = rest[: wanted.limit]
        cursor = cursors.encode(_place(page[-1]) if len(rest) > len(page) else None, PATH)
        body = dump({"imports": page, "total": len(found), "cursor": cursor})
        return Response(body, media_type="application/json", headers={"cache-control": "no-store"})

    @api.get(
        PATH + "/{id}",
        responses={200: shown(ImportAnswer, {"job": examples.JOB}, "How it stands."), **problems(404)},
        operation_id="get_import",
    )
    def one(id: JobId) -> Response:
        """See how an import stands."""
        body = dump({"job": jobs.get(id)})
        return Response(body, media_type="application/json", headers={"cache-control": "no-store"})

    return api


_BODY = {
    "required": True,
    "description": "The file itself. With curl: `--data-binary @export.zip -H 'Content-Type: application/zip'`.",
    "content": {kind: {} for kind in _TYPES},  # bytes of any kind are not to be described (OpenAPI 3.1, 4.8.14.3)
}


async def _receive(request: Request, place: FilePath) -> int:
    """Write the body to `place`, all of it or nothing; how many bytes it has.

    Raises:
        UsageError: It is empty.
        StoreError: It cannot be written.
    """
    part = place.with_suffix(".part")
    try:
        with part.open("wb") as stream:
            size = await _write(request, stream)
        part.replace(place)
    except OSError as error:
        raise StoreError(
            "the upload cannot be kept", error.strerror or "", "make room, then upload it again"
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return size


async def _write(request: Request, stream: BinaryIO) -> int:
    waiting = bytearray()
    size = 0
    async for piece in request.stream():
        waiting += piece
        size += len(piece)
        if len(waiting) >= _PIECE:
            await run_in_threadpool(stream.write, bytes(waiting))
            waiting.clear()
    if not size:
        raise UsageError("the body is empty", "", "send the file itself as the body")
    stream.write(waiting)
    stream.flush()
    await run_in_threadpool(os.fsync, stream.fileno())
    return size


def _check_type(request: Request) -> None:
    """Refuse what cannot be a file as it was downloaded.

    Raises:
        HTTPException: 415.
    """
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("multipart/"):
        raise HTTPException(415, "a form cannot be imported: send the file itself as the body")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "a compressed body cannot be imported: send the file as it was downloaded")


def _shown_name(filename: str) -> str:
    """A name as it is shown: one line, without folders."""
    plain = "".join(one for one in filename if one.isprintable())
    return plain.replace("\\", "/").rpartition("/")[2]


def _waiting(jobs: Jobs) -> int:
    return sum(job.state in OPEN for job in jobs.all())


def _overloaded() -> OverloadedError:
    error = OverloadedError(f"{MAX_WAITING} imports wait", "they are run one at a time", "try again later")
    error.retry_after = _RETRY_SECONDS
    return error


def _place(job: Job) -> tuple[str, str]:
    return job.created_at.isoformat(timespec="microseconds"), job.id
