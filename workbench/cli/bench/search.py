"""`workbench bench search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.errors import EmbeddingError, UsageError
from workbench.workspace import Workbench

if TYPE_CHECKING:
    from workbench.embedding import Embedder
    from workbench.search import SearchEngine

MISSED = 4  # exit status of --check: measured, and a target is not met


@click.command(cls=Verb)
@store_option
@click.option(
    "--users",
    multiple=True,
    type=click.IntRange(1, 10_000),
    help="Connections at once; may be repeated. [default: 1 and 50]",
)
@click.option("--duration", type=click.FloatRange(0.5), default=20.0, show_default=True, help="Seconds of each run.")
@click.option(
    "--warmup", type=click.FloatRange(0), default=4.0, show_default=True, help="Seconds before it, not counted."
)
@click.option(
    "--mode",
    type=click.Choice(["closed", "rate"]),
    default="closed",
    show_default=True,
    help="Each user asks again at once, or a constant arrival rate.",
)
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Requests a second, with --mode rate.")
@click.option(
    "--mix",
    multiple=True,
    type=click.Choice(["distinct", "repeated"]),
    help="Kind of queries; may be repeated. [default: distinct]",
)
@click.option(
    "--share",
    type=click.FloatRange(0, 1),
    default=0.85,
    show_default=True,
    help="Share of repeats in the repeated mix.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes of each service.")
@click.option(
    "--repeat", type=click.IntRange(1, 100), default=3, show_default=True, help="Runs of each load; the median counts."
)
@click.option("--connections", type=click.IntRange(0, 10_000), default=0, help="Also try so many open connections.")
@click.option("--no-reference", is_flag=True, help="Leave the naive reference service out.")
@click.option("--no-http", is_flag=True, help="Only what is measured in this process.")
@click.option("--in-process", is_flag=True, help="Also without HTTP: stages, threads, batches.")
@click.option("--filters", is_flag=True, help="Also recall and time of filters of every selectivity.")
@click.option("--vector-recall", is_flag=True, help="Also recall of the vector index, for several expansions.")
@click.option("--fuzz", type=click.IntRange(0), default=0, help="Also so many fuzzed queries.")
@click.option("--seed", type=int, default=7, show_default=True, help="Of all queries.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this JSON file.")
@click.option(
    "--compare",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The report of the store of 250,000 messages, for the targets on growth.",
)
@click.option("--check", is_flag=True, help=f"Exit with {MISSED} if a target is not met.")
@keeping_options
@json_option
def search(
    store: Path | None, out: Path | None, compare: Path | None, check: bool, name: str, runs: Path | None,
    as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Measure how fast search answers, over HTTP and in process, beside a naive service on the same machine."""
    from workbench.experiments.load import report as reports
    from workbench.experiments.load.keeping import to_run
    from workbench.experiments.load.measurement import measure_all
    from workbench.experiments.load.targets import failed, judge

    parts, loads = _plan(options)
    other = reports.read(compare) if compare else None
    with Workbench.open(store) as memory:
        report = measure_all(
            memory.store, lambda: _engine(memory), parts, loads, options,
            lambda text: click.echo(text, err=True), seed=options["seed"],
        )  # fmt: skip
    verdicts = judge(report, other)
    report["verdicts"] = reports.plain(verdicts)
    keep(to_run("search", report, verdicts, name=name), runs)
    if out:
        reports.write(report, out)
    if as_json:
        echo_json(report)
    else:
        for line in [*reports.lines(report), *reports.verdict_lines(verdicts)]:
            click.echo(line)
    if check and failed(verdicts):
        click.get_current_context().exit(MISSED)


def _plan(options: dict[str, Any]) -> tuple[Any, Any]:
    from workbench.experiments.load.measurement import Loads, Parts

    if (options["mode"] == "rate") != bool(options["rate"]):
        raise UsageError("--mode rate and --rate belong together", "", "give both, or neither")
    parts = Parts(
        http=not options["no_http"], in_process=options["in_process"], filters=options["filters"],
        vector_recall=options["vector_recall"], fuzz=options["fuzz"],
    )  # fmt: skip
    loads = Loads(
        users=options["users"] or (1, 50), mixes=options["mix"] or ("distinct",), mode=options["mode"],
        rate=options["rate"] or 0.0, seconds=options["duration"], warmup=options["warmup"], share=options["share"],
        workers=options["workers"], repeat=options["repeat"], reference=not options["no_reference"],
        connections=options["connections"],
    )  # fmt: skip
    return parts, loads


def _engine(memory: Workbench) -> tuple[SearchEngine, Embedder]:
    """The store's engine and its model."""
    from workbench.embedding import load_embedder

    engine = memory.engine
    if engine.missing:
        raise EmbeddingError("search would be measured without its vectors", engine.missing)
    return engine, load_embedder(memory.snapshot.manifest.embedder)
