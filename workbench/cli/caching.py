"""`workbench cache`: the caches of a running service, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from workbench.cli.terminal import console
from workbench.cli.verb import PARTIAL, Verb, echo_json, json_option
from workbench.errors import ServiceError, UsageError

Function = TypeVar("Function", bound=Callable[..., Any])
PATH = "/api/v1/cache"
KINDS = ("answers", "vectors")
_PATIENCE_SECONDS = 120.0


def _service_options(function: Function) -> Function:
    """`--url` and `--token`."""
    function = click.option(
        "--token", envvar="WORKBENCH_TOKEN", help="The token that the service wants. [default: $WORKBENCH_TOKEN]"
    )(function)
    return click.option(
        "--url", envvar="WORKBENCH_URL", default="http://127.0.0.1:8765", show_default=True,
        help="Where the service runs, or $WORKBENCH_URL.",
    )(function)  # fmt: skip


@click.group()
def cache() -> None:
    """See, empty and fill the caches of a running service. Each verb prints JSON with --json."""


@cache.command(cls=Verb)
@_service_options
@json_option
def stats(url: str, token: str | None, as_json: bool) -> None:
    """Say what the caches of one worker hold and did, and what it saw of the shared one."""
    from rich.table import Table

    found = _ask("GET", url, PATH, token)
    if as_json:
        echo_json(found)
        return
    table = Table("cache", "hits", "misses", "ratio", "entries", "MB", "evicted", box=None, header_style="dim")
    for kind in KINDS:
        if one := found[kind]:
            table.add_row(
                kind, f"{one['hits']:,}", f"{one['misses']:,}", f"{one['ratio']:.1%}", f"{one['entries']:,}",
                f"{one['bytes'] / 1e6:.1f} of {one['capacity_bytes'] / 1e6:.0f}", f"{one['evicted']:,}",
            )  # fmt: skip
    out = console()
    out.print(table)
    if shared := found["shared"]:
        hits, misses = sum(shared["hits"].values()), sum(shared["misses"].values())
        state = "reachable" if shared["reachable"] else "[yellow]away[/]"
        out.print(
            f"shared cache: {state}; {hits:,} hits, {misses:,} misses, {shared['written']:,} written, "
            f"{shared['dropped']:,} dropped, {shared['failures']:,} failures"
        )
    out.print(f"[dim]of process {found['process']}; every worker has its own[/]")


@cache.command(cls=Verb)
@click.argument("kind", required=False, type=click.Choice(KINDS))
@_service_options
@json_option
def clear(kind: str | None, url: str, token: str | None, as_json: bool) -> None:
    """Empty all caches, or those of one KIND: answers, vectors."""
    found = _ask("DELETE", url, f"{PATH}/{kind}" if kind else PATH, token)
    if as_json:
        echo_json(found)
        return
    for name, one in found["cleared"].items():
        shared = "" if one["shared"] is None else f", {one['shared']:,} in the shared cache"
        click.echo(f"{name}: {one['local']:,} entries of the worker that answered{shared}")
    click.echo(f"Emptied: the caches of {found['workers']}.")


@cache.command(cls=Verb)
@click.argument("query", nargs=-1)
@click.option(
    "--file", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with a query a line."
)
@click.option("--recent", is_flag=True, help="What the service searched for last.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=200, show_default=True, help="How many recent ones.")
@_service_options
@json_option
@click.pass_context
def warm(
    ctx: click.Context, query: tuple[str, ...], path: Path | None, recent: bool, limit: int, url: str,
    token: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Have the service search for each QUERY now, so that the answer is kept when somebody asks.

    A QUERY is what a person types, or a whole query string ("q=index+scan&k=20"). Exit status: 0 all were answered, 3
    some were not.
    """
    queries = [*query, *_lines(path)]
    if bool(queries) == recent:
        raise UsageError("it is not said what to search for", "", "give queries or --file, or else --recent")
    found = _ask(
        "POST", url, f"{PATH}/warm", token, {"recent": True, "limit": limit} if recent else {"queries": queries}
    )
    if as_json:
        echo_json(found)
    else:
        click.echo(
            f"{found['searched']:,} searched, {found['kept_already']:,} were kept already, in the caches of "
            f"{found['workers']}."
        )
        for one in found["failed"]:
            click.echo(f"not answered: {one['query']}: {one['why']}")
    if found["failed"]:
        ctx.exit(PARTIAL)


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text", str(error), "save it as UTF-8") from None
    return [line.strip() for line in text.splitlines() if line.strip()]


def _ask(method: str, url: str, path: str, token: str | None, body: Mapping[str, Any] | None = None) -> Any:
    """The JSON answer of the service.

    Raises:
        ServiceError: It cannot be reached, or refuses.
        UsageError: The URL is none.
    """
    import json
    import urllib.error
    import urllib.request

    headers = {"accept": "application/json", "content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is not the URL of a service", "", "write it like http://127.0.0.1:8765")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url.rstrip("/") + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise _refusal(error.code, error.read()) from None
    except (OSError, ValueError) as error:  # urllib's own errors are OSErrors
        raise ServiceError(
            f"no service answers at {url}", str(error), "start one with `workbench serve`, or give its --url"
        ) from None


def _refusal(status: int, body: bytes) -> ServiceError:
    """A problem document (RFC 9457) as an error."""
    import json

    try:
        problem = json.loads(body)
        return ServiceError(f"the service refused: {problem['title']}", problem["detail"], problem.get("todo", ""))
    except (ValueError, KeyError, TypeError):
        return ServiceError(f"the service refused with status {status}", body[:200].decode(errors="replace"))
