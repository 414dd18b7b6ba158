"""`workbench tune`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.terminal import bars_if_terminal
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.errors import UsageError
from workbench.settings import load_settings
from workbench.workspace import Workbench

if TYPE_CHECKING:
    from workbench.experiments.runs import Run
    from workbench.experiments.tuning import TuningPlan

_STRATEGIES = ("halving", "grid")
_MEASURES = ("ndcg@10", "mrr@10", "recall@10")


@click.command(cls=Verb)
@store_option
@click.option("--strategy", type=click.Choice(_STRATEGIES), default="halving", show_default=True,
              help="Successive halving from --start, or everything there is.")  # fmt: skip
@click.option("--queries", default="own", show_default=True, metavar="own|samples|FILE",
              help="Judged queries: made of your messages, the samples', or a file in their form.")  # fmt: skip
@click.option("--count", default=300, show_default=True, help="How many queries; half of them judge the winner.")
@click.option("--budget", type=float, help="At most so many evaluations of all queries.")
@click.option("--objective", type=click.Choice(_MEASURES), default="ndcg@10", show_default=True, help="The quality.")
@click.option("--floor", default=0.95, show_default=True, help="Least recall@10 of the vector index.")
@click.option("--ms-cost", default=0.005, show_default=True, help="What a CPU millisecond a query costs of quality.")
@click.option("--param", "params", multiple=True, metavar="NAME=V1,V2",
              help="Try these values; may be repeated. [default: see docs/tuning.md]")  # fmt: skip
@click.option("--start", "starts", multiple=True, metavar="NAME=V",
              help="Begin here, not at the present profile; may be repeated.")  # fmt: skip
@click.option("--seed", default=7, show_default=True, help="Draws the queries and what is tried.")
@click.option("--samples", default="data/samples", show_default=True,
              type=click.Path(file_okay=False, path_type=Path), help="Folder of the samples.")  # fmt: skip
@click.option("--apply", "applying", is_flag=True, help="Tune the store to the winner if it is better, and publish.")
@click.option("--force", is_flag=True, help="With --apply: also if no difference is shown.")
@click.option("--use", metavar="RUN", help="Search nothing: apply what this kept run chose.")
@click.option("--no-publish", is_flag=True, help="With --apply, --use or --reset: leave that to the next import.")
@click.option("--reset", "resetting", is_flag=True, help="Search nothing: go back to the defaults.")
@keeping_options
@json_option
def tune(store: Path | None, runs: Path | None, name: str, as_json: bool, **given: Any) -> None:
    """Find better parameters for your own messages: of the vector index, of ranking, of both together.

    Judged queries are asked with every set of parameters that is tried. The winner is compared with the present profile
    on queries that had no part in the choice; where no difference is shown, that is said, and nothing is applied.
    """
    from workbench.experiments.runs import RunHistory
    from workbench.experiments.tuning.report import verdict

    publish = not given["no_publish"]
    with Workbench.open(store) as memory:
        if given["resetting"]:
            _reset(memory, publish=publish, as_json=as_json)
            return
        if given["use"]:
            run = RunHistory(runs or load_settings().runs).find(given["use"], "tuning")
            if not as_json:
                click.echo(verdict(run))
            applied = _apply(memory, run, publish=publish, as_json=as_json)
        else:
            run = _search(memory, given, name, as_json=as_json)
            keep(run, runs)
            better = run.details["outcome"] == "better"
            wanted = given["applying"] and (better or (given["force"] and _differs(run)))
            applied = wanted and _apply(memory, run, publish=publish, as_json=as_json)
    if as_json:
        echo_json({"applied": applied, "published": applied and publish, **_plain(run)})
    elif given["applying"] and not applied:
        click.echo("Nothing was applied." + (" --force applies it all the same." if _differs(run) else ""))


def _search(memory: Workbench, given: Mapping[str, Any], name: str, *, as_json: bool) -> Run:
    from workbench.experiments import tuning
    from workbench.experiments.tuning.report import lines

    plan = _plan(memory, given)
    with bars_if_terminal(wanted=not as_json) as bars:
        run = tuning.to_run(tuning.tune(memory.engine, plan, samples=given["samples"], progress=bars), name)
    if not as_json:
        for line in lines(run):
            click.echo(line)
    return run


def _plan(memory: Workbench, given: Mapping[str, Any]) -> TuningPlan:
    from workbench.experiments.tuning import Objective, TuningPlan, default_space
    from workbench.experiments.tuning.parameters import parse

    start = {}
    for name, values in map(parse, given["starts"]):
        if len(values) != 1:
            raise UsageError(f"--start gives {name} {len(values)} values", "", "give one")
        start[name] = values[0]
    return TuningPlan(
        dict(map(parse, given["params"])) or default_space(memory.snapshot, given["queries"]), start, given["strategy"],
        Objective(given["objective"], given["floor"], ms_cost=given["ms_cost"]), given["queries"], given["count"],
        budget=given["budget"], seed=given["seed"],
    )  # fmt: skip


def _apply(memory: Workbench, run: Run, *, publish: bool, as_json: bool) -> bool:
    from workbench.experiments.tuning import apply_run

    with bars_if_terminal(wanted=not as_json) as bars:
        apply_run(memory.store, run, publish=publish, progress=bars)
    memory.refresh()
    if not as_json:
        when = f"generation {memory.snapshot.generation} uses it" if publish else "the next publication uses it"
        click.echo(f"{memory.store} is tuned to run {run.id}; {when}.")
    return True


def _reset(memory: Workbench, *, publish: bool, as_json: bool) -> None:
    from workbench.experiments.tuning import reset

    with bars_if_terminal(wanted=not as_json) as bars:
        there = reset(memory.store, publish=publish, progress=bars)
    if as_json:
        echo_json({"reset": there, "published": publish})
    else:
        click.echo(f"{memory.store} is back at the defaults." if there else f"{memory.store} was not tuned.")


def _differs(run: Run) -> bool:
    return bool(run.details["chosen"] != run.details["present"])


def _plain(run: Run) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(run)
