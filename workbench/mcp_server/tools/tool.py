"""What a tool is: its name, what it takes, what it gives, what it does to the store, and the function behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from mcp import types
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from workbench.errors import UsageError
from workbench.mcp_server.answers import Answer
from workbench.mcp_server.budget import LEAST_BYTES, MOST_BYTES

if TYPE_CHECKING:
    from workbench.mcp_server.host import Host
    from workbench.workspace import Workbench


class Arguments(BaseModel):
    """The base of what tools take. None is taken as "not given", which some clients write out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_none(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given


def _several(given: Any) -> Any:
    """One name, or a list written as JSON in a text, as some clients send it, as a list."""
    if not isinstance(given, str):
        return given
    try:
        parsed = json.loads(given)
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, list) else [given]


Names = Annotated[list[str], BeforeValidator(_several), Field(max_length=50)]
MaxBytes = Annotated[
    int, Field(ge=LEAST_BYTES, le=MOST_BYTES, description="largest answer, in bytes of JSON (about 4 a token)")
]


@dataclass(frozen=True, slots=True)
class Call:
    """What a tool works with: an open generation, the arguments, and who hosts it. `client` names who asks."""

    memory: Workbench
    arguments: Any
    host: Host
    client: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool. `run` may block: it is called in a worker thread.

    `destructive` and `idempotent` are told of tools that are not `read_only`.
    """

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    answer: type[Answer]
    run: Callable[[Call], Answer]
    read_only: bool = True
    destructive: bool = False
    idempotent: bool = True

    def described(self) -> types.Tool:
        """As clients are told of it."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=_lean(self.arguments.model_json_schema()),
            output_schema=_lean(self.answer.model_json_schema()),
            annotations=types.ToolAnnotations(
                title=self.title,
                read_only_hint=self.read_only,
                destructive_hint=self.destructive,
                idempotent_hint=self.idempotent,
                open_world_hint=False,
            ),
        )

    def parsed(self, given: Mapping[str, Any]) -> Arguments:
        """The arguments of a call.

        Raises:
            UsageError: They are not those of this tool.
        """
        try:
            return self.arguments.model_validate(dict(given))
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors()]
            todo = f"it takes: {', '.join(self.arguments.model_fields) or 'nothing'}"
            raise UsageError(f"{self.name} cannot be called like this", "; ".join(faults[:5]), todo) from None


def _lean(schema: Any) -> Any:
    """A schema without the titles that pydantic makes out of names: a model reads every byte of it."""
    if isinstance(schema, dict):
        return {key: _lean(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    return [_lean(one) for one in schema] if isinstance(schema, list) else schema
