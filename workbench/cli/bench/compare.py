"""`workbench bench compare`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.bench.keeping import keep, keeping_options
from workbench.cli.bench.search import MISSED
from workbench.cli.bench.shares import Share, plan_options
from workbench.cli.verb import Verb, echo_json, json_option, store_option
from workbench.errors import UsageError
from workbench.settings import load_settings

if TYPE_CHECKING:
    from workbench.experiments.baseline import Plan
    from workbench.experiments.runs import Run

_CLOCKS = ("cpu", "wall")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to compare with what, as it was said."""

    baseline: str
    against: str
    checkout: Path | None
    slow_down: float
    threshold: float
    clock: str
    self_test: int
    workloads: tuple[str, ...]
    rounds: int
    turns: int


@click.command(cls=Verb)
@click.argument("baseline", required=False, default="")
@click.option(
    "--against", default="", metavar="RUN", help="Compare with this stored baseline instead of measuring now."
)
@click.option(
    "--checkout", type=click.Path(file_okay=False, path_type=Path),
    help="Compare with the code in this folder, measured now, in turn with this one. The surest way.",
)  # fmt: skip
@click.option("--threshold", type=Share(), default="5%", show_default=True, help="A smaller change is none.")
@click.option(
    "--clock", type=click.Choice(_CLOCKS), default="cpu", show_default=True,
    help="Processor time, which other programs disturb little, or wall time, which has the waiting in it.",
)  # fmt: skip
@click.option(
    "--slow-down", type=Share(), default="0%", metavar="SHARE",
    help="Plant a slowdown into this code (15%), to see whether it is found.",
)  # fmt: skip
@click.option(
    "--self-test", type=click.IntRange(0, 1000), default=0, metavar="N",
    help="Compare this code N times with itself and N times with itself slowed down (by 15 %, or --slow-down): at most "
    "one alarm in twenty, and nine of ten found.",
)  # fmt: skip
@store_option
@plan_options
@keeping_options
@json_option
def compare(store: Path | None, name: str, runs: Path | None, as_json: bool, **options: object) -> None:
    """Tell whether this code is slower than BASELINE (a stored baseline's id or name) or than another checkout.

    Each workload gets the ratio of what it takes now to what it took, with an interval that holds for all workloads
    together. Exits with 4 if any has become slower: the interval lies above 1 and the ratio is beyond the threshold.
    A self-test exits with 4 if it is not passed.
    """
    from workbench.experiments.baseline import comparison_lines, self_test_lines

    wanted = Wanted(**options)  # type: ignore[arg-type]
    run = _compared(store or load_settings().store, wanted, runs or load_settings().runs, name)
    keep(run, runs)
    if as_json:
        echo_json(asdict(run))
    else:
        for line in (self_test_lines if wanted.self_test else comparison_lines)(run):
            click.echo(line)
    if not run.met:
        click.get_current_context().exit(MISSED)


def _compared(store: Path, wanted: Wanted, runs: Path, name: str) -> Run:
    said = [flag for flag, value in (("BASELINE", wanted.baseline), ("--checkout", wanted.checkout),
                                     ("--self-test", wanted.self_test)) if value]  # fmt: skip
    if len(said) > 1:
        raise UsageError(f"{' and '.join(said)} cannot be compared at once", "", "give one of them")
    if wanted.against and not wanted.baseline:
        raise UsageError("--against is the later of two baselines", "", "name the earlier one, too")
    if wanted.baseline:
        return _with_baseline(store, wanted, runs, name)
    if not said and not wanted.slow_down:
        raise UsageError(
            "it is not said what to compare with", "", "name a baseline, or give --checkout, --slow-down or --self-test"
        )
    return _tested(store, wanted, name) if wanted.self_test else _in_turn(store, wanted, name)


def _with_baseline(store: Path, wanted: Wanted, runs: Path, name: str) -> Run:
    from workbench.experiments.baseline import compare_baselines, comparison_run, measure_baseline, plan_of
    from workbench.experiments.runs import RunHistory
    from workbench.snapshot import open_snapshot

    history = RunHistory(runs)
    before = history.find(wanted.baseline, "baseline")
    plan = plan_of(before)
    if wanted.against:
        after = history.find(wanted.against, "baseline")
    else:
        after = measure_baseline(store, plan, name="now", slow_down=wanted.slow_down, say=_say)
    found = compare_baselines(
        before, after, clock=wanted.clock, threshold=wanted.threshold, planted=wanted.slow_down
    )  # fmt: skip
    with open_snapshot(store) as snapshot:
        return comparison_run(found, plan, snapshot, name=name)


def _in_turn(store: Path, wanted: Wanted, name: str) -> Run:
    from workbench.experiments.baseline import Side, check_code, compare_sides, comparison_run, material_of, measure
    from workbench.snapshot import open_snapshot

    before = Side(str(wanted.checkout), check_code(wanted.checkout)) if wanted.checkout else Side("this code")
    after = replace(Side("this code"), slow_down=wanted.slow_down)
    with open_snapshot(store) as snapshot:
        plan = _plan(wanted)
        found = measure(plan, material_of(store, snapshot, seed=plan.seed), [before, after], _say)
        comparison = compare_sides(
            found, clock=wanted.clock, threshold=wanted.threshold, planted=wanted.slow_down
        )  # fmt: skip
        return comparison_run(comparison, found.plan, snapshot, name=name)


def _tested(store: Path, wanted: Wanted, name: str) -> Run:
    from workbench.experiments.baseline import material_of, run_self_test, self_test_run
    from workbench.snapshot import open_snapshot

    with open_snapshot(store) as snapshot:
        plan = _plan(wanted)
        test = run_self_test(
            plan, material_of(store, snapshot, seed=plan.seed), wanted.self_test, slow_down=wanted.slow_down or 0.15,
            clock=wanted.clock, threshold=wanted.threshold, say=_say,
        )  # fmt: skip
        return self_test_run(test, snapshot, name=name)


def _plan(wanted: Wanted) -> Plan:
    from workbench.experiments.baseline import WORKLOADS, Plan

    return Plan(wanted.workloads or WORKLOADS, wanted.rounds, wanted.turns)


def _say(text: str) -> None:
    click.echo(text, err=True)
