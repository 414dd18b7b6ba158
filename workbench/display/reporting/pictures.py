"""The pictures of each kind of run, drawn from what is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import plotly.graph_objects as go

from workbench.display import plots
from workbench.display.reporting.assembling import Draw
from workbench.display.reporting.document import Picture
from workbench.experiments.runs import Run

_Plot = Callable[[Run], go.Figure]


def _pictures(**drawn: _Plot) -> Draw:
    """Draws each of these; the name of a file begins with the run's id, so that no two are the same."""

    def draw(run: Run) -> list[Picture]:
        made = {name: plot(run) for name, plot in drawn.items()}
        return [Picture(f"{run.id}-{name}", str(one.layout.title.text), one) for name, one in made.items()]

    return draw


_STRESS: Mapping[str, _Plot] = {
    "clients": plots.stress_clients, "files": plots.stress_files, "churn": plots.stress_churn,
    "sustained": partial(plots.stress_memory, scenario="sustained"), "leak": plots.stress_memory,
    "anomalies": plots.stress_anomalies,
}  # fmt: skip


def _stress(run: Run) -> list[Picture]:
    """Those of the scenarios that were run."""
    return list(_pictures(**{name: plot for name, plot in _STRESS.items() if name in run.details})(run))


PICTURES: Mapping[str, Draw] = {
    "load": _pictures(
        ecdf=plots.load_ecdf, time=plots.load_over_time, stages=plots.load_stages, sweep=plots.load_sweep,
        resources=plots.load_resources,
    ),
    "tuning": _pictures(front=plots.tuning_front, stages=plots.tuning_stages),
    "stress": _stress,
    "statements": _pictures(costs=plots.statement_costs),
    "comparison": _pictures(effects=plots.effect_sizes),
    "peers": _pictures(peers=plots.peers_compared),
}  # fmt: skip
