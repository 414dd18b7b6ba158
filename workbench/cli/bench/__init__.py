"""`workbench bench`: measurements, each a verb of its own."""

from __future__ import annotations

import click

from workbench.cli.deferred import Deferred

MEASUREMENTS = {
    "baseline": "baseline",
    "compare": "compare",
    "load": "load",
    "peers": "peers",
    "quality": "quality",
    "search": "search",
    "service": "service",
    "statements": "statements",
    "stress": "stress",
    "trend": "trend",
}


@click.group(commands=Deferred(MEASUREMENTS, package="workbench.cli.bench"))
def bench() -> None:
    """Measure the search: how good its answers are, and how fast they come. Each verb prints JSON with --json."""


__all__ = ["bench"]
