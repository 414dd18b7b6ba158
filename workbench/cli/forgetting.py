"""`workbench forget`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from workbench.cli.terminal import console
from workbench.cli.verb import PARTIAL, Verb, echo_json, json_option, store_option
from workbench.errors import UsageError
from workbench.ingest import Receipt
from workbench.workspace import Workbench

_SHOWN = 20


@click.command(cls=Verb)
@click.argument("ids", nargs=-1)
@store_option
@click.option("--assistant", multiple=True, help="Conversations with this one (memory: memories); may be repeated.")
@click.option("--project", multiple=True, help="Conversations of this project; may be repeated.")
@click.option("--after", help="Conversations last changed from this date on (2025-03-31).")
@click.option("--before", help="Conversations last changed before this date.")
@click.option("--containing", default="", help="Conversations and memories with this text in them; - reads it.")
@click.option("--messages-only", is_flag=True, help="Only the messages with that text, not their conversations.")
@click.option("--dry-run", is_flag=True, help="Only say what would be forgotten.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--undo", is_flag=True, help="Let what was forgotten come back with the next import: IDS, or all.")
@json_option
@click.pass_context
def forget(
    ctx: click.Context, ids: tuple[str, ...], store: Path | None, assistant: tuple[str, ...], project: tuple[str, ...],
    after: str | None, before: str | None, containing: str, messages_only: bool, dry_run: bool, yes: bool, undo: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Forget conversations, messages or memories: by IDS, or all that fits every option that is given.

    They go from the record, its vectors, the journal, every generation and the caches, and stay away when the same
    export is imported again. What was forgotten before counts as done. Exit status: 0 done, 3 an old generation is
    still read somewhere and goes when that ends, 1 it was not done.
    """
    with Workbench.open(store) as memory:
        if undo:
            _undo(memory, ids, as_json=as_json)
            return
        containing = sys.stdin.read().strip() if containing == "-" else containing
        preview = memory.forget(
            *ids, assistant=assistant, project=project, after=after, before=before, containing=containing,
            messages_only=messages_only, dry_run=True,
        )  # fmt: skip
        if dry_run or not preview.what:
            echo_json(preview.as_dict()) if as_json else _print_preview(preview)
            return
        if not yes:
            _ask(preview, as_json=as_json)
        receipt = memory.forget(*(one.id for one in preview.what))  # what was shown, and nothing that came since
    echo_json(receipt.as_dict()) if as_json else _print(receipt)
    if receipt.held:
        ctx.exit(PARTIAL)


def _undo(memory: Workbench, ids: tuple[str, ...], *, as_json: bool) -> None:
    count = memory.restore(*ids)
    if as_json:
        echo_json({"restored": count})
    else:
        click.echo(f"{count:,} may come back: import an export that has them.")


def _ask(preview: Receipt, *, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        raise UsageError("nobody can be asked here whether this is meant", "", "look with --dry-run, then say --yes")
    _print_preview(preview)
    click.confirm("Forget this, for good?", abort=True)


def _print_preview(preview: Receipt) -> None:
    from rich.markup import escape

    out = console()
    for one in preview.what[:_SHOWN]:
        of = "" if one.kind == "conversation" else "of "
        size = f" · {one.messages:,} messages" if one.kind == "conversation" else ""
        out.print(f"{one.kind:<12}  {one.id}  {of}[bold]{escape(one.title or '(untitled)')}[/][dim]{size}[/]")
    if len(preview.what) > _SHOWN:
        out.print(f"[dim]… and {len(preview.what) - _SHOWN:,} more; --dry-run --json names every one[/]")
    if preview.already:
        out.print(f"[dim]forgotten before: {', '.join(preview.already)}[/]")
    out.print(_counts(preview) if preview.what else "There is nothing to forget.")


def _print(receipt: Receipt) -> None:
    out = console()
    out.print(f"Forgotten at {receipt.at:%Y-%m-%d %H:%M:%S} UTC: " + _counts(receipt))
    out.print(
        f"record: {receipt.bytes_before / 1e6:.1f} MB before, {receipt.bytes_after / 1e6:.1f} MB now; "
        f"journal: {receipt.journal_lines:,} lines; {receipt.tombstones:,} stay away when they are imported again"
    )
    removed = ", ".join(map(str, receipt.removed)) or "none"
    out.print(f"generations removed: {removed}; the one that is searched now: {receipt.generation or 'none'}")
    for held in receipt.held:
        by = f" by process {', '.join(map(str, held.processes))}" if held.processes else ""
        out.print(f"[yellow]generation {held.generation} is still read{by}: it goes when that moves on or ends[/]")
    out.print("[dim]Not reached:[/]")
    for place in receipt.not_reached:
        out.print(f"[dim]- {place}[/]")


def _counts(receipt: Receipt) -> str:
    counts = {name: count for name, count in asdict(receipt.erased).items() if count}
    return ", ".join(f"{count:,} {_NAMES.get(name, name)}" for name, count in counts.items())


_NAMES = {"emptied": "messages emptied", "imports": "entries of the list of imports"}
