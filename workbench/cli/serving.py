"""`workbench serve`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.verb import Verb, store_option


@click.command(cls=Verb)
@store_option
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help="Address to listen on. One that other machines can reach needs a token.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8765, show_default=True,
    help="Port to listen on; 0 for a free one.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, 256), default=1, show_default=True,
    help="Processes that answer; they share the mapped store. As many as there are cores is a good number.",
)  # fmt: skip
@click.option(
    "--token-file", type=click.Path(dir_okay=False, path_type=Path),
    help="File with the token that every request must show. [default: WORKBENCH_TOKEN, if it is set]",
)  # fmt: skip
@click.option(
    "--allowed-host", "allowed_hosts", multiple=True, metavar="NAME",
    help="A further name that the service may be called by, such as that of a proxy in front of it; may be repeated. "
    "'*' allows any.",
)  # fmt: skip
@click.option("--redis", default="", metavar="URL", help="Share the cache with other services through this Redis.")
@click.option("--no-cache", is_flag=True, help="Keep no answers.")
@click.option(
    "--max-pending", type=click.IntRange(1), default=2_000, show_default=True,
    help="Searches that may wait in a worker. Those that would wait for longer than their time are refused before.",
)  # fmt: skip
@click.option(
    "--publish-after", type=click.IntRange(0), default=5_000, show_default=True,
    help="Publish a new generation when so many memories wait for it; 0 for never.",
)  # fmt: skip
@click.option(
    "--log", type=click.Choice(["off", "text", "json"]), default="off", show_default=True,
    help="What to write to standard error: warnings only, or also a line for each of the first requests in a second.",
)  # fmt: skip
@click.option(
    "--alerts", type=click.Path(dir_okay=False, path_type=Path),
    help="File of rules that the live figures are held against (docs/alerts.md). [default: Workbench's own]",
)  # fmt: skip
@click.option("--log-queries", is_flag=True, help="Let the log say what was searched for.")
def serve(
    store: Path | None, host: str, port: int, workers: int, token_file: Path | None, allowed_hosts: tuple[str, ...],
    redis: str, no_cache: bool, max_pending: int, publish_after: int, log: str, alerts: Path | None, log_queries: bool,
) -> None:  # fmt: skip
    """Answer searches over HTTP until stopped."""
    from workbench.http_api import ServiceOptions
    from workbench.http_api import serve as run
    from workbench.http_api.guarding.exposure import read_token
    from workbench.http_api.running.parent import prepare
    from workbench.settings import load_settings

    if workers > 1:
        prepare()  # while the store is looked at
    folder = store or load_settings().store
    from workbench.snapshot import open_snapshot  # takes a while: after what can go on beside it

    if alerts is not None:
        from workbench.monitor.alerting import load_rules

        load_rules(alerts)  # likewise: its faults are said once, here
    with open_snapshot(folder) as snapshot:  # what is wrong with the store is said now, not by every worker
        generation = snapshot.generation
    options = ServiceOptions(
        folder, cached=not no_cache, redis=redis, max_pending=max_pending, token=read_token(token_file),
        publish_after=publish_after, log=log, alerts=alerts, log_queries=log_queries,
    )  # fmt: skip
    said = f"Serving generation {generation} of {folder} on http://{host}:{{port}}"
    run(
        options, host=host, port=port, workers=workers, allowed_hosts=allowed_hosts,
        listening=lambda chosen: click.echo(said.format(port=chosen), err=True),
    )  # fmt: skip
