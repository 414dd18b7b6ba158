"""`workbench bench service`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.bench.search import MISSED
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.errors import UsageError
from workbench.settings import load_settings

_PARTS = ("overload", "publish", "restart_redis", "mixed", "kill", "startup")


@click.command(cls=Verb)
@store_option
@click.option(
    "--overload", type=click.FloatRange(0), default=0.0, metavar="SECONDS",
    help="Ask twice as much as can be answered for so many seconds, with deadlines of 1 s and of 100 ms.",
)  # fmt: skip
@click.option(
    "--publish", type=click.IntRange(0), default=0, metavar="N", help="Publish so many generations while others search."
)
@click.option("--restart-redis", is_flag=True, help="Kill and restart a redis-server of its own while others search.")
@click.option(
    "--mixed", type=click.FloatRange(0), default=0.0, metavar="RATE",
    help="Keep and recall memories, so many requests a second.",
)  # fmt: skip
@click.option("--kill", is_flag=True, help="kill -9 the service in the midst of encodes, then look for every memory.")
@click.option("--startup", is_flag=True, help="How soon it is ready, and the memory of one worker.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes of the service.")
@click.option(
    "--connections", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Connections of --overload."
)
@click.option(
    "--duration", "seconds", type=click.FloatRange(2.0), default=20.0, show_default=True,
    help="Seconds of the loads of --restart-redis, --mixed and --kill.",
)  # fmt: skip
@click.option(
    "--work", type=click.Path(file_okay=False, path_type=Path),
    help="Folder for copies of the store, where it is written to; best on its file system. [default: that of temporary "
    "files]",
)  # fmt: skip
@click.option("--seed", type=int, default=7, show_default=True, help="Of all queries.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this JSON file.")
@click.option("--check", is_flag=True, help=f"Exit with {MISSED} if a target is not met.")
@keeping_options
@json_option
def service(
    store: Path | None, seed: int, out: Path | None, check: bool, name: str, runs: Path | None, as_json: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Measure how the service takes overload, publications, a Redis that dies and kill -9. The store is not changed."""
    from workbench.experiments.load import report as reports
    from workbench.experiments.load.keeping import to_run
    from workbench.experiments.load.targets import failed, judge
    from workbench.experiments.service_load import SERVICE_TARGETS, ServicePlan, lines, measure_service

    if not any(options[part] for part in _PARTS):
        names = ", ".join("--" + part.replace("_", "-") for part in _PARTS)
        raise UsageError("it is not said what to measure", "", f"give one or more of {names}")
    said = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
    report = measure_service(
        store or load_settings().store, ServicePlan(**options), {**said, "seed": seed},
        lambda text: click.echo(text, err=True), seed=seed,
    )  # fmt: skip
    verdicts = judge(report, targets=SERVICE_TARGETS)
    report["verdicts"] = reports.plain(verdicts)
    keep(to_run("service", report, verdicts, name=name), runs)
    if out:
        reports.write(report, out)
    if as_json:
        echo_json(report)
    else:
        for line in [*lines(report), *reports.verdict_lines(verdicts)]:
            click.echo(line)
    if check and failed(verdicts):
        click.get_current_context().exit(MISSED)
