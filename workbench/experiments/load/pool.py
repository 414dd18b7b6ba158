"""Queries for one run after another."""

from __future__ import annotations

from itertools import cycle, islice

from workbench.experiments.load.queries import POPULAR, REPEATED, repeated, search_targets
from workbench.experiments.load.scenario import Scenario


class QueryPool:
    """Hands out distinct queries, each once, to one run after another; the first 200 are the popular ones."""

    def __init__(self, distinct: list[str], *, seed: int = 7) -> None:
        self._popular = distinct[:POPULAR]
        self._rest = distinct[POPULAR:] or distinct
        self._at = 0
        self._seed = seed

    @property
    def popular(self) -> list[str]:
        """Those that the repeated mix asks again and again."""
        return self._popular

    def take(self, count: int) -> list[str]:
        """The next `count` queries, or as many as there are.

        Begins again when all have been used: two runs may see the same query, one run never does.
        """
        if self._at + count > len(self._rest):
            self._at = 0
        taken = self._rest[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def queries(self, scenario: Scenario, *, again: bool = False) -> list[str]:
        """What a run of this scenario asks. With `again` a store that has too few is asked the same once more."""
        rest = self.take(scenario.distinct)
        if again:
            rest = list(islice(cycle(rest), scenario.distinct))
        if scenario.mix != REPEATED:
            return rest
        self._seed += 1  # another draw for each run, of the same popular queries
        return repeated(self._popular, rest, scenario.most, share=scenario.share, seed=self._seed)

    def targets(self, scenario: Scenario) -> list[str]:
        """Requests for a run of this scenario."""
        return search_targets(self.queries(scenario))
