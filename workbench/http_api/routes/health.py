"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from workbench.http_api.service import READY, Service
from workbench.http_api.wire.encoding import dump

_UNCACHED = {"cache-control": "no-store"}


class Live(BaseModel):
    """This process answers."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """Whether this process takes requests."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["ready", "starting", "stopping"]
    generation: int = Field(description="The generation that answers come from.", examples=[12])


class Health(Ready):
    """Both."""

    live: bool = Field(examples=[True])
    ready: bool = Field(examples=[True])


def router(service: Service) -> APIRouter:
    """`GET /health`, `/health/live` and `/health/ready`: with 503 where requests had better go elsewhere."""
    api = APIRouter(tags=["health"])

    def state() -> dict[str, Any]:
        return {"status": service.state, "generation": service.memory.snapshot.generation}

    def answer(told: dict[str, Any]) -> Response:
        status = 200 if service.state == READY else 503
        return Response(dump(told), status, _UNCACHED, media_type="application/json")

    @api.get("/health", operation_id="health", responses=_answers(Health))
    async def health() -> Response:
        """Say whether this process lives and takes requests."""
        return answer({**state(), "live": True, "ready": service.state == READY})

    @api.get("/health/live", operation_id="live", responses={200: {"model": Live, "description": "It lives."}})
    async def live() -> Response:
        """Say that this process lives: it should be ended where this is not answered."""
        return Response(dump({"status": "live"}), headers=_UNCACHED, media_type="application/json")

    @api.get("/health/ready", operation_id="ready", responses=_answers(Ready))
    async def ready() -> Response:
        """Say whether this process takes requests: the store is open and warm, and it is not about to end."""
        return answer(state())

    return api


def _answers(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"model": model, "description": "It takes requests."},
        503: {"model": model, "description": "It does not: it starts or ends."},
    }
