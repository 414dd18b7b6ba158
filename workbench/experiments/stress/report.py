"""What a run of stress scenarios found, as text. Read from the run as it is kept, so that old ones can be shown too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.experiments.load.report import table
from workbench.experiments.runs import Run

MEANINGS = {
    "clients": "ever more clients at once",
    "files": "large exports, a huge conversation, a huge message",
    "sustained": "a constant rate for a long time",
    "churn": "import, forget, import again while others search",
    "leak": "what a query leaves behind in memory",
    "anomalies": "planted faults are found, quiet runs are quiet",
}
_WORDS = {True: "met", False: "MISSED", None: "not measured"}


def lines(run: Run) -> Iterator[str]:
    """A table of criteria for each scenario."""
    yield f"{run.store['messages']:,} messages, {run.machine['cores']} cores"
    for scenario, details in run.details.items():
        rows = [_row(one) for one in run.verdicts if one["scenario"] == scenario]
        title = f"{scenario}: {MEANINGS[scenario]} ({details['seconds']:.0f} s)"
        yield from table(title, ("criterion", "limit", "measured", ""), rows)
        yield from _remarks(details)


def _row(verdict: Mapping[str, Any]) -> tuple[str, ...]:
    limit = f"{'≥' if verdict['at_least'] else '≤'} {verdict['limit']:g} {verdict['unit']}".strip()
    figure = verdict["figure"]
    return verdict["name"], limit, "" if figure is None else f"{figure:,.4g}", _WORDS[verdict["met"]]


def _remarks(details: Mapping[str, Any]) -> Iterator[str]:
    if "told" in details:
        yield f"  {details['told']}"
    for kind, count in details.get("errors", {}).items():
        yield f"  {count:,} × {kind}"
    for one in details.get("faults", ()):
        yield f"  {one['check']}: {one['detail']}"
