"""`workbench run`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.terminal import console
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.errors import UsageError
from workbench.settings import load_settings

if TYPE_CHECKING:
    from workbench.notebooks.pipelines import Keep, Pipeline, RunOptions, RunRecord

_COLOURS = {"done": "green", "failed": "red", "running": "yellow", "interrupted": "yellow"}


@click.command(cls=Verb)
@click.argument("pipeline", required=False)
@click.option(
    "-p", "--parameter", "parameters", type=(str, str), multiple=True, metavar="NAME VALUE",
    help="Give a parameter of the pipeline a value; may be repeated.",
)  # fmt: skip
@click.option("--fresh", is_flag=True, help="Begin a new run, also where one could be gone on with.")
@click.option(
    "--resume", default="", metavar="RUN",
    help="Go on with this run (its id, the beginning of it, or latest), whatever was edited since; steps that are "
    "other ones now are run again, and those after them.",
)  # fmt: skip
@click.option(
    "--wait", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS",
    help="Wait so long for another run to end. [default: do not wait]",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Check the pipeline and say what would be run; run nothing.")
@click.option("--list", "listing", is_flag=True, help="List the runs: of PIPELINE, or of all.")
@click.option(
    "--keep", type=(click.Choice(["runs", "age", "size"]), str), multiple=True, metavar="WHAT LIMIT",
    help='Keep no more than that: "runs 10", "age 30d", "size 2GB". Goes before what the pipeline says.',
)  # fmt: skip
@click.option(
    "--runs", type=click.Path(file_okay=False, path_type=Path), help="Folder of the runs. [default: data/runs]"
)
@store_option
@json_option
def run(
    pipeline: str | None, parameters: tuple[tuple[str, str], ...], fresh: bool, resume: str, wait: float,
    dry_run: bool, listing: bool, keep: tuple[tuple[str, str], ...], runs: Path | None, store: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Run the notebooks of PIPELINE, a YAML file, one after the other.

    Each run has a folder in data/runs with the executed notebooks, their pages and an index. A run that failed, was
    stopped or killed goes on at its step when the same command is given again.

    Exit status: 0 done, 1 a step failed, 2 the call or the file is wrong, 75 another run is at work, 130 stopped.
    """
    settings = load_settings()
    folder = runs or settings.runs
    if listing:
        _list(folder, pipeline, as_json=as_json)
        return
    if pipeline is None:
        raise UsageError("there is no pipeline to run", "", "give a YAML file, for example pipelines/demo.yaml")
    if fresh and resume:
        raise UsageError("--fresh and --resume exclude each other", "", "give one of them")

    from workbench.notebooks.pipelines import RunOptions, read_pipeline, run_pipeline
    from workbench.notebooks.values import value_of

    found = read_pipeline(Path(pipeline))
    given = {name: value_of(name, text, found.parameters.get(name, "")) for name, text in parameters}
    options = RunOptions(
        folder, store or settings.store, given, fresh=fresh, resume=resume, wait=wait, keep=_keep(keep)
    )  # fmt: skip
    if dry_run:
        _print_plan(found, options, as_json=as_json)
        return
    record = run_pipeline(found, options, say=lambda line: click.echo(line, err=as_json))
    if as_json:
        echo_json(_as_dict(record))


def _keep(limits: tuple[tuple[str, str], ...]) -> Keep:
    from workbench.notebooks.pipelines import Keep
    from workbench.notebooks.pipelines.units import bytes_of, seconds_of

    given = dict(limits)
    try:
        if int(given.get("runs", 1)) < 1:
            raise ValueError("at least 1 run is kept")
        return Keep(
            int(given["runs"]) if "runs" in given else None,
            seconds_of(given["age"]) if "age" in given else None,
            bytes_of(given["size"]) if "size" in given else None,
        )
    except ValueError as error:
        raise UsageError(
            "--keep cannot be understood", str(error), 'write "runs 10", "age 30d" or "size 2GB"'
        ) from error


def _print_plan(pipeline: Pipeline, options: RunOptions, *, as_json: bool) -> None:
    from workbench.notebooks.pipelines import plan_run
    from workbench.notebooks.pipelines.placeholders import filled

    plan = plan_run(pipeline, options)
    steps = [
        {
            "step": step.name,
            "notebook": step.notebook,
            "parameters": filled(step.parameters, plan.values),
            "run": step.name not in plan.kept,
        }
        for step in pipeline.steps
    ]
    if as_json:
        echo_json({"folder": plan.folder, "resumed": plan.resumed is not None, "why": plan.why, "steps": steps})
        return
    if plan.resumed is not None:
        click.echo(f"{pipeline.name} would go on with run {plan.folder.name}, which is {plan.resumed.state}.")
    else:
        click.echo(f"{pipeline.name} would begin a new run{': ' + plan.why if plan.why else ''}.")
    for place, step in enumerate(steps, start=1):
        click.echo(f"{place}/{len(steps)} {step['step']}{'' if step['run'] else ' (is done)'}: {step['notebook']}")
        for name, value in step["parameters"].items():
            click.echo(f"    {name} = {value!r}")


def _list(runs: Path, pipeline: str | None, *, as_json: bool) -> None:
    from workbench.notebooks.pipelines import pipelines_in, read_pipeline, runs_of

    names = pipelines_in(runs)
    if pipeline is not None:
        names = [read_pipeline(Path(pipeline)).name if Path(pipeline).is_file() else pipeline]
    records = [record for name in names for record in runs_of(runs, name)]
    if as_json:
        echo_json([_as_dict(record) for record in records])
        return
    out = console()
    for record in records:
        for line in _lines(record):
            out.print(line, soft_wrap=True)
    if not records:
        out.print(f"There are no runs in {runs}.")


def _lines(record: RunRecord) -> Iterator[str]:
    from rich.markup import escape

    from workbench.notebooks.pipelines.units import as_time

    state = f"[{_COLOURS.get(record.state, 'white')}]{record.state:<11}[/]"
    ended = sum(step.state in ("done", "skipped") for step in record.steps)
    took = as_time((record.ended - record.started).total_seconds()) if record.ended and record.started else ""
    yield f"{record.pipeline:<10} {record.id}  {state}  {ended} of {len(record.steps)} steps  {took}".rstrip()
    step = record.next_step
    if step is not None:
        yield f"    [dim]{escape(f'{step.name}: {step.reason or step.state}')}[/]"
    elif record.state == "unreadable":
        yield f"    [dim]{escape(str(record.digests['why']))}[/]"


def _as_dict(record: RunRecord) -> dict[str, Any]:
    steps = [
        {
            "name": step.name, "notebook": step.notebook, "state": step.state, "attempts": step.attempts,
            "started": step.started, "ended": step.ended, "seconds": step.seconds, "reason": step.reason,
            "folder": str(record.folder / step.folder) if step.folder else "", "kept": list(step.kept),
        }
        for step in record.steps
    ]  # fmt: skip
    return {
        "pipeline": record.pipeline, "run": record.id, "state": record.state, "folder": str(record.folder),
        "started": record.started, "ended": record.ended, "sessions": record.sessions, "steps": steps,
    }  # fmt: skip
