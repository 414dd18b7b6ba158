"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from workbench.http_api.service import Service


class Health(BaseModel):
    """The state of one worker."""

    status: str = Field(examples=["ready"])
    generation: int = Field(examples=[12])


def router(service: Service) -> APIRouter:
    """`GET /health`."""
    api = APIRouter(tags=["health"])

    @api.get("/health")
    async def health() -> Health:
        """Ready to answer."""
        return Health(status="ready", generation=service.memory.snapshot.generation)

    return api
