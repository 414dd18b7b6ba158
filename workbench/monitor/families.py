"""What is measured: every metric family with its type, labels and buckets.

Names that the owner gave are kept as they are (search_duration_seconds, embedding_requests_total, cache_hit_rate,
db_connections_active, and search_stage_duration_seconds beside the first); all others begin with `workbench_`. Units
are those of Prometheus' naming guide: seconds, bytes, ratios, `_total` for what only grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_SECONDS = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip


class Kind(StrEnum):
    """The type of a family, as the exposition format calls it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. `buckets` are upper bounds, ascending, without the last (infinity).

    `merged` says how gauges of several workers become one: livesum, livemin, livemax or livemostrecent; those of
    workers that have ended do not count.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    merged: str = ""

    @property
    def exposed(self) -> tuple[str, ...]:
        """The names of its samples: those that a query may ask for."""
        if self.kind is Kind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


def _histogram(name: str, help_text: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Family:
    return Family(name, Kind.HISTOGRAM, help_text, labels, buckets)


def _counter(name: str, help_text: str, *labels: str) -> Family:
    return Family(name, Kind.COUNTER, help_text, labels)


def _gauge(name: str, merged: str, help_text: str, *labels: str) -> Family:
    return Family(name, Kind.GAUGE, help_text, labels, merged=merged)


SEARCHES = _histogram(
    "search_duration_seconds", "Time to answer a search, kept answers included.", "endpoint", "assistant"
)
STAGES = _histogram("search_stage_duration_seconds", "Time of one stage of a search, per batch.", "stage")
BATCHES = _histogram(
    "workbench_search_batch_size", "Searches that were answered together.", buckets=(1, 2, 3, 4, 6, 8, 16)
)
PARTIAL = _counter("workbench_searches_partial_total", "Searches whose time ran out before all of it was done.")
REQUEST_SECONDS = _histogram(
    "workbench_http_request_duration_seconds", "Time to answer a request.", "route", "method", "status"
)
REQUESTS = _counter("workbench_http_requests_total", "Requests answered.", "route", "method", "status")
REJECTED = _counter("workbench_rejected_total", "Requests answered 429: no room or no time.", "route")
QUEUE = _gauge("workbench_queue_depth", "livesum", "Searches that waited when one came, the most of a quarter second.")

EMBEDDINGS_MADE = _counter("embedding_requests_total", "Query texts turned into vectors.", "provider", "model")
CACHE_RATE = _gauge("cache_hit_rate", "", "Share of lookups that were answered, since the start.", "cache_type")
CACHE_HITS = _counter("workbench_cache_hits_total", "Lookups that were answered.", "cache_type")
CACHE_MISSES = _counter("workbench_cache_misses_total", "Lookups that were not answered.", "cache_type")
CACHE_EVICTED = _counter("workbench_cache_evictions_total", "Entries put out for room.", "cache_type")
CACHE_ENTRIES = _gauge("workbench_cache_entries", "livesum", "Entries kept.", "cache_type")
CACHE_BYTES = _gauge("workbench_cache_bytes", "livesum", "Bytes of the entries kept.", "cache_type")

CONNECTIONS = _gauge("db_connections_active", "livesum", "Reads of the database that run at this moment.")
QUERIES = _histogram("workbench_db_query_duration_seconds", "Time of a read of the database.", "type")

GENERATION = _gauge("workbench_generation", "livemin", "The oldest generation that a worker answers from.")
GENERATION_AGE = _gauge("workbench_generation_age_seconds", "livemax", "Time since that generation was published.")
CONVERSATIONS = _gauge("workbench_conversations", "livemostrecent", "Conversations in the generation.")
MESSAGES = _gauge("workbench_messages", "livemostrecent", "Messages in the generation.", "assistant")
EMBEDDINGS = _gauge("workbench_embeddings", "livemostrecent", "Texts with a vector.")
PENDING = _gauge("workbench_embeddings_pending", "livemostrecent", "Texts that have no vector yet.")
FACTS = _gauge("workbench_facts", "livemostrecent", "Memories that were asked to be kept.")
LABELS = _gauge("workbench_labels", "livemostrecent", "Different labels of memories.")

MEMORY = _gauge(
    "workbench_process_memory_bytes", "livesum",
    "Memory of all workers: resident counts pages that they share once for each, private only their own.", "kind",
)  # fmt: skip
CPU = _counter("workbench_process_cpu_seconds_total", "Processor time, user and system.")
WORKERS = _gauge("workbench_workers", "livesum", "Worker processes that run.")
STARTED = _gauge("workbench_start_time_seconds", "livemin", "When the oldest worker started, in Unix time.")
INFO = _gauge("workbench_info", "livemax", "Always 1; which version runs.", "version")
SPANS_DROPPED = _counter("workbench_traces_dropped_total", "Requests without a trace because too many came at once.")
LINES_DROPPED = _counter("workbench_log_lines_dropped_total", "Requests left out of the access log.")

FAMILIES = (
    SEARCHES, STAGES, BATCHES, PARTIAL, REQUEST_SECONDS, REQUESTS, REJECTED, QUEUE,
    EMBEDDINGS_MADE, CACHE_RATE, CACHE_HITS, CACHE_MISSES, CACHE_EVICTED, CACHE_ENTRIES, CACHE_BYTES,
    CONNECTIONS, QUERIES, GENERATION, GENERATION_AGE, CONVERSATIONS, MESSAGES, EMBEDDINGS, PENDING, FACTS, LABELS,
    MEMORY, CPU, WORKERS, STARTED, INFO, SPANS_DROPPED, LINES_DROPPED,
)  # fmt: skip
"""All of them."""
