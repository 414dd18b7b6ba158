"""`workbench bench statements`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.workspace import Workbench


@click.command(cls=Verb)
@store_option
@click.option("--repeats", type=click.IntRange(1, 1000), default=5, show_default=True, help="Timed runs of each.")
@click.option("--seed", type=int, default=7, show_default=True, help="Which message, conversation and words are asked.")
@keeping_options
@json_option
def statements(store: Path | None, repeats: int, seed: int, name: str, runs: Path | None, as_json: bool) -> None:
    """Run EXPLAIN ANALYZE on the statements that real operations put to the catalog, and say what would avoid work.

    Searches, pages, lists and statistics are run and overheard. Of each statement are given its time, the rows read
    and returned, the dearest steps, and advice by stated rules (docs/statements.md).
    """
    from workbench.experiments.tuning import statements as experiment

    with Workbench.open(store) as memory:
        operations = {
            **experiment.operations_of(memory.snapshot, memory.engine.embedder, seed=seed),
            "all messages as a frame": memory.messages,
            "all conversations as a frame": memory.conversations,
            "all artifacts as a frame": memory.artifacts,
        }
        run = experiment.to_run(experiment.measure_statements(memory.snapshot, operations, repeats=repeats), name)
    keep(run, runs)
    if as_json:
        echo_json(asdict(run))
        return
    for line in experiment.lines(run):
        click.echo(line)
