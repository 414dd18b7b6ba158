"""The naive reference gives the same answers as the legs of search, and both services can be compared."""

from __future__ import annotations

import orjson
import pytest

from workbench.errors import WorkbenchError
from workbench.experiments.load.comparison import naive_service
from workbench.experiments.load.naive import NaiveSearch
from workbench.experiments.load.pool import QueryPool
from workbench.experiments.load.processes import family
from workbench.experiments.load.queries import known_items, search_targets
from workbench.experiments.load.resources import ResourceWatch
from workbench.experiments.load.scenario import Scenario, cold_start, run_scenario
from workbench.experiments.load.service import fetch, free_port, running
from workbench.model import Query
from workbench.workspace import Workbench


@pytest.fixture
def naive(filled: Workbench, embedder) -> NaiveSearch:
    return NaiveSearch(filled.snapshot, embedder)


@pytest.mark.parametrize(("alpha", "leg"), [(0.0, "words"), (1.0, "meaning")])
def test_each_leg_lists_what_search_lists(filled: Workbench, naive: NaiveSearch, alpha: float, leg: str) -> None:
    for text in known_items(filled.snapshot, 20):
        scores = getattr(naive, leg)(text)
        best = sorted(scores.values(), reverse=True)[:10]
        result = filled.engine.search(Query(text, 10, alpha, thread_context=False, plain=True))
        ids = {bytes(filled.snapshot.texts.ids[one]).decode(): score for one, score in scores.items()}
        # Equal scores may come in another order, so it is the scores of what search gave that are compared.
        assert [ids[hit.message_id] for hit in result] == pytest.approx(best, abs=1e-4)


def test_a_sentence_of_a_message_finds_that_message(filled: Workbench, naive: NaiveSearch) -> None:
    frame = filled.messages(role="user").filter(filled.messages(role="user")["searched"])
    content = max(frame["content"].to_list(), key=len)
    [first, *_] = naive.search(content[:200])
    assert content[:200].split()[0] in first["content"]
    assert first["rank"] == 1
    assert len(naive.search(content[:200], 7)) == 7


def test_the_service_answers_as_the_search_does_and_ends_with_the_block(filled: Workbench, naive: NaiveSearch) -> None:
    queries = known_items(filled.snapshot, 300)
    with naive_service(filled.store, 1) as service, ResourceWatch(service.pid, every=0.1) as watch:
        [target] = search_targets(queries[:1])
        found = orjson.loads(fetch(service.port, target))
        assert [hit["message_id"] for hit in found["contexts"]] == [
            hit["message_id"] for hit in naive.search(queries[0])
        ]
        assert cold_start(service, queries[1:6]).count == 5
        scenario = Scenario(4, seconds=0.5, warmup=0.1)
        run = run_scenario(service, scenario, QueryPool(queries).targets(scenario))
        pid = service.pid
    assert run.failures == 0
    assert run.answers > 0
    assert run.connections_used == 4
    assert run.connections_by_process == (4,)
    assert run.empty_share == 0.0
    assert run.service_cores > 0.0
    assert watch.peak.unique > 20_000_000
    assert watch.peak.resident >= watch.peak.unique
    assert family(pid) == []


def test_a_service_that_ends_at_once_is_reported_with_what_it_said() -> None:
    import sys

    command = [sys.executable, "-c", "print('no store here'); raise SystemExit(3)"]
    port = free_port()
    with pytest.raises(WorkbenchError, match="no store here"), running("broken", command, port, 1):
        pytest.fail("it is not running")
