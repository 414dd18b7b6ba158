"""`workbench show`, `stats` and `verify`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.terminal import coloured_name, console
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.model import TRAFFIC_KINDS, Artifact, Message, Transcript
from workbench.workspace import Workbench


@click.command(cls=Verb)
@click.argument("conversation")
@store_option
@click.option("--all", "everything", is_flag=True, help="Also hidden messages, other branches, thinking and tools.")
@json_option
def show(conversation: str, store: Path | None, everything: bool, as_json: bool) -> None:
    """Print a conversation, by its id, the beginning of it, or the id of one of its messages."""
    with Workbench.open(store) as memory:
        found = memory.conversation(conversation)
    if as_json:
        echo_json(found)
    else:
        _print_conversation(found, marked=conversation, everything=everything)


def _print_conversation(found: Transcript, *, marked: str, everything: bool) -> None:
    from rich.markup import escape

    out = console()
    one = found.conversation
    facts = [
        one.id,
        f"{one.created_at:%Y-%m-%d %H:%M}" if one.created_at else "no date",
        one.model,
        one.project,
        one.url,
    ]
    out.print(f"[bold]{escape(one.title or '(untitled)')}[/]  {coloured_name(one.assistant)}")
    out.print(f"[dim]{escape(' · '.join(fact for fact in facts if fact))}[/]")
    left_out = 0
    for message in found.messages:
        if not everything and (message.hidden or not message.on_active_path or message.kind in TRAFFIC_KINDS):
            left_out += 1
            continue
        _print_message(message, [a for a in found.artifacts if a.message_id == message.id], marked=message.id == marked)
    if left_out:
        out.print(
            f"\n[dim]{left_out} hidden, on another branch, thinking or tool messages are left out; --all shows them[/]"
        )


def _print_message(message: Message, artifacts: list[Artifact], *, marked: bool) -> None:
    from rich.markup import escape
    from rich.text import Text

    out = console()
    signs = [
        message.kind if message.kind != "text" else "",
        "hidden" * message.hidden,
        "other branch" * (not message.on_active_path),
    ]
    when = f"{message.created_at:%Y-%m-%d %H:%M}" if message.created_at else ""
    head = " · ".join(sign for sign in (when, *signs, message.id) if sign)
    out.print(f"\n[bold{' reverse' * marked}]{message.role}[/]  [dim]{head}[/]")
    out.print(Text(message.content))
    for artifact in artifacts:
        if artifact.content and artifact.content in message.content:
            continue  # a code block of the text just printed
        name = artifact.title or artifact.reference or artifact.language or ""
        size = f", {len(artifact.content):,} characters" if artifact.content else ""
        version = f" v{artifact.version}" if artifact.version else ""
        out.print(f"  [cyan]{artifact.kind}[/] {escape(name)}{version}[dim]{size}[/]")


@click.command(cls=Verb)
@store_option
@json_option
def stats(store: Path | None, as_json: bool) -> None:
    """Say how much there is, of whom, from when."""
    from rich.table import Table

    with Workbench.open(store) as memory:
        found = memory.stats()
    if as_json:
        echo_json(found)
        return
    table = Table("assistant", "conversations", "messages", "artifacts", "from", "to", box=None, header_style="dim")
    for one in found.assistants:
        times = [f"{time:%Y-%m-%d}" if time else "" for time in (one.first, one.last)]
        numbers = [f"{number:,}" for number in (one.conversations, one.messages, one.artifacts)]
        table.add_row(coloured_name(one.assistant), *numbers, *times)
    out = console()
    out.print(table)
    out.print("artifacts: " + (", ".join(f"{count:,} {kind}" for kind, count in found.artifacts.items()) or "none"))
    out.print(
        f"[dim]generation {found.generation}, published {found.published_at}; {found.counts['texts']:,} texts with "
        f"vectors of {found.embedder}; record {found.record_bytes / 1e6:.1f} MB, "
        f"snapshot {found.snapshot_bytes / 1e6:.1f} MB[/]"
    )
    if found.tuned_by:
        out.print(f"[dim]{found.tuned}[/]")


@click.command(cls=Verb)
@store_option
@json_option
@click.pass_context
def verify(ctx: click.Context, store: Path | None, as_json: bool) -> None:
    """Check that the store is whole and agrees with itself. Exit status 1 if it is not."""
    with Workbench.open(store) as memory:
        findings = memory.verify()
        place = memory.store
    faults = [finding for finding in findings if not finding.ok]
    if as_json:
        echo_json({"ok": not faults, "findings": findings})
    else:
        out = console()
        for fault in faults:
            out.print(f"[red]not so:[/] {fault.check}  [dim]{fault.detail}[/]")
        state = (
            f"[red]{len(faults)} of {len(findings)} checks failed[/]" if faults else f"all {len(findings)} checks hold"
        )
        out.print(f"{place}: {state}")
        if faults:
            out.print("Snapshots are made from the record: `workbench rebuild` makes a new one.")
    if faults:
        ctx.exit(1)
