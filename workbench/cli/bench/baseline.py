"""`workbench bench baseline`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.bench.shares import plan_options
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.settings import load_settings


@click.command(cls=Verb)
@store_option
@plan_options
@keeping_options
@json_option
def baseline(
    store: Path | None, workloads: tuple[str, ...], rounds: int, turns: int, name: str, runs: Path | None, as_json: bool
) -> None:
    """Measure a quick suite of workloads beside a reference, and keep it to compare later code with.

    Searches of three kinds, searches in batches, embedding, reading and a small import, each in many short blocks
    beside blocks of a reference that uses none of our code: the ratio of the two holds when the machine is faster or
    slower than it was. The store is not changed. docs/baselines.md has more.
    """
    from workbench.experiments.baseline import WORKLOADS, Plan, baseline_lines, measure_baseline

    plan = Plan(workloads or WORKLOADS, rounds, turns)
    run = measure_baseline(
        store or load_settings().store, plan, name=name, say=lambda text: click.echo(text, err=True)
    )  # fmt: skip
    keep(run, runs)
    if as_json:
        echo_json(asdict(run))
        return
    for line in baseline_lines(run):
        click.echo(line)
