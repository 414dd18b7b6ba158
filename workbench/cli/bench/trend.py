"""`workbench bench trend`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.bench.search import MISSED
from workbench.cli.bench.shares import Share
from workbench.cli.verb import Verb, echo_json, json_option
from workbench.settings import load_settings


@click.command(cls=Verb)
@click.option(
    "--runs", type=click.Path(file_okay=False, path_type=Path),
    help="Folder that runs are kept in. [default: data/runs, or the setting `runs`]",
)  # fmt: skip
@click.option("--kind", "kinds", multiple=True, help="Runs of this kind (load, baseline, ...); may be repeated.")
@click.option("--figure", "figures", multiple=True, help='Figures of this name or pattern ("*p95*"); may be repeated.')
@click.option("--threshold", type=Share(), default="5%", show_default=True, help="A smaller change is none.")
@click.option("--changed", is_flag=True, help="Only figures that have changed.")
@click.option("--check", is_flag=True, help=f"Exit with {MISSED} if the last change of any figure was for the worse.")
@json_option
def trend(
    runs: Path | None, kinds: tuple[str, ...], figures: tuple[str, ...], threshold: float, changed: bool, check: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Show every figure of stored runs over time, and since when it is another.

    Only runs that can be compared are put into one series: of one kind, with equal parameters, on the same machine,
    with the same model and a store of like size. It takes ten runs or so before a change can be told from chance.
    """
    from workbench.experiments.baseline import WORSE, as_plain, trend_lines, trends
    from workbench.experiments.runs import RunHistory

    history = RunHistory(runs or load_settings().runs)
    found = trends(history.runs(), kinds=kinds, figures=figures, threshold=threshold)
    shown = [one for one in found if one.changes or not changed]
    if as_json:
        echo_json([as_plain(one) for one in shown])
    else:
        for line in trend_lines(shown):
            click.echo(line)
    if check and any(one.standing == WORSE for one in found):
        click.get_current_context().exit(MISSED)
