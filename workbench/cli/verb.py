"""What all verbs share: the options --store and --json, and errors that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from workbench.errors import StoreError, WorkbenchError

Function = TypeVar("Function", bound=Callable[..., Any])

PARTIAL = 3  # exit status: done, but something was left out
_INTERRUPTED = 130  # as shells have it for Ctrl-C


class Verb(click.Command):
    """A command that turns Workbench's errors into a message and an exit status; never a traceback.

    With --json the error is a JSON object on standard output, so that a calling program reads one thing only.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except WorkbenchError as error:
            self._fail(ctx, error)
        except BrokenPipeError:
            raise  # whoever read our output has seen enough; click ends quietly
        except OSError as error:  # a full disk, a folder without permission
            self._fail(ctx, StoreError("the system refused", str(error), "make room or give access, then try again"))
        except KeyboardInterrupt:
            click.echo("workbench: stopped. What was finished is kept; the same command goes on from there.", err=True)
            ctx.exit(_INTERRUPTED)

    def _fail(self, ctx: click.Context, error: WorkbenchError) -> NoReturn:
        if ctx.params.get("as_json"):
            fault = {"kind": type(error).__name__, "what": error.what, "why": error.why, "todo": error.todo}
            click.echo(json.dumps({"error": fault}, ensure_ascii=False))
        else:
            click.echo(f"workbench: {error}", err=True)
        ctx.exit(error.exit_code)


def store_option(function: Function) -> Function:
    """`--store DIR`."""
    return click.option(
        "--store",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the store. [default: data/store, or the setting `store`]",
    )(function)


def json_option(function: Function) -> Function:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")(function)


def echo_json(value: Any) -> None:
    """Print values of the model, or plain ones, as JSON."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=1))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
