"""`workbench search`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.cli.terminal import coloured_name, console
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.model import MODES, Hit, SearchResult
from workbench.workspace import Workbench

_SHOWN_VALUES = 8  # of a facet


@click.command(cls=Verb)
@click.argument("query", nargs=-1, required=True)
@store_option
@click.option("-k", type=int, default=10, show_default=True, help="How many messages.")
@click.option("--alpha", type=float, help="0: words only, 1: meaning only. [default: 0.3, or as tuned]")
@click.option("--mode", type=click.Choice(list(MODES)), help="A name for --alpha: the default, 0 or 1.")
@click.option("--assistant", multiple=True, help="Only of this assistant; may be repeated.")
@click.option("--role", multiple=True, help="Only by this role (user, assistant); may be repeated.")
@click.option("--project", multiple=True, help="Only in this project.")
@click.option("--model", multiple=True, help="Only by this model.")
@click.option("--has", multiple=True, help="Only with code, image, file, link, citation, …")
@click.option("--lang", multiple=True, help="Only with code in this language.")
@click.option("--after", help="Only from this date on (2025-03-31).")
@click.option("--before", help="Only before this date.")
@click.option("--conversation", multiple=True, help="Only in the conversation with this id.")
@click.option("--category", multiple=True, help="Only memories of this category; may be repeated.")
@click.option("--label", multiple=True, help="Only memories with this label.")
@click.option("--min-confidence", type=float, help="Only memories at least this sure.")
@click.option("--by-conversation", is_flag=True, help="Each conversation once, by its best message.")
@click.option("--cursor", help="Go on after the page that gave this cursor.")
@click.option("--facets", is_flag=True, help="Count what matches by assistant, role, month, project, …")
@click.option("--like", is_flag=True, help="QUERY is the id of a message: find messages like it.")
@click.option("--plain", is_flag=True, help="Take QUERY as words, without the query language.")
@click.option("--no-context", is_flag=True, help="Rank every message by itself, without its thread.")
@click.option("--explain", is_flag=True, help="Show how each hit was found and where the time went.")
@json_option
def search(query: tuple[str, ...], store: Path | None, like: bool, explain: bool, as_json: bool, **wanted: Any) -> None:
    """Find messages by their words and their meaning.

    QUERY may hold "phrases", -exclusions, beginnings* and filters such as assistant:claude, after:"last month",
    has:code, lang:python (docs/query_language.md).
    """
    text = " ".join(query)
    mode = wanted.pop("mode")
    wanted["alpha"] = MODES[mode] if mode else wanted["alpha"]
    with Workbench.open(store) as memory:
        if like:
            result = memory.similar(text, k=wanted["k"], assistant=wanted["assistant"], role=wanted["role"])
        else:
            result = memory.search(
                text, language=wanted.pop("lang"), thread_context=not wanted.pop("no_context"), **wanted
            )
    if as_json:
        echo_json(result)
    else:
        _print(result, explain=explain)


def _print(result: SearchResult, *, explain: bool) -> None:
    from rich.markup import escape

    out = console()
    for note in result.notes:
        out.print(f"[yellow]{escape(note)}[/]")
    if not result.hits:
        out.print("Nothing was found.")
    for hit in result:
        _print_hit(hit, explain=explain)
    out.print(f"[dim]{len(result)} of {result.candidates:,} candidates in {result.timings_ms['total']:.0f} ms[/]")
    for facet, counts in result.facets.items():
        values = ", ".join(f"{value} {count:,}" for value, count in counts[:_SHOWN_VALUES])
        out.print(f"[bold]{facet}[/]  {escape(values)}{' …' if len(counts) > _SHOWN_VALUES else ''}")
    if result.cursor:
        out.print(f"[dim]more: --cursor {result.cursor}[/]")
    if explain:
        for line in result.advice:
            out.print(f"[dim]{escape(line)}[/]")
        stages = ", ".join(f"{stage} {ms:.1f} ms" for stage, ms in result.timings_ms.items())
        out.print(f"[dim]{stages}\n{escape('; '.join(f'{leg}: {how}' for leg, how in result.plan.items()))}[/]")


def _print_hit(hit: Hit, *, explain: bool) -> None:
    from rich.markup import escape
    from rich.padding import Padding
    from rich.text import Text

    out = console()
    when = f"{hit.created_at:%Y-%m-%d}" if hit.created_at else "no date"
    out.print(
        f"[bold]{hit.rank:>2}[/]  {hit.score:.3f}  {coloured_name(hit.assistant, 8)} "
        f"[bold]{escape(hit.title or '(untitled)')}[/]  [dim]{hit.role} · {when} · {hit.conversation_id}[/]"
        + (f"  [dim]and {hit.others:,} more[/]" if hit.others else "")
    )
    text = Text(hit.snippet)
    for start, end in hit.highlights:
        text.stylize("bold yellow", start, end)
    out.print(Padding(text, (0, 0, 0, 4)) if out.is_terminal else Text("    ") + text)
    if explain:
        parts = [f"{leg.leg} {leg.contribution:+.3f}{_standing(leg.rank, leg.score)}" for leg in hit.legs]
        out.print(f"    [dim]{' · '.join(parts)}[/]")


def _standing(rank: int | None, score: float | None) -> str:
    return "" if rank is None or score is None else f" (#{rank}, {score:.2f})"
