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

import plotly.graph_objects as go

from workbench.display.plots.distributions import (
    BLUE,
    LOGARITHMIC,
    ORANGE,
    Distribution,
    add_percentiles,
    ecdf,
    histogram,
)
from workbench.display.plots.style import MUTED, figure, nothing
from workbench.errors import UsageError
from workbench.experiments.load import report as reports
from workbench.experiments.load.targets import Report, comparison

_COLOURS = {"workbench": BLUE, "naive": ORANGE}
_WIDTH = 1000


def latency_histogram(report: Report, *, mix: str = "distinct", users: int = 50) -> go.Figure:
    """How many answers took how long, ours beside the reference's, on a logarithmic scale of milliseconds."""
    runs = _runs(report, mix, users)
    if not runs:
        return _not_measured("Latency", mix, users)
    subtitle = f"Share of answers by latency, {_load(mix, users, report)}"
    return histogram(_distributions(runs), _title(runs[0], "took"), subtitle)


def latency_ecdf(report: Report, *, mix: str = "distinct", users: int = 50) -> go.Figure:
    """The share of answers that came within a time, with p50, p95 and p99 marked."""
    runs = _runs(report, mix, users)
    if not runs:
        return _not_measured("Latency", mix, users)
    subtitle = f"Share of answers within a time, {_load(mix, users, report)}"
    return ecdf(_distributions(runs), _title(runs[0], "came within"), subtitle)


def latency_over_time(report: Report, *, mix: str = "distinct", users: int = 50) -> go.Figure:
    """p50, p95 and p99 of every second of the median run, so that a warm-up or a stall shows."""
    runs = _runs(report, mix, users)
    if not runs:
        return _not_measured("Latency over time", mix, users)
    seconds = runs[0]["seconds"]
    fig = figure(
        f"p95 between {min(one['p95'] for one in seconds):.1f} and "
        f"{max(one['p95'] for one in seconds):.1f} ms in any second",
        f"Percentiles of each second, {_load(mix, users, report)}",
    )
    add_percentiles(fig, [one["second"] for one in seconds], seconds)
    fig.update_xaxes(title_text="seconds since the warm-up")
    return fig.update_yaxes(title_text="milliseconds", rangemode="tozero")


def growth(found: Sequence[Report], *, mix: str = "distinct", users: Sequence[int] = (1, 50)) -> go.Figure:
    """p50 and p95 against the number of messages in the store, a line for each number of users."""
    fig = figure(
        "Latency against the size of the store",
        f"p50 (dotted) and p95 over HTTP, {mix} queries, {_cores(found[0]) if found else 0} cores; logarithmic",
    )
    sizes = set()
    for number, shade in zip(users, (BLUE, ORANGE, MUTED), strict=False):
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
    return fig.update_yaxes(title_text="milliseconds", **LOGARITHMIC)


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
        drawn = framed.to_html(full_html=False, config={"displayModeBar": False})
        page.write_text("<meta charset='utf-8'><style>body{margin:0}</style>" + drawn, encoding="utf-8")
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


def _distributions(runs: Sequence[dict[str, Any]]) -> list[Distribution]:
    return [Distribution(run["service"], _COLOURS[run["service"]], run["latency"]) for run in runs]


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
