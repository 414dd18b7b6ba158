"""`workbench bench quality`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.terminal import bars_if_terminal
from workbench.cli.verb import Verb, echo_json, json_option
from workbench.settings import load_settings

_SETS = ("samples", "locomo", "assistant_chats", "scifact")
_SPLITS = ("held-out", "tune", "all")
_MISSED = 1


@click.command(cls=Verb)
@click.option(
    "--datasets", envvar="WORKBENCH_DATASETS", type=click.Path(file_okay=False, path_type=Path),
    help="Folder of labelled sets of others (docs/quality.md says which). [default: $WORKBENCH_DATASETS]",
)  # fmt: skip
@click.option(
    "--set", "sets", multiple=True, type=click.Choice(_SETS),
    help="Measure this set; may be repeated. [default: samples, and with --datasets all]",
)  # fmt: skip
@click.option(
    "--embedder", "embedders", multiple=True, default=("static",), show_default=True,
    help="static, minilm, or a sentence-transformers model; may be repeated.",
)  # fmt: skip
@click.option(
    "--split", type=click.Choice(_SPLITS), default="held-out", show_default=True,
    help="Which half of the queries, where a set has halves.",
)  # fmt: skip
@click.option(
    "--samples", default="data/samples", show_default=True, type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the samples.",
)  # fmt: skip
@click.option(
    "--work", type=click.Path(file_okay=False, path_type=Path),
    help="Folder of scratch stores, kept for the next run. [default: quality in the cache folder]",
)  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write everything to this JSON file.")
@click.option("--check", is_flag=True, help="Search both halves and exit with 1 if a target is missed.")
@keeping_options
@json_option
@click.pass_context
def quality(
    ctx: click.Context, datasets: Path | None, sets: tuple[str, ...], embedders: tuple[str, ...], split: str,
    samples: Path, work: Path | None, out: Path | None, check: bool, name: str, runs: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Measure on labelled conversations whether search finds the right messages.

    Four ways to search are compared: the default hybrid, BM25 alone, vectors alone, and both with equal weight and no
    thread. Given are recall, MRR and nDCG with 95 % intervals, and what each gains over BM25 alone.
    """
    from workbench.experiments.quality import QualityOptions, measure_quality, to_run

    options = QualityOptions(
        sets=sets or (_SETS if datasets else _SETS[:1]), embedders=embedders,
        work=work or load_settings().cache / "quality", samples=samples, datasets=datasets,
        split="all" if check else split,
    )  # fmt: skip
    with bars_if_terminal(wanted=not as_json) as bars:
        report = measure_quality(options, bars)
    keep(to_run(report, name=name), runs)
    if out is not None:
        report.write(out)
    if as_json:
        echo_json(report.as_dict())
    else:
        from workbench.cli.bench.quality_tables import print_report

        print_report(report, split, verdicts=check)
        if out is not None:
            click.echo(f"Written to {out}.")
    if check and not all(verdict.met for verdict in report.verdicts):
        ctx.exit(_MISSED)
