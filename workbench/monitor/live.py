"""The live figures: a summary for people and dashboards that have no Prometheus."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.metrics_core import Metric

from workbench.monitor import families
from workbench.monitor.corpus import Corpus
from workbench.monitor.families import Family
from workbench.monitor.folder import Merged
from workbench.monitor.window import SECONDS, last_minute
from workbench.record import work_of

ANSWERS, VECTORS = "answers", "vectors"  # kinds of caches, as the service calls them
Values = Mapping[tuple[str, tuple[str, ...]], float]


def live_figures(folder: Path, corpus: Corpus | None) -> dict[str, Any]:
    """The figures of all processes that share `folder`; those of the corpus are this process' own.

    Percentiles, the mean of queries and `requests_per_second` are of the last minute, null where nothing happened;
    hit rates count from the start, as `cache_hit_rate` does. Times are milliseconds, memory bytes.
    """
    now = time.time()
    minute = last_minute(folder, now)
    values = _values(Merged(folder).collect())
    return {
        "search_latency": {
            "p50_ms": minute.p50_ms, "p95_ms": minute.p95_ms, "p99_ms": minute.p99_ms,
            "searches": minute.searches, "window_seconds": SECONDS,
        },
        "cache_performance": {
            "embedding_hit_rate": _of(values, families.CACHE_RATE, VECTORS),
            "search_hit_rate": _of(values, families.CACHE_RATE, ANSWERS),
        },
        "database": {
            "active_connections": int(_of(values, families.CONNECTIONS)),
            "query_time_avg": minute.query_ms,
        },
        "corpus_stats": _corpus(corpus),
        "requests_per_second": minute.requests_per_second,
        "queue_depth": int(_of(values, families.QUEUE)),
        "rejected": int(sum(value for (name, _), value in values.items() if name == families.REJECTED.name)),
        "memory": {
            "resident_bytes": int(_of(values, families.MEMORY, "resident")),
            "private_bytes": int(_of(values, families.MEMORY, "private")),
        },
        "ingestion": _ingestion(corpus),
        "workers": int(_of(values, families.WORKERS)),
        "generation": corpus.generation if corpus else None,
        "generation_age_seconds": now - corpus.published if corpus else None,
        "uptime_seconds": now - _of(values, families.STARTED, default=now),
    }  # fmt: skip


def _ingestion(corpus: Corpus | None) -> dict[str, Any] | None:
    """How far an import into the store is, whoever runs it; None if none runs."""
    work = work_of(corpus.store) if corpus else None
    if work is None:
        return None
    seconds = time.time() - work.since.timestamp()
    return {
        "stage": work.stage, "done": work.done, "total": work.total or None, "unit": work.unit, "seconds": seconds,
    }  # fmt: skip


def _corpus(corpus: Corpus | None) -> dict[str, Any]:
    if corpus is None:
        return {"total_messages": 0, "total_conversations": 0, "total_embeddings": 0, "total_facts": 0,
                "total_labels": 0, "assistants": {}}  # fmt: skip
    return {
        "total_messages": sum(corpus.messages.values()),
        "total_conversations": corpus.conversations,
        "total_embeddings": corpus.embeddings,
        "total_facts": corpus.facts,
        "total_labels": corpus.labels,
        "assistants": dict(corpus.messages),
    }


def _values(metrics: Iterable[Metric]) -> Values:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value for metric in metrics for sample in metric.samples
    }


def _of(values: Values, family: Family, *labels: str, default: float = 0.0) -> float:
    return values.get((family.name, labels), default)
