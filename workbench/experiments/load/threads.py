"""A load without HTTP: each user is a thread that searches, with the same samples as the generator's."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count

import numpy as np

from workbench.experiments.load.arrivals import thinking
from workbench.experiments.load.job import NEVER_SENT, LoadSamples
from workbench.experiments.load.scenario import CLOSED, Scenario
from workbench.model import Query, SearchResult

Search = Callable[[Query], SearchResult]
_Answer = tuple[float, float, float, int, bool, SearchResult]


def run_threads(search: Search, queries: Sequence[Query], scenario: Scenario, *, timings: int = 0) -> LoadSamples:
    """Put a load on `search`: `scenario.users` threads, who take the next of `queries` as the arrival model says.

    As with the generator: what is due while all threads are busy waits, and of every `timings`-th answer the stages
    are kept. How much of the processor went into asking cannot be told here.
    """
    load = _Load(search, queries, scenario)
    workers = [threading.Thread(target=load.work, args=(user,)) for user in range(scenario.users)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return load.samples(timings)


class _Load:
    def __init__(self, search: Search, queries: Sequence[Query], scenario: Scenario) -> None:
        self._search, self._queries, self._scenario = search, queries, scenario
        self._due = scenario.due
        self._numbers = count()  # its next() is atomic, as is the append of a list
        self._answers: list[_Answer] = []
        self._errors: list[str] = []
        self._never_sent: list[int] = []
        self._begun = time.perf_counter()
        self._from = self._begun + scenario.warmup
        self._until = self._from + scenario.seconds
        self._exhausted = False

    def work(self, user: int) -> None:
        """What one thread does."""
        if self._scenario.mode != CLOSED:
            self._work_when_due()
            return
        draw, asked, think = random.Random(user), 0, self._scenario.think
        while (now := time.perf_counter()) < self._until and not (0 < self._scenario.requests <= asked):
            if not self._ask(next(self._numbers), now):
                return
            asked += now >= self._from
            if think and asked != self._scenario.requests:
                time.sleep(thinking(think, draw))

    def _work_when_due(self) -> None:
        while (number := next(self._numbers)) < len(self._due):
            due = self._begun + self._due[number]
            free = time.perf_counter()
            if free >= self._until:
                if due >= self._from:
                    self._never_sent.append(number)
                continue
            if due > free:
                time.sleep(due - free)
            if not self._ask(number, due, waited=free > due):
                return

    def _ask(self, number: int, scheduled: float, *, waited: bool = False) -> bool:
        """Search once; false where no query is left."""
        if number >= len(self._queries):
            self._exhausted = True
            return False
        sent = time.perf_counter()
        try:
            result = self._search(self._queries[number])
        except Exception as error:  # noqa: BLE001 - it is part of the result
            self._errors.append(f"{type(error).__name__}: {str(error)[:120]}")
            return True
        done = time.perf_counter()
        if scheduled >= self._from:
            self._answers.append((scheduled, sent, done, number, waited, result))
        return True

    def samples(self, timings: int) -> LoadSamples:
        """All of it."""
        ended = time.perf_counter()
        answers = sorted(self._answers, key=lambda answer: answer[2])
        errors = Counter(self._errors)
        if self._never_sent:
            errors[NEVER_SENT] = len(self._never_sent)
        times = np.array([answer[:3] for answer in answers]).reshape(-1, 3) - self._from
        told = enumerate(answers[::timings]) if timings else ()
        return LoadSamples(
            scheduled=times[:, 0],
            sent=times[:, 1],
            done=times[:, 2],
            errors=dict(errors),
            window=max(min(self._until, ended) - self._from, 1e-9),
            used=self._scenario.users,
            empty=sum(not answer[5].hits for answer in answers),
            partial=sum(answer[5].partial for answer in answers),
            exhausted=self._exhausted,
            start=self._from,
            timings=[(place * timings, _as_header(answer[5])) for place, answer in told],
            number=np.array([answer[3] for answer in answers], np.int64),
            status=np.full(len(answers), 200, np.int64),
            hit=np.zeros(len(answers), np.bool_),
            waited=np.array([answer[4] for answer in answers], np.bool_),
        )


def _as_header(result: SearchResult) -> str:
    """The stages as the service tells them."""
    return ", ".join(f"{stage};dur={ms}" for stage, ms in result.timings_ms.items())
