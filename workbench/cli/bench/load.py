"""`workbench bench load`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.bench.search import MISSED
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.settings import load_settings


@click.command(cls=Verb)
@store_option
@click.option(
    "--target", default="http", show_default=True, metavar="WHERE",
    help="in-process, http (a service is started), ray (Ray Serve is started), or the URL of a service that runs.",
)  # fmt: skip
@click.option(
    "--arrival", type=click.Choice(["closed", "rate", "ramp", "spike", "poisson"]), default="closed",
    show_default=True,
    help="Users who ask again when they are answered, or requests that are due whether or not the service keeps up: at "
    "a constant rate, a rising one, one with a spike, or at random.",
)  # fmt: skip
@click.option(
    "--users", type=click.IntRange(1, 10_000), default=50, show_default=True,
    help="Users of the closed loop; connections of the others.",
)  # fmt: skip
@click.option(
    "--requests", type=click.IntRange(0), default=0, help="Of each user of the closed loop. [default: for --duration]"
)
@click.option("--think", type=click.FloatRange(0), default=0.0, help="Mean seconds a user thinks between requests.")
@click.option("--rate", type=click.FloatRange(0), default=0.0, help="Requests a second: constant, first, or base.")
@click.option("--to", type=click.FloatRange(0), default=0.0, help="Requests a second at the end of a ramp.")
@click.option("--spike", type=click.FloatRange(0), default=0.0, help="Requests a second in the spike.")
@click.option(
    "--duration", "seconds", type=click.FloatRange(0), default=0.0,
    help="Seconds that are counted. [default: 20, or as long as --requests take]",
)  # fmt: skip
@click.option("--warmup", type=click.FloatRange(0), default=2.0, show_default=True, help="Seconds before, not counted.")
@click.option(
    "--mix", type=click.Choice(["distinct", "repeated", "filtered", "file"]), default="distinct", show_default=True,
    help="Kind of queries, made of the store's own words.",
)  # fmt: skip
@click.option(
    "--queries", type=click.Path(dir_okay=False, path_type=Path), help="File of --mix file, one query a line."
)
@click.option(
    "--share", type=click.FloatRange(0, 1), default=0.85, show_default=True, help="Share of repeats (repeated mix)."
)
@click.option(
    "--cache", type=click.Choice(["off", "cold", "warm"]),
    help="State of the kept answers. [default: warm with the repeated mix, else off]",
)  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes of the service.")
@click.option(
    "--sweep", type=click.IntRange(0, 100), default=0, metavar="N",
    help="Also try N constant rates, for the knee and the usable capacity.",
)  # fmt: skip
@click.option(
    "--sweep-duration",
    "sweep_seconds",
    type=click.FloatRange(0.5),
    default=4.0,
    show_default=True,
    help="Seconds of each of them.",
)
@click.option(
    "--p95",
    "p95_ms",
    type=click.FloatRange(0),
    default=50.0,
    show_default=True,
    help="Limit in ms; 0 for none, as for all.",
)
@click.option(
    "--at-least", "at_least", type=click.FloatRange(0), default=0.0, help="Limit of the throughput, requests a second."
)
@click.option("--memory", "memory_gb", type=click.FloatRange(0), default=4.0, show_default=True, help="Limit in GB.")
@click.option(
    "--hits", "hit_share", type=click.FloatRange(0, 1), default=0.85, show_default=True,
    help="Limit of the share of answers from the cache, of queries that were asked before.",
)  # fmt: skip
@click.option("--seed", type=int, default=7, show_default=True, help="Of queries and random arrivals.")
@click.option(
    "--export", "exports", multiple=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Also write latencies for HdrHistogram's tools: FILE.hgrm or FILE.hlog; may be repeated.",
)  # fmt: skip
@click.option("--check", is_flag=True, help=f"Exit with {MISSED} if a limit is not kept.")
@keeping_options
@json_option
def load(
    store: Path | None, name: str, runs: Path | None, exports: tuple[Path, ...], check: bool, as_json: bool,
    p95_ms: float, at_least: float, memory_gb: float, hit_share: float, to: float, spike: float, cache: str | None,
    **options: Any,
) -> None:  # fmt: skip
    """Put a load on the search of a store, and judge latency, errors, resources and the load generator itself."""
    from workbench.experiments.load.experiment import measure_load
    from workbench.experiments.load.export import export
    from workbench.experiments.load.outcome import lines, to_run
    from workbench.experiments.load.plan import plan_of
    from workbench.experiments.load.report import plain

    limits = {"p95_ms": p95_ms, "rate": at_least, "memory_gb": memory_gb, "hit_share": hit_share}
    plan = plan_of(store or load_settings().store, cache=cache or "", to=spike or to, limits=limits, **options)
    result = measure_load(plan, lambda text: click.echo(text, err=True))
    run = to_run(result, name=name)
    keep(run, runs)
    for path in exports:
        export(result.samples, path)
    if as_json:
        echo_json(plain(run))
    else:
        for line in lines(run):
            click.echo(line)
    if check and run.met is False:
        click.get_current_context().exit(MISSED)
