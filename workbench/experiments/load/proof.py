"""Whether the load generator was the bottleneck: what it can do against a service that does nothing."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.experiments.load.histogram import Latency
from workbench.experiments.load.null_service import null_service
from workbench.experiments.load.scenario import LoadRun, Scenario, measured

SHARE_LIMIT = 0.3
_SECONDS, _WARMUP = 0.5, 0.1
_MOST_PER_SECOND = 60_000


@dataclass(frozen=True, slots=True)
class GeneratorProof:
    """The generator in the run, and alone.

    `cores` is what it used of one core; `alone` the requests a second that it exchanges with a service that does
    nothing, over as many connections, with answers of the same size; `lateness` how much later than due it sent what
    had a free connection (none for a closed loop).
    """

    cores: float
    throughput: float
    alone: float
    lateness: Latency

    @property
    def share(self) -> float:
        """How much of its limit the run took, by the kinder of two measures: of a core, or of what it does alone."""
        return min(self.cores, self.throughput / self.alone) if self.alone else self.cores


def prove(run: LoadRun) -> GeneratorProof:
    """Try the generator of this run without a service behind it."""
    with null_service(round(run.bytes_per_answer)) as service:
        scenario = Scenario(run.scenario.users, seconds=_SECONDS, warmup=_WARMUP)
        targets = ["/search/rag?q=three+to+eight+words+of+some+message&k=10"] * int(_MOST_PER_SECOND * _SECONDS)
        alone, _ = measured(service, scenario, targets)
    return GeneratorProof(run.generator_cores, run.throughput, alone.throughput, run.lateness)
