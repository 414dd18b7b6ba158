"""`workbench mcp`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from workbench.cli.verb import Verb, store_option
from workbench.settings import load_settings


@click.command(cls=Verb)
@store_option
@click.option("--http", is_flag=True, help="Serve over HTTP, for many clients, instead of standard input and output.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --http: address of this machine.")
@click.option("--port", type=click.IntRange(1, 65535), default=8766, show_default=True, help="With --http.")
@click.option("--admin", is_flag=True, help="Add the tools for caches, configuration, indexing and performance.")
def mcp(store: Path | None, http: bool, host: str, port: int, admin: bool) -> None:
    """Give the store to an assistant, as a server of the Model Context Protocol.

    Without --http an assistant's program starts this command itself (docs/mcp.md says how to tell it so).
    """
    from workbench.mcp_server import PATH, serve_http, serve_stdio

    settings = load_settings()
    if store is not None:
        settings = replace(settings, store=store)
    if http:
        said = f"Serving {settings.store} at http://{host}:{port}{PATH}"
        serve_http(settings, host=host, port=port, admin=admin, listening=lambda: click.echo(said, err=True))
    else:
        serve_stdio(settings, admin=admin)
