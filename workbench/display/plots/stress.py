"""The service under stress: pictures of the runs that `workbench bench stress` keeps.

Each function takes a run (`workbench.experiments.runs.Run`) and shows one of its scenarios; where the run has not got
that scenario, the picture says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.display.plots.style import INK, MUTED, figure, nothing
from workbench.experiments.runs import Run

DEEP, LIGHT, WARM, RED = "#0b4a70", "#7fb3cf", "#c2571a", "#b3261e"
_THREAD = "#c9d1d9"
_BAND = "rgba(11, 74, 112, 0.16)"
_SHADE = "rgba(194, 87, 26, 0.16)"
_UNITS = {"sustained": "seconds", "leak": "queries answered"}
_STEP_COLOURS = {"imported": DEEP, "forgotten": WARM, "left out": LIGHT}


def stress_clients(run: Run) -> go.Figure:
    """Latency by the number of clients, beside the wait that is fair at the throughput."""
    found = run.details.get("clients")
    if not found:
        return _not_run("Clients at once", "clients")
    crowds = found["crowds"]
    worst = max(one["latency"]["p95"] / one["fair_ms"] for one in crowds)
    fig = figure(
        f"95 % of answers came within {worst:.1f} times the fair wait, however many clients",
        f"Closed loop, {_store(run)}; fair is clients divided by throughput (Little's law); both axes logarithmic",
    )
    x = [one["clients"] for one in crowds]
    for name, values, colour, dash in (
        ("p95", [one["latency"]["p95"] for one in crowds], DEEP, "solid"),
        ("p50", [one["latency"]["p50"] for one in crowds], LIGHT, "solid"),
        ("fair wait", [one["fair_ms"] for one in crowds], WARM, "dot"),
    ):
        fig.add_scatter(
            x=x, y=values, mode="lines+markers", name=name, line={"color": colour, "dash": dash},
            customdata=[one["throughput"] for one in crowds],
            hovertemplate="%{x:,} clients: %{y:,.1f} ms, %{customdata:,.0f} a second<extra>" + name + "</extra>",
        )  # fmt: skip
    fig.update_xaxes(type="log", title_text="clients at once", tickvals=x, ticktext=[f"{one:,}" for one in x])
    return fig.update_yaxes(type="log", title_text="milliseconds", **_ticks([one["fair_ms"] for one in crowds]))


def stress_files(run: Run) -> go.Figure:
    """Time and memory of each import, beside what they may be."""
    found = run.details.get("files")
    if not found:
        return _not_run("Large files", "files")
    imports = list(reversed(found["imports"]))
    names = [one["name"] for one in imports]
    late = sum(one["seconds"] > one["most_seconds"] for one in imports)
    fig = _panels(
        "Every import is in time" if not late else f"{late} of {len(imports)} imports took too long",
        "Each into a store of its own, start and publication included; the marks are the limits",
        [("seconds", 0.56), ("MB of memory, most", 0.44)], rows=False, height=150 + 34 * len(imports), left=190,
    )  # fmt: skip
    for column, (value, limit, colour) in enumerate(
        (("seconds", "most_seconds", DEEP), ("peak_megabytes", "most_megabytes", LIGHT)), start=1
    ):
        colours = [RED if one[value] > one[limit] else colour for one in imports]
        fig.add_bar(
            y=names, x=[one[value] for one in imports], orientation="h", marker_color=colours, showlegend=False,
            hovertemplate="%{y}: %{x:,.1f}<extra></extra>", row=1, col=column,
        )  # fmt: skip
        fig.add_scatter(
            y=names, x=[one[limit] for one in imports], mode="markers", showlegend=False,
            marker={"symbol": "line-ns", "size": 18, "line": {"width": 2, "color": INK}},
            hovertemplate="limit %{x:,.1f}<extra></extra>", row=1, col=column,
        )  # fmt: skip
    fig.update_yaxes(showticklabels=False, row=1, col=2)
    return fig.update_xaxes(rangemode="tozero")


def stress_memory(run: Run, scenario: str = "leak") -> go.Figure:
    """Memory of "leak" or "sustained" with its fitted slope, and between which slopes the true one lies."""
    found = run.details.get(scenario)
    if not found:
        return _not_run("Memory", scenario)
    memory = found["memory"]
    fig = figure(_memory_title(run, scenario), _memory_subtitle(run, scenario))
    x, to_mb = memory["x"], 1e-6
    low, high = ([one * to_mb for one in memory[name]] for name in ("low", "high"))
    fitted = memory["fitted_x"]
    fig.add_scatter(x=fitted, y=low, mode="lines", line_width=0, showlegend=False, hoverinfo="skip")
    fig.add_scatter(
        x=fitted, y=high, mode="lines", line_width=0, fill="tonexty", fillcolor=_BAND, hoverinfo="skip",
        name="slopes of the 95 % interval",
    )  # fmt: skip
    fig.add_scatter(
        x=x, y=[one * to_mb for one in memory["bytes"]], mode="markers", name="anonymous memory",
        marker={"size": 5, "color": LIGHT}, hovertemplate="%{x:,.0f}: %{y:,.2f} MB<extra></extra>",
    )  # fmt: skip
    fig.add_scatter(
        x=fitted, y=[one * to_mb for one in memory["fitted"]], mode="lines", name="slope", line_color=DEEP,
        hoverinfo="skip",
    )  # fmt: skip
    fig.update_xaxes(title_text=_UNITS[scenario], tickformat=",")
    return fig.update_yaxes(title_text="MB", tickformat=",.2f")


def stress_latency(run: Run) -> go.Figure:
    """p50 and p95 of every second of the sustained load."""
    found = run.details.get("sustained")
    if not found:
        return _not_run("Sustained load", "sustained")
    seconds = found["latency"]
    slower = run.figure("sustained: p95 of the last fifth against the first") or 0.0
    fig = figure(
        f"p95 of the last fifth is {slower:.2f} times that of the first",
        f"{run.parameters['rate']:g} searches a second, {_store(run)}; percentiles of single seconds",
    )
    for name, colour in (("p50", LIGHT), ("p95", DEEP)):
        fig.add_scatter(
            x=[one["second"] for one in seconds], y=[one[name] for one in seconds], mode="lines", name=name,
            line={"color": colour, "width": 1.5}, hovertemplate="second %{x:,}: %{y:.1f} ms<extra>" + name + "</extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="seconds", tickformat=",")
    return fig.update_yaxes(title_text="milliseconds", rangemode="tozero")


def stress_anomalies(run: Run) -> go.Figure:
    """Latency and memory of the quiet run and of the one with faults, with what was planted and what was found."""
    found = run.details.get("anomalies")
    if not found:
        return _not_run("Anomalies", "anomalies")
    quiet, faulty = found["quiet"], found["faulty"]
    hits = [one for one in run.verdicts if one["scenario"] == "anomalies" and one["name"].startswith("planted")]
    hits = [one for one in hits if one["met"] is not None]
    fig = make_subplots(
        rows=2, cols=2, shared_xaxes=True, shared_yaxes="rows", vertical_spacing=0.1, horizontal_spacing=0.05,
        subplot_titles=("quiet run", "run with planted faults"),
    )  # fmt: skip
    fig.update_layout(
        figure(
            f"{sum(one['met'] is True for one in hits)} of {len(hits)} faults that could be planted were found, "
            f"{len(quiet['found'])} anomalies in the quiet run",
            "Shaded: planted. Crosses: found; hollow ones where others kept the machine busy. Latency: upper quartiles",
            height=540,
        ).layout
    )
    for column, part in enumerate((quiet, faulty), start=1):
        _anomaly_panels(fig, part, column)
    fig.update_yaxes(title_text="milliseconds", type="log", row=1, col=1, **_ticks(faulty["latency"]["ms"]))
    fig.update_yaxes(type="log", row=1, col=2)
    fig.update_yaxes(title_text="MB", tickformat=",", row=2, col=1)
    fig.update_xaxes(title_text="seconds", row=2)
    fig.update_layout(margin_t=128)
    return fig.update_annotations(font={"size": 12, "color": MUTED})


def _anomaly_panels(fig: go.Figure, part: Mapping[str, Any], column: int) -> None:
    memory = [one * 1e-6 for one in part["memory"]["bytes"]]
    for row, (at, values) in enumerate(
        ((part["latency"]["at"], part["latency"]["ms"]), (part["memory"]["at"], memory)), start=1
    ):
        fig.add_scatter(
            x=at, y=values, mode="lines", line={"color": DEEP, "width": 1.3}, showlegend=False, row=row, col=column,
            hovertemplate="%{x:.1f} s: %{y:,.1f}<extra></extra>",
        )  # fmt: skip
    for kind, planted in part["planted"].items():
        row = 1 if planted["series"] == "latency" else 2
        end = max(planted["end"], planted["start"] + 0.15)
        fig.add_vrect(
            x0=planted["start"], x1=end, fillcolor=_SHADE, line={"color": WARM, "width": 1}, row=row, col=column,
            annotation={"text": kind, "font": {"size": 11, "color": WARM}},
            annotation_position="bottom right" if row == 1 else "top left",
        )  # fmt: skip
    for one in part["found"]:
        latency = one["series"] == "latency"
        symbol = "x-open" if one["by_machine"] else "x"
        fig.add_scatter(
            x=[one["at"]], y=[one["value"] * (1 if latency else 1e-6)], mode="markers",
            marker={"symbol": symbol, "size": 10, "color": RED}, showlegend=False, row=1 if latency else 2, col=column,
            hovertemplate=f"{one['score']:.0f} deviations above its level<extra></extra>",
        )  # fmt: skip


def stress_churn(run: Run) -> go.Figure:
    """The store and the service after each step of the churn: what should return, and what may not pile up."""
    found = run.details.get("churn")
    if not found:
        return _not_run("Churn", "churn")
    steps = found["steps"]
    wrong = sum(one["messages"] != one["expected"] for one in steps)
    cycles = 1 + max(one["cycle"] for one in steps)
    fig = _panels(
        "Every count returned exactly" if not wrong else f"{wrong} of {len(steps)} counts are wrong",
        f"{cycles} {'cycle' if cycles == 1 else 'cycles'} of import, forget, import again, under searches",
        [("messages more than before", 1.0), ("MB on the disk", 1.0), ("MB of memory", 1.0), ("open files", 1.0)],
        height=640,
    )  # fmt: skip
    labels = [f"{one['cycle'] + 1}. {one['step']}" for one in steps]
    colours = [_STEP_COLOURS[one["step"]] for one in steps]
    for row, (name, scale) in enumerate(
        (("messages", 1.0), ("disk", 1e-6), ("memory", 1e-6), ("open_files", 1.0)), start=1
    ):
        least = min(one["expected"] for one in steps) if name == "messages" else 0
        values = [(one[name] - least) * scale for one in steps]
        fig.add_scatter(
            x=labels, y=values, mode="lines+markers", line={"color": _THREAD, "width": 2},
            marker={"color": colours, "size": 9}, showlegend=False, row=row, col=1,
            hovertemplate="%{x}: %{y:,.1f}<extra></extra>",
        )  # fmt: skip
        room = max(0.3 * (max(values) - min(values)), 0.04 * max(values), 1.0)
        fig.update_yaxes(range=[min(values) - room, max(values) + room], nticks=4, tickformat=",", row=row)
    return fig.update_xaxes(showticklabels=False, row=1).update_xaxes(showticklabels=False, row=2)


def _panels(
    title: str, subtitle: str, panels: Sequence[tuple[str, float]], *, rows: bool = True, height: int, left: int = 72
) -> go.Figure:
    """Panels above or beside each other, each with its name."""
    names = [name for name, _ in panels]
    shares = [share for _, share in panels]
    if rows:
        fig = make_subplots(rows=len(panels), cols=1, shared_xaxes=True, vertical_spacing=0.07, subplot_titles=names)
    else:
        fig = make_subplots(rows=1, cols=len(panels), column_widths=shares, horizontal_spacing=0.04,
                            subplot_titles=names)  # fmt: skip
    fig.update_layout(figure(title, subtitle, height=height).layout)
    fig.update_annotations(font={"size": 12, "color": MUTED})
    return fig.update_layout(margin_l=left)


def _memory_title(run: Run, scenario: str) -> str:
    if scenario == "leak":
        return str(run.details["leak"]["told"]).partition(";")[0].capitalize()
    growth = run.figure("sustained: growth of memory") or 0.0
    most = run.figure("sustained: growth of memory in the second half, upper end of its interval") or 0.0
    return f"Memory grew by {growth:.2f} % of its level in the second half, at most by {most:.2f} %"


def _memory_subtitle(run: Run, scenario: str) -> str:
    if scenario == "leak":
        planted = run.details["leak"]["planted"]
        return f"One worker, {_store(run)}" + (f"; {planted:,} bytes a query were planted" if planted else "")
    return f"{run.parameters['rate']:g} searches a second, {run.parameters['workers']} workers, {_store(run)}"


def _store(run: Run) -> str:
    return f"{run.store['messages']:,} messages, {run.machine['cores']} cores"


def _ticks(values: Sequence[float]) -> dict[str, Any]:
    """Round ticks for a logarithmic axis."""
    ticks = [step * 10.0**power for power in range(-1, 6) for step in (1, 2, 5)]
    shown = [tick for tick in ticks if min(values) / 5 <= tick <= max(values) * 5]
    return {"tickvals": shown, "ticktext": [f"{tick:,g}" for tick in shown]}


def _not_run(title: str, scenario: str) -> go.Figure:
    return nothing(title, f"The run has no scenario {scenario!r}.")
