"""What messages carry: code, documents, charts, images, files, citations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from workbench.http_api.routes.pinned import Pinned, pinned
from workbench.http_api.service import Service
from workbench.http_api.wire import cursors, examples
from workbench.http_api.wire.lists import ListParameters
from workbench.http_api.wire.openapi import problems, shown
from workbench.http_api.wire.recall_request import Names
from workbench.model import Artifact, ArtifactKind
from workbench.transcripts import ArtifactEntry, ArtifactsAsked, list_artifacts, read_artifact

PATH = "/api/v1/artifacts"
ArtifactId = Annotated[
    str, Path(description="Id of an artifact.", examples=["a_91d0c2b3a4f5e6d7c8b9"], max_length=100)
]  # fmt: skip


class ArtifactsParameters(ListParameters):
    """Which artifacts to list."""

    kind: list[ArtifactKind] = Field([], max_length=50, description="Of one of these kinds.", examples=[["code"]])
    language: Names = Field([], description="In one of these languages, named as in facets.", examples=[["python"]])
    conversation: str | None = Field(
        None, max_length=100, description="Of this conversation.", examples=["c_8d335851fdfa1abb0834"]
    )


class Artifacts(BaseModel):
    """A page of artifacts, those of the newest messages first. `cursor` asks for the next, null after the last."""

    model_config = ConfigDict(extra="forbid")

    artifacts: list[ArtifactEntry]
    total: int = Field(description="How many there are on all pages.")
    cursor: str | None


class ArtifactAnswer(BaseModel):
    """One artifact."""

    model_config = ConfigDict(extra="forbid")

    artifact: Artifact


def router(service: Service) -> APIRouter:
    """`/api/v1/artifacts`."""
    api = APIRouter(tags=["conversations"])
    reading = Depends(pinned(service, "artifacts"))

    @api.get(
        PATH, responses={200: shown(Artifacts, examples.ARTIFACTS, "A page of artifacts.")},
        operation_id="list_artifacts",
    )  # fmt: skip
    def artifacts(wanted: Annotated[ArtifactsParameters, Query()], at: Pinned = reading) -> Response:
        """List artifacts with the beginning of each, those of the newest messages first."""
        asked = ArtifactsAsked(tuple(map(str, wanted.kind)), tuple(wanted.language), wanted.conversation)
        behind = cursors.decode(wanted.cursor, asked, int, str)
        page = list_artifacts(at.catalog, asked, limit=wanted.limit, behind=behind)
        cursor = cursors.encode(page.following, asked)
        return at.answer({"artifacts": page.entries, "total": page.total, "cursor": cursor})

    @api.get(
        PATH + "/{id}",
        responses={200: shown(ArtifactAnswer, {"artifact": examples.ARTIFACT}, "The artifact."), **problems(404)},
        operation_id="get_artifact",
    )
    def artifact(id: ArtifactId, at: Pinned = reading) -> Response:
        """Read an artifact, all of it."""
        return at.answer({"artifact": read_artifact(at.catalog, id)})

    return api
