"""How long answers take: pictures of reports that `workbench bench search --out` wrote.

Each function takes reports as plain values (`workbench.experiments.load.report.read`):

    python -m workbench.display.plots.latency docs/images report.json [more.json ...]

writes all of them as PNG, with the growth over all reports, if Chromium is on this machine.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.display.plots.style import MUTED, figure, nothing
from workbench.errors import UsageError
from workbench.experiments.load import report as reports
from workbench.experiments.load.targets import Report, comparison

OURS, NAIVE = "#0b4a70", "#c2571a"
_COLOURS = {"workbench": OURS, "naive": NAIVE}
_MARKED = (("p50", "p50"), ("p95", "p95"), ("p99", "p99"))
_BARS = 60
_WIDTH = 1000
_TICKS = [step * 10.0**power for power in range(-2, 6) for step in (1, 2, 5)]
_LOGARITHMIC: dict[str, Any] = {"type": "log", "tickvals": _TICKS, "ticktext": [f"{tick:,g}" for tick in _TICKS]}


def latency_histogram(report: Report, *, mix: str = "distinct", users: int = 50) -> go.Figure:
    """How many answers took how long, ours beside the reference's, on a logarithmic scale of milliseconds."""
    runs = _runs(report, mix, users)
    if not runs:
        return _not_measured("Latency", mix, users)
    fig = figure(_title(runs[0], "took"), f"Share of answers by latency, {_load(mix, users, report)}")
    low = min(run["latency"]["curve"][0][1] for run in runs)
    high = max(run["latency"]["max"] for run in runs)
    edges = np.geomspace(low * 0.999, high * 1.001, _BARS + 1)
    for run in runs:
        shares, points = np.array(run["latency"]["curve"]).T
        below = np.interp(edges, points, shares, left=0.0, right=100.0)
        fig.add_bar(
            x=np.sqrt(edges[:-1] * edges[1:]), y=np.diff(below), width=np.diff(edges) * 0.95, name=run["service"],
            marker_color=_COLOURS.get(run["service"]), opacity=0.8,
            hovertemplate="%{x:.1f} ms: %{y:.1f} %<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="overlay")
    fig.update_xaxes(title_text="milliseconds until the answer", **_LOGARITHMIC)
    return fig.update_yaxes(title_text="% of answers", rangemode="tozero")


def latency_ecdf(report: Report, *, mix: str = "distinct", users: int = 50) -> go.Figure:
    """The share of answers that came within a time, with p50, p95 and p99 marked."""
    runs = _runs(report, mix, users)
    if not runs:
        return _not_measured("Latency", mix, users)
    fig = figure(_title(runs[0], "came within"), f"Share of answers within a time, {_load(mix, users, report)}")
    for run in runs:
        shares, points = np.array(run["latency"]["curve"]).T
        colour = _COLOURS.get(run["service"])
        fig.add_scatter(x=points, y=shares, mode="lines", line_shape="hv", line_color=colour, name=run["service"])
        marks = [run["latency"][name] for name, _ in _MARKED]
        fig.add_scatter(
            x=marks, y=[50, 95, 99], mode="markers+text", marker={"color": colour, "size": 8}, showlegend=False,
            text=[f"{label} {value:.1f} ms" for (_, label), value in zip(_MARKED, marks, strict=True)],
            textposition=["bottom right", "bottom right", "top left"], textfont={"size": 11, "color": colour},
            hoverinfo="skip", cliponaxis=False,
        )  # fmt: skip
    fig.update_xaxes(title_text="milliseconds until the answer", **_LOGARITHMIC)
    return fig.update_yaxes(title_text="% of answers", range=[0, 101])


def latency_over_time(report: Report, *, mix: str = "distinct", users: int = 50) -> go.Figure:
    """p50, p95 and p99 of every second of the median run, so that a warm-up or a stall shows."""
    runs = _runs(report, mix, users)
    if not runs:
        return _not_measured("Latency over time", mix, users)
    run = runs[0]
    fig = figure(
        f"p95 between {min(one['p95'] for one in run['seconds']):.1f} and "
        f"{max(one['p95'] for one in run['seconds']):.1f} ms in any second",
        f"Percentiles of each second, {_load(mix, users, report)}",
    )
    for (name, label), shade in zip(_MARKED, ("#7fb3cf", OURS, NAIVE), strict=True):
        fig.add_scatter(
            x=[one["second"] for one in run["seconds"]], y=[one[name] for one in run["seconds"]], mode="lines+markers",
            name=label, line_color=shade, hovertemplate=f"{label} %{{y:.1f}} ms<extra></extra>",
        )  # fmt: skip
    fig.update_xaxes(title_text="seconds since the warm-up")
    return fig.update_yaxes(title_text="milliseconds", rangemode="tozero")


def growth(found: Sequence[Report], *, mix: str = "distinct", users: Sequence[int] = (1, 50)) -> go.Figure:
    """p50 and p95 against the number of messages in the store, a line for each number of users."""
    fig = figure(
        "Latency against the size of the store",
        f"p50 (dotted) and p95 over HTTP, {mix} queries, {_cores(found[0]) if found else 0} cores; logarithmic",
    )
    sizes = set()
    for number, shade in zip(users, (OURS, NAIVE, MUTED), strict=False):
        points = sorted(
            (report["store"]["messages"], one["ours"]["latency"])
            for report in found
            if (one := comparison(report, mix, number)) is not None
        )
        sizes |= {size for size, _ in points}
        for name, dash in (("p50", "dot"), ("p95", "solid")):
            fig.add_scatter(
                x=[size for size, _ in points], y=[latency[name] for _, latency in points], mode="lines+markers",
                name=f"{number} user{'s' * (number != 1)}, {name}", line={"color": shade, "dash": dash},
                hovertemplate="%{x:,} messages: %{y:.1f} ms<extra></extra>",
            )  # fmt: skip
    if not sizes:
        return nothing("Growth", "None of the reports has runs over HTTP with so many users.")
    ticks = sorted(sizes)
    fig.update_xaxes(type="log", title_text="messages", tickvals=ticks, ticktext=[f"{size:,}" for size in ticks])
    return fig.update_yaxes(title_text="milliseconds", **_LOGARITHMIC)


def save(picture: go.Figure, path: Path) -> None:
    """Write a figure as `.html`, or as `.png` by a headless Chromium.

    Raises:
        UsageError: Another kind of file, or no Chromium on this machine.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".html":
        picture.write_html(path)
        return
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path.suffix != ".png" or browser is None:
        raise UsageError(f"{path.name} cannot be written", "", "give .html, or install Chromium and give .png")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "figure.html"
        height = int(picture.layout.height or 420)
        framed = go.Figure(picture).update_layout(width=_WIDTH, height=height)
        page.write_text(
            "<style>body{margin:0}</style>" + framed.to_html(full_html=False, config={"displayModeBar": False}),
            encoding="utf-8",
        )
        command = [
            browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--virtual-time-budget=9000", f"--window-size={_WIDTH},{height}", f"--screenshot={path.resolve()}",
            page.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, check=False, capture_output=True, timeout=120)
    if done.returncode or not path.exists():
        said = done.stderr.decode(errors="replace").strip()[-300:]
        raise UsageError(f"{path.name} cannot be written", f"Chromium failed: {said}", "give .html instead")


def _runs(report: Report, mix: str, users: int) -> list[dict[str, Any]]:
    found = comparison(report, mix, users)
    return [run for run in (found["ours"], found["naive"]) if run and run["answers"]] if found else []


def _title(run: dict[str, Any], verb: str) -> str:
    return f"Half of the answers {verb} {run['latency']['p50']:.1f} ms, 95 % {run['latency']['p95']:.1f} ms"


def _load(mix: str, users: int, report: Report) -> str:
    messages = report["store"]["messages"]
    return f"{users} closed-loop user{'s' * (users != 1)}, {mix} queries, {messages:,} messages, {_cores(report)} cores"


def _cores(report: Report) -> int:
    return int(report["machine"]["cores"])


def _not_measured(title: str, mix: str, users: int) -> go.Figure:
    return nothing(title, f"The report has no run with {users} users and {mix} queries.")


def main(arguments: Iterable[str]) -> None:
    """Write the pictures of all reports: those of the first, and the growth over all."""
    folder, *paths = map(Path, arguments)
    found = [reports.read(path) for path in paths]
    for name, picture in (
        ("latency_histogram", latency_histogram(found[0])),
        ("latency_ecdf", latency_ecdf(found[0])),
        ("latency_over_time", latency_over_time(found[0])),
        ("growth", growth(found)),
    ):
        save(picture, folder / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
