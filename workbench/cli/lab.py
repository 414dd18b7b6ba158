"""`workbench lab`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from workbench.cli.verb import Verb, echo_json, json_option
from workbench.errors import UsageError


@click.command(cls=Verb)
@click.option(
    "--notebooks", default="notebooks", show_default=True, type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the notebooks.",
)  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65535), default=8888, show_default=True)
@click.option("--no-browser", is_flag=True, help="Do not open a browser; print the address only.")
@json_option
def lab(notebooks: Path, port: int, no_browser: bool, as_json: bool) -> None:
    """Open JupyterLab on the notebooks. --json prints what would be started, and starts nothing."""
    if not notebooks.is_dir():
        raise UsageError(
            f"there is no folder {notebooks}", "", "run this in the project's folder, or give --notebooks DIR"
        )
    command = [sys.executable, "-m", "jupyterlab", str(notebooks), f"--port={port}"]
    if no_browser:
        command.append("--no-browser")
    if as_json:
        echo_json({"command": command, "notebooks": sorted(path.name for path in notebooks.glob("*.ipynb"))})
        return
    os.execv(command[0], command)
