from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from monitor.exposition import Samples
from prometheus_client import CollectorRegistry, Histogram

from workbench.errors import QueryError
from workbench.model import Filters, Query, SearchResult
from workbench.monitor import FAMILIES, Corpus, Observer, ObserverOptions
from workbench.monitor.families import SEARCHES
from workbench.monitor.observations import MOST_SERIES
from workbench.search.cache import Cache

PUBLISHED = time.time() - 1_000
CORPUS = Corpus(Path("nowhere"), 7, PUBLISHED, 5, {"claude": 30, "gemini": 12}, 40, 2, facts=3, labels=2)
TIMINGS = {"filter": 1.0, "lexical": 2.0, "embed": 3.0, "vector": 4.0, "fuse": 5.0, "fetch": 6.0, "total": 21.0}


@pytest.fixture
def observer() -> Iterator[Observer]:
    observer = Observer(ObserverOptions(version="1.2.3"))
    yield observer
    observer.close()


def told(observer: Observer) -> Samples:
    return Samples.read(observer.render()[0].decode())


def result(*assistants: str, partial: bool = False, batch: int = 1) -> SearchResult:
    query = Query("secret words", filters=Filters(assistants=assistants))
    return SearchResult(query, (), 7, TIMINGS, {}, 3, partial=partial, batch=batch)


def test_requests_are_counted_by_route_method_and_status(observer: Observer) -> None:
    for status in (200, 200, 404):
        observer.request("/health", "GET", status, 0.003)
    found = told(observer)
    assert found.value("workbench_http_requests_total", route="/health", method="GET", status="200") == 2
    assert found.total("workbench_http_requests_total", status="404") == 1
    assert found.total("workbench_http_request_duration_seconds_count", route="/health") == 3
    assert found.total("workbench_http_request_duration_seconds_sum") == pytest.approx(0.009)


def test_what_was_told_once_is_not_counted_again(observer: Observer) -> None:
    observer.request("/health", "GET", 200, 0.003)
    assert told(observer).total("workbench_http_requests_total") == 1
    assert told(observer).total("workbench_http_requests_total") == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 20) | st.sampled_from(SEARCHES.buckets), min_size=1, max_size=50))
def test_histograms_are_those_that_prometheus_client_makes_one_observation_at_a_time(seconds: list[float]) -> None:
    registry = CollectorRegistry()
    reference = Histogram("search_duration_seconds", "", SEARCHES.labels, buckets=SEARCHES.buckets, registry=registry)
    observer = Observer()
    for number, value in enumerate(seconds):
        reference.labels("/search/rag", "all").observe(value)
        observer.answered_from_cache(value, "/search/rag")
        if number == len(seconds) // 2:
            observer.flush()
    found = told(observer)
    observer.close()
    for metric in registry.collect():
        for sample in metric.samples:
            if not sample.name.endswith("_created"):
                assert found.value(sample.name, **sample.labels) == pytest.approx(sample.value)


def test_searches_are_told_apart_by_endpoint_and_assistant(observer: Observer) -> None:
    observer.corpus(CORPUS)
    for one in (result(), result("claude"), result("claude", "gemini"), result("nobody"), result("claude")):
        observer.searched(one, 0.002, "/search/rag")
    observer.answered_from_cache(0.0001, "/search/rag", observer.assistant_label(["claude"]))
    found = told(observer)
    counts = {
        name: found.total("search_duration_seconds_count", assistant=name)
        for name in ("all", "claude", "several", "other")
    }
    assert counts == {"all": 1, "claude": 3, "several": 1, "other": 1}
    assert found.total("search_duration_seconds_count", endpoint="/search/rag") == 6


def test_the_stages_of_a_batch_count_once(observer: Observer) -> None:
    batch = [QueryError("the query is empty"), result(batch=3), result(batch=3), result(batch=3)]
    observer.searched_together(batch)
    found = told(observer)
    assert found.total("search_stage_duration_seconds_count") == len(TIMINGS) - 1
    assert found.value("search_stage_duration_seconds_sum", stage="embed") == pytest.approx(0.003)
    assert found.value("workbench_search_batch_size_sum") == 3


def test_searches_that_ran_out_of_time_are_counted(observer: Observer) -> None:
    for partial in (True, False, True):
        observer.searched(result(partial=partial), 0.1, "/search/rag")
    assert told(observer).value("workbench_searches_partial_total") == 2


def test_refused_requests_are_counted_by_route(observer: Observer) -> None:
    for status in (429, 200, 429):
        observer.request("/search/rag", "GET", status, 0.001)
    assert told(observer).value("workbench_rejected_total", route="/search/rag") == 2
    assert observer.live()["rejected"] == 2


