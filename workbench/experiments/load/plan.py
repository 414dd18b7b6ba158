"""What a load experiment is to do, and whether that makes sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.experiments.load.endpoints import HTTP, IN_PROCESS, RAY, is_url
from workbench.experiments.load.queries import DISTINCT, FILE, MIXES, REPEATED
from workbench.experiments.load.scenario import CLOSED, Scenario

OFF, COLD, WARM, AS_IS = "off", "cold", "warm", "as it is"
CACHE_STATES = (OFF, COLD, WARM)
_SECONDS, _COUNTED_SECONDS = 20.0, 600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the run is held to; 0 leaves one out. `p95_ms` is also the limit of the usable capacity."""

    p95_ms: float = 50.0
    rate: float = 0.0
    memory_gb: float = 4.0
    hit_share: float = 0.85


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What to do: `scenario` on the store's search at `target` ("in-process", "http", "ray" or a URL).

    `cache` is the state of the service's kept answers: "off", "cold" (kept, none there yet, no warm-up) or "warm"
    (popular queries asked before); empty for off, and for warm with the repeated mix. `queries` is the file of the mix
    "file". `sweep` is a number of constant rates to try, `sweep_seconds` each; 0 for none.
    """

    store: Path
    scenario: Scenario
    target: str = HTTP
    cache: str = ""
    workers: int = 2
    queries: Path | None = None
    sweep: int = 0
    sweep_seconds: float = 4.0
    limits: Limits = field(default_factory=Limits)

    @property
    def parameters(self) -> dict[str, Any]:
        """All of it as plain values; where the store and the queries lie is left out."""
        own = {name: value for name, value in asdict(self).items() if name not in ("store", "scenario", "queries")}
        return asdict(self.scenario) | own | {"queries": self.queries.name if self.queries else ""}


def checked(plan: LoadPlan) -> LoadPlan:
    """The plan with the state of its cache, if it makes sense.

    Raises:
        UsageError: It does not.
    """
    scenario, cache = plan.scenario, "" if plan.cache == AS_IS else plan.cache
    if scenario.mix not in MIXES or (scenario.mix == FILE) != (plan.queries is not None):
        raise UsageError(
            f"the mix {scenario.mix!r} is not known or has no queries", "",
            f"give one of {', '.join(MIXES)}, and a file of queries with {FILE}, only with it",
        )  # fmt: skip
    if cache not in ("", *CACHE_STATES):
        raise UsageError(f"a cache is not {cache!r}", "", f"give one of {', '.join(CACHE_STATES)}")
    if plan.target == IN_PROCESS and cache in (COLD, WARM):
        raise UsageError("in process no answers are kept", "the cache is the service's", "leave the cache off")
    if plan.target == RAY and cache == OFF:
        raise UsageError("on Ray Serve answers are always kept", "", "give cold or warm")
    if is_url(plan.target) and cache in (OFF, COLD):
        raise UsageError("the cache of a service that runs already cannot be chosen", "", "give warm, or nothing")
    if not cache:
        wanted = WARM if scenario.mix == REPEATED and plan.target != IN_PROCESS else OFF
        cache = {RAY: WARM}.get(plan.target, AS_IS if is_url(plan.target) and wanted == OFF else wanted)
    warmup = 0.0 if cache == COLD else scenario.warmup
    return replace(plan, cache=cache, scenario=replace(scenario, warmup=warmup))


def plan_of(
    store: Path, *, target: str = HTTP, arrival: str = CLOSED, users: int = 50, requests: int = 0,
    seconds: float = 0.0, rate: float = 0.0, to: float = 0.0, mix: str = DISTINCT, cache: str = "", sweep: int = 0,
    limits: Mapping[str, float] | None = None, think: float = 0.0, warmup: float = 2.0, share: float = 0.85,
    queries: str | Path | None = None, workers: int = 2, sweep_seconds: float = 4.0, seed: int = 7,
) -> LoadPlan:  # fmt: skip
    """A plan from the parameters that the command and the notebook have.

    `seconds` 0 stands for twenty, or with a number of `requests` for as long as they take, ten minutes at most.

    Raises:
        UsageError: The plan contradicts itself.
    """
    lasts = seconds or (_COUNTED_SECONDS if requests else _SECONDS)
    scenario = Scenario(users, mix, arrival, rate, lasts, warmup, share, to, requests, think, seed)
    held = Limits(**(limits or {}))
    asked = Path(queries) if queries else None
    return checked(LoadPlan(store, scenario, target, cache, workers, asked, sweep, sweep_seconds, held))
