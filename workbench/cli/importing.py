"""`workbench ingest`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.terminal import bars_if_terminal, console
from workbench.cli.verb import PARTIAL, Verb, echo_json, json_option, store_option
from workbench.ingest import FileReport, IngestReport
from workbench.settings import SECRET_POLICIES
from workbench.workspace import Workbench

_SHOWN_REASONS = 6
_SHOWN_PLACES = 5


@click.command(cls=Verb)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@store_option
@click.option("--dry-run", is_flag=True, help="Only say what would be imported; write nothing.")
@click.option("--assistant", help="Import only the exports of this one (chatgpt, claude, gemini).")
@click.option("--embedder", help="static, minilm, or a sentence-transformers model. [default: that of the store]")
@click.option("--ray", help="auto, off, on, or the address of a running cluster. [default: auto]")
@click.option("--workers", type=click.IntRange(1), help="Ray workers. [default: one per core]")
@click.option(
    "--secrets", type=click.Choice(SECRET_POLICIES),
    help="What becomes of keys and passwords: masked, kept, or kept and counted. [default: mask, or the setting]",
)  # fmt: skip
@click.option("--restore-forgotten", is_flag=True, help="Bring back what was forgotten, where it is in these exports.")
@json_option
@click.pass_context
def ingest(
    ctx: click.Context, paths: tuple[Path, ...], store: Path | None, dry_run: bool, assistant: str | None,
    embedder: str | None, ray: str | None, workers: int | None, secrets: str | None,
    restore_forgotten: bool, as_json: bool,
) -> None:  # fmt: skip
    """Import exports: zips, folders or single files, of any assistant, as they were downloaded.

    What is already there is not imported again; what a newer export changed is updated; nothing is ever deleted. What
    was forgotten stays away.
    Exit status: 0 all was imported, 3 something was left out (the report says what and why), 1 nothing could be read.
    """
    with Workbench.open(store) as memory:
        with bars_if_terminal(wanted=not as_json) as bars:
            report = memory.ingest(
                *paths, dry_run=dry_run, assistant=assistant, embedder=embedder, ray=ray, workers=workers,
                secrets=secrets, restore_forgotten=restore_forgotten, progress=bars,
            )  # fmt: skip
        if as_json:
            echo_json(report.as_dict())
        else:
            _print(report, memory.store)
    if report.partial:
        ctx.exit(PARTIAL)


def _print(report: IngestReport, store: Path) -> None:
    for one in report.files:
        _print_file(one, dry_run=report.dry_run)
    out = console()
    would = "would be " if report.dry_run else ""
    out.print(
        f"[bold]{report.total('kept'):,} conversations, {report.total('messages'):,} messages[/] read; "
        f"{report.rows_written:,} rows {would}written, {report.texts_embedded:,} texts embedded."
    )
    out.print(f"[dim]reading: {report.parsing}[/]")
    if report.embedding:
        out.print(f"[dim]embedding: {report.embedding}, with {report.embedder}[/]")
    if report.seconds:
        out.print("[dim]" + ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in report.seconds.items()) + "[/]")
    _print_forgotten(report)
    _print_secrets(report)
    if report.generation is not None:
        out.print(f"Published generation {report.generation} in {store}.")


def _print_forgotten(report: IngestReport) -> None:
    conversations, messages = report.total("conversations_forgotten"), report.total("messages_forgotten")
    if conversations or messages:
        console().print(
            f"forgotten, and left out: {conversations:,} conversations, {messages:,} messages of others "
            "[dim](--restore-forgotten brings them back)[/]"
        )


def _print_secrets(report: IngestReport) -> None:
    from rich.markup import escape

    if not report.secret_kinds:
        return
    out = console()
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.secret_kinds.items())
    done = {"mask": "masked", "report": "found, and stored as they are"}[report.secrets]
    out.print(f"[yellow]secrets {done}:[/] {escape(kinds)}")
    places = [found for one in report.files for found in one.secrets]
    for found in places[:_SHOWN_PLACES]:
        count = sum(found.kinds.values())
        out.print(f"  {count:,} in [bold]{escape(found.title or '(untitled)')}[/]  [dim]{found.conversation}[/]")
    if len(places) > _SHOWN_PLACES:
        out.print(f"  [dim]… and in {len(places) - _SHOWN_PLACES:,} more conversations; --json names every one[/]")


def _print_file(one: FileReport, *, dry_run: bool) -> None:
    from rich.markup import escape

    out = console()
    out.print(f"[bold]{escape(one.place)}[/]  [dim]{escape(one.label)}[/]")
    if one.error:
        out.print(f"  [red]not imported:[/] {escape(one.error)}")
    if one.kept:
        kinds = ", ".join(f"{count:,} {status}" for status, count in one.conversations.items() if count)
        out.print(
            f"  kept {one.kept:,} conversations ({kinds}), {one.messages:,} messages, {one.artifacts:,} artifacts"
        )
    reasons = list(one.reasons().items())
    for reason, count in reasons[:_SHOWN_REASONS]:
        first = next(issue.place for issue in one.issues if f"{issue.severity}: {issue.reason}" == reason)
        out.print(f"  [yellow]{count:,} ×[/] {escape(reason)}  [dim]({'first: ' * (count > 1)}{escape(first)})[/]")
    if len(reasons) > _SHOWN_REASONS:
        out.print(f"  [dim]… and {len(reasons) - _SHOWN_REASONS} more reasons; --json lists every one[/]")
