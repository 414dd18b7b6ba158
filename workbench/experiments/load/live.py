"""What a running service says of itself: the figures that are worth a line each beside a load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from workbench.experiments.load.service import Service, fetch

LIVE = "/metrics/performance/live"
QUEUE, REJECTED, READS, WORKERS = "queue_depth", "rejected", "database_reads", "workers"
RATE, ANSWERS_KEPT, VECTORS_KEPT = "requests_per_second", "search_hit_rate", "embedding_hit_rate"
_PATIENCE_SECONDS = 5.0


def live_figures(service: Service) -> Mapping[str, float]:
    """The service's own figures now.

    `queue_depth` searches wait, `database_reads` run at the moment, `rejected` requests and both hit rates count from
    its start, `requests_per_second` is of the last ten seconds.

    Raises:
        WorkbenchError: It did not answer within five seconds.
    """
    body = fetch(
        service.port, LIVE, timeout=_PATIENCE_SECONDS, host=service.host, headers=service.headers
    )  # fmt: skip
    return _figures(orjson.loads(body))


def _figures(live: Mapping[str, Any]) -> Mapping[str, float]:
    found = {
        QUEUE: live["queue_depth"], REJECTED: live["rejected"], READS: live["database"]["active_connections"],
        WORKERS: live["workers"], RATE: live["requests_per_second"],
        ANSWERS_KEPT: live["cache_performance"]["search_hit_rate"],
        VECTORS_KEPT: live["cache_performance"]["embedding_hit_rate"],
    }  # fmt: skip
    return {name: float(value) for name, value in found.items()}
