"""`workbench remember` and `rebuild`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from workbench.cli.terminal import bars_if_terminal, console
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.workspace import Workbench


@click.command(cls=Verb)
@click.argument("text", nargs=-1, required=True)
@store_option
@click.option("--category", default="fact", show_default=True, help="What kind of memory: fact, preference, …")
@click.option("--confidence", type=float, default=1.0, show_default=True, help="How sure it is, from 0 to 1.")
@click.option("--label", multiple=True, help="A word to find it by; may be repeated.")
@click.option("--source", default="", help="Who says so, or where it comes from.")
@json_option
def remember(
    text: tuple[str, ...], store: Path | None, category: str, confidence: float, label: tuple[str, ...], source: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Keep TEXT as a memory, found by the next search. It is on the disk when this ends.

    The same text in the same category is one memory: who remembers it again changes its confidence, labels and source.
    A TEXT of - is read from standard input.
    """
    content = sys.stdin.read().strip() if text == ("-",) else " ".join(text)
    with Workbench.open(store) as memory:
        kept = memory.remember(content, category=category, confidence=confidence, labels=label, source=source)
        place = memory.store
    if as_json:
        echo_json(kept)
    else:
        console().print(f"Remembered as {kept.id} ({kept.category}) in {place}.")


@click.command(cls=Verb)
@store_option
@click.option("--if-changed", is_flag=True, help="Only if something is not published yet.")
@json_option
def rebuild(store: Path | None, if_changed: bool, as_json: bool) -> None:
    """Make a new generation from the record, with everything that was remembered.

    Snapshots hold nothing that is not in the record: what is damaged or of an older Workbench is made anew by this.
    """
    with Workbench.open(store) as memory:
        with bars_if_terminal(wanted=not as_json) as bars:
            report = memory.rebuild(anew=not if_changed, progress=bars)
        place = memory.store
    if as_json:
        echo_json(report.as_dict())
        return
    seconds = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in report.seconds.items())
    out = console()
    out.print(f"Generation {report.generation} in {place}; {report.memories:,} memories new in the record.")
    out.print(f"[dim]{seconds}[/]")
