"""What a stress run is to do, and what one scenario of it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.experiments.load.targets import Verdict
from workbench.experiments.runs import Figure

CLIENTS, FILES, SUSTAINED, CHURN, LEAK, ANOMALIES = "clients", "files", "sustained", "churn", "leak", "anomalies"
SCENARIOS = (CLIENTS, FILES, SUSTAINED, CHURN, LEAK, ANOMALIES)
SHORTEST = 3.0  # seconds of a load
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StressPlan:
    """What to do to a copy of `store`; the store itself is not changed.

    `scenarios` are some of SCENARIOS. `messages` above 0 takes a store of so many generated messages instead.
    `seconds` is how long the load of one scenario lasts, without its warm-up; `rate` the requests a second of the
    steady ones. `connections` are tried one after the other by "clients", `megabytes` are the sizes of exports of
    "files", `cycles` the rounds of "churn". `plant_leak` is how many bytes the service of "leak" loses with every
    query. Copies are made in the folder `work` (default: that of temporary files).
    """

    store: Path
    scenarios: tuple[str, ...] = SCENARIOS
    messages: int = 0
    seconds: float = 60.0
    rate: float = 50.0
    connections: tuple[int, ...] = (10, 50, 200, 500)
    megabytes: tuple[float, ...] = (1.0, 10.0)
    cycles: int = 3
    workers: int = 2
    plant_leak: int = 0
    seed: int = 7
    work: Path | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.scenarios if name not in SCENARIOS]
        if unknown or not self.scenarios:
            raise UsageError(
                f"no such scenario: {', '.join(unknown) or 'none given'}", "", f"known are {', '.join(SCENARIOS)}"
            )
        if self.seconds < SHORTEST:
            raise UsageError(f"{self.seconds:g} seconds are too few to say anything", "", f"give {SHORTEST:g} or more")


@dataclass(frozen=True, slots=True)
class Ground:
    """What every scenario works with: the `store` that it may use but not change, a `folder` that is gone afterwards,
    and `queries` from the texts of the store."""

    plan: StressPlan
    store: Path
    folder: Path
    queries: list[str]
    say: Say


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What one scenario found: its criteria with figure and limit, figures without one, and what to draw.

    `series` holds plain values only.
    """

    name: str
    verdicts: tuple[Verdict, ...]
    figures: tuple[Figure, ...] = ()
    series: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def met(self) -> bool:
        """Whether every criterion is; one that could not be measured is not."""
        return all(one.met is True for one in self.verdicts)


def at_most(scenario: str, name: str, figure: float | None, limit: float, unit: str = "") -> Verdict:
    """A criterion of a scenario: `figure` may not exceed `limit`."""
    return Verdict(SCENARIOS.index(scenario) + 1, name, limit, False, unit, figure)


def at_least(scenario: str, name: str, figure: float | None, limit: float, unit: str = "") -> Verdict:
    """A criterion of a scenario: `figure` may not fall below `limit`."""
    return Verdict(SCENARIOS.index(scenario) + 1, name, limit, True, unit, figure)
