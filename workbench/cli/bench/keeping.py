"""What the measurements share: where their runs are kept, and how that is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from workbench.settings import load_settings

if TYPE_CHECKING:
    from workbench.experiments.runs import Run

Function = TypeVar("Function", bound=Callable[..., Any])


def keeping_options(function: Function) -> Function:
    """`--name NAME` and `--runs DIR`."""
    named = click.option("--name", default="", help="Call this run so, to find it again.")(function)
    return click.option(
        "--runs", type=click.Path(file_okay=False, path_type=Path),
        help="Folder that the run is kept in. [default: data/runs, or the setting `runs`]",
    )(named)  # fmt: skip


def keep(run: Run, runs: Path | None) -> None:
    """Keep a run and say so on standard error.

    Raises:
        StoreError: The folder cannot be written.
    """
    from workbench.experiments.runs import RunHistory

    RunHistory(runs or load_settings().runs).save(run)
    click.echo(f"Kept as {run.id}.", err=True)
