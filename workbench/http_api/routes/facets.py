"""How many messages there are of what: of all, or of those that a search matches."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from workbench.http_api.routes.pinned import Pinned, pinned
from workbench.http_api.service import Service
from workbench.http_api.wire import examples
from workbench.http_api.wire.openapi import problems, shown
from workbench.http_api.wire.parameters import FILTERS, to_query
from workbench.http_api.wire.search_documents import query_parameters
from workbench.model import Filters
from workbench.search import facet_counts
from workbench.search.facets import Facets
from workbench.search.filters import allowed
from workbench.snapshot import Snapshot

PATH = "/api/v1/facets"
_TAKEN = ("q", *FILTERS)


class FacetCounts(BaseModel):
    """For each facet its values with the number of messages, the most frequent first."""

    model_config = ConfigDict(extra="forbid")

    facets: dict[str, dict[str, int]]
    generation: int = Field(description="The generation of the store that was counted.")


def router(service: Service) -> APIRouter:
    """`/api/v1/facets`."""
    api = APIRouter(tags=["search"])
    reading = Depends(pinned(service, "facets"))

    @api.get(
        PATH,
        responses={200: shown(FacetCounts, examples.FACETS, "The counts."), **problems(404)},
        openapi_extra={"parameters": query_parameters(_TAKEN, required=())},
        operation_id="get_facets",
    )
    async def facets(request: Request, at: Pinned = reading) -> Response:
        """Count messages by assistant, role, month, project, model, kind and language."""
        query = to_query(request.query_params, _TAKEN)
        if "q" in request.query_params:
            found = await service.search(replace(query, k=1, facets=True), endpoint=PATH)
            counts, generation = found.facets, found.generation
        else:
            view = at.memory.engine.view()
            counts, generation = await run_in_threadpool(_of_all, view, query.filters), view.generation
        told = {facet: dict(values) for facet, values in counts.items()}
        return at.answer({"facets": told, "generation": generation})

    return api


def _of_all(snapshot: Snapshot, filters: Filters) -> Facets:
    """Counts of all messages that `filters` let pass."""
    mask = allowed(snapshot, filters)
    return facet_counts(snapshot, snapshot.columns.searched if mask is None else mask)
