"""`workbench serve`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.verb import Verb, store_option
from workbench.workspace import Workbench


@click.command(cls=Verb)
@store_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=8765, show_default=True)
@click.option("--workers", type=int, default=1, show_default=True, help="Processes; they share the mapped store.")
@click.option("--no-cache", is_flag=True, help="Keep no answers.")
def serve(store: Path | None, host: str, port: int, workers: int, no_cache: bool) -> None:
    """Answer searches over HTTP until stopped."""
    from workbench.http_api import ServiceOptions
    from workbench.http_api import serve as run

    with Workbench.open(store) as memory:  # says now, not in a worker, that there is no store
        said = f"Serving generation {memory.snapshot.generation} of {memory.store} on http://{host}:{port}"
        options = ServiceOptions(memory.store, cached=not no_cache)
    run(options, host=host, port=port, workers=workers, listening=lambda: click.echo(said, err=True))
