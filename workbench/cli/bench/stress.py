"""`workbench bench stress`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.bench.search import MISSED
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.settings import load_settings

_SCENARIOS = ("clients", "files", "sustained", "churn", "leak", "anomalies")


@click.command(cls=Verb)
@store_option
@click.option(
    "--scenario", "scenarios", multiple=True, type=click.Choice(_SCENARIOS),
    help="Run this one; may be repeated. [default: all]",
)  # fmt: skip
@click.option(
    "--messages", type=click.IntRange(100), help="Use a store of so many generated messages, not a copy of the store."
)
@click.option(
    "--seconds", type=click.FloatRange(3.0), default=60.0, show_default=True,
    help="Length of each load, without its warm-up.",
)  # fmt: skip
@click.option(
    "--rate", type=click.FloatRange(1.0), default=50.0, show_default=True,
    help="Searches a second of sustained and anomalies.",
)  # fmt: skip
@click.option(
    "--connections", multiple=True, type=click.IntRange(1, 10_000),
    help="Clients at once; may be repeated. [default: 10, 50, 200 and 500]",
)  # fmt: skip
@click.option(
    "--megabytes", multiple=True, type=click.FloatRange(0.1),
    help="Size of the exports of files; may be repeated. [default: 1 and 10]",
)  # fmt: skip
@click.option("--cycles", type=click.IntRange(1), default=3, show_default=True, help="Rounds of churn.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes of the service.")
@click.option(
    "--plant-leak", type=click.IntRange(0), default=0, metavar="BYTES",
    help="Have the service of leak lose so many bytes with every query, to see that it is found.",
)  # fmt: skip
@click.option(
    "--work", type=click.Path(file_okay=False, path_type=Path),
    help="Folder for copies of the store; best on its file system. [default: that of temporary files]",
)  # fmt: skip
@click.option("--seed", type=int, default=7, show_default=True, help="Of all queries and generated exports.")
@keeping_options
@click.option("--check", is_flag=True, help=f"Exit with {MISSED} if a criterion is not met, or could not be measured.")
@json_option
def stress(
    store: Path | None, messages: int | None, name: str, runs: Path | None, check: bool, as_json: bool, **options: Any
) -> None:
    """Put a copy of the store under stress: many clients, large files, a long load, churn, leaks, anomalies."""
    from workbench.experiments.load.report import plain
    from workbench.experiments.stress import StressPlan, lines, run_stress, to_run

    given = {key: value for key, value in options.items() if value != ()}  # nothing given: the plan's default
    plan = StressPlan(store or load_settings().store, messages=messages or 0, **given)
    report = run_stress(plan, lambda text: click.echo(text, err=True))
    run = to_run(report, name=name)
    keep(run, runs)
    if as_json:
        echo_json(plain(run))
    else:
        for line in lines(run):
            click.echo(line)
    if check and not report.met:
        click.get_current_context().exit(MISSED)
