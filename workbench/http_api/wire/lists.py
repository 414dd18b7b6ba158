"""What all lists can be asked: how many entries, going on where."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_LIMIT = 50
MAX_LIMIT = 500


class ListParameters(BaseModel):
    """The base of the parameters of every list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many entries at most.")
    cursor: str | None = Field(None, max_length=400, description="The `cursor` of the page before; all else as there.")