def test_the_hit_rate_of_a_cache_is_that_of_its_counts(observer: Observer) -> None:
    cache: Cache[bytes] = Cache(len)
    cache.put("a", b"xyz")
    for key in "aaab":
        cache.get(key)
    observer.watch_caches(lambda: {"answers": cache.statistics()})
    found = told(observer)
    assert found.value("cache_hit_rate", cache_type="answers") == 0.75
    assert found.value("workbench_cache_hits_total", cache_type="answers") == 3
    assert found.value("workbench_cache_bytes", cache_type="answers") == 3
    cache.get("b")
    assert told(observer).value("cache_hit_rate", cache_type="answers") == 0.6
    assert observer.live()["cache_performance"]["search_hit_rate"] == 0.6


def test_embedded_texts_are_counted_by_model(observer: Observer) -> None:
    embedded = {"static-1f": 5}
    observer.watch_embeddings(lambda: embedded)
    told(observer)
    embedded |= {"static-1f": 7, "minilm-2e": 1}
    found = told(observer)
    assert found.value("embedding_requests_total", provider="static", model="static-1f") == 7
    assert found.value("embedding_requests_total", provider="sentence-transformers", model="minilm-2e") == 1


def test_reads_of_the_database_are_timed_and_counted_while_they_run(observer: Observer) -> None:
    with observer.querying("conversation"), observer.querying("messages"):
        assert told(observer).value("db_connections_active") == 2
    with pytest.raises(KeyError), observer.querying("conversation"):
        raise KeyError
    found = told(observer)
    assert found.value("db_connections_active") == 0
    assert found.value("workbench_db_query_duration_seconds_count", type="conversation") == 2
    assert observer.live()["database"]["query_time_avg"] > 0


def test_the_queue_is_told_at_its_deepest_and_then_forgotten(observer: Observer) -> None:
    for depth in (2, 9, 1):
        observer.queue(depth)
    assert told(observer).value("workbench_queue_depth") == 9
    assert told(observer).value("workbench_queue_depth") == 0


def test_the_corpus_is_told_with_its_age(observer: Observer) -> None:
    observer.corpus(CORPUS)
    found = told(observer)
    assert found.value("workbench_generation") == 7
    assert found.value("workbench_generation_age_seconds") == pytest.approx(time.time() - PUBLISHED, abs=30)
    assert found.value("workbench_messages", assistant="gemini") == 12
    assert found.value("workbench_facts") == 3
    assert found.value("workbench_info", version="1.2.3") == 1
    assert found.value("workbench_process_memory_bytes", kind="private") > 1e6


def test_made_up_routes_cannot_fill_the_memory(observer: Observer) -> None:
    for number in range(2 * MOST_SERIES):
        observer.request(f"/{number}", "GET", 200, 0.001)
    observer.request("/7", "GET", 200, 0.001)
    found = told(observer)
    assert found.series("workbench_http_requests_total") == MOST_SERIES + 1
    assert found.total("workbench_http_requests_total") == 2 * MOST_SERIES + 1
    assert found.value("workbench_http_requests_total", route="/7", method="GET", status="200") == 2


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads take turns a thousand times as often as they usually do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_nothing_is_lost_while_threads_tell_and_others_read(observer: Observer) -> None:
    observer.start()

    def tell() -> None:
        for _ in range(5_000):
            observer.request("/health", "GET", 200, 0.001)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        observer.flush()
    assert told(observer).total("workbench_http_requests_total") == 20_000


def test_the_live_percentiles_are_within_two_percent(observer: Observer) -> None:
    seconds = np.random.default_rng(7).lognormal(-6, 1, 5_000)
    for value in seconds:
        observer.answered_from_cache(float(value), "/search/rag")
    latency = observer.live()["search_latency"]
    exact = np.percentile(seconds * 1000, [50, 95, 99], method="inverted_cdf")
    assert [latency["p50_ms"], latency["p95_ms"], latency["p99_ms"]] == pytest.approx(exact.tolist(), rel=0.02)
    assert latency["searches"] == 5_000


def test_where_nothing_was_searched_there_are_no_percentiles(observer: Observer) -> None:
    live = observer.live()
    assert live["search_latency"]["p95_ms"] is None
    assert live["database"]["query_time_avg"] is None
    assert live["corpus_stats"]["total_messages"] == 0


def test_every_family_can_be_told(observer: Observer) -> None:
    observer.corpus(CORPUS)
    observer.searched_together([result()])
    observer.searched(result(partial=True), 0.1, "/search/rag")
    observer.request("/search/rag", "GET", 429, 0.1)
    observer.watch_caches(lambda: {"answers": Cache[bytes](len).statistics()})
    observer.watch_embeddings(lambda: {"static-1": 1})
    with observer.querying("facets"):
        observer.flush()
    told_names = {name for name, _ in told(observer).values}
    assert told_names == {name for family in FAMILIES for name in family.exposed}
