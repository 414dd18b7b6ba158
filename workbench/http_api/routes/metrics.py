"""What the service measures: for Prometheus, and as a summary of the last minute."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from workbench.http_api.service import Service
from workbench.monitor.alerting import Standing, Standings, load_rules

METRICS = "/metrics"
LIVE = "/metrics/performance/live"
_EXAMPLE = """# HELP workbench_http_requests_total Requests answered.
# TYPE workbench_http_requests_total counter
workbench_http_requests_total{method="GET",route="/search/rag",status="200"} 1042.0
"""


class SearchLatency(BaseModel):
    """How long searches of the last minute took, kept answers included; null where there were none."""

    p50_ms: float | None = Field(examples=[0.9])
    p95_ms: float | None = Field(examples=[4.2])
    p99_ms: float | None = Field(examples=[7.8])
    searches: int = Field(description="how many there were", examples=[12_400])
    window_seconds: int = Field(examples=[60])


class CachePerformance(BaseModel):
    """Shares of lookups that were answered, since the service started."""

    embedding_hit_rate: float = Field(description="of vectors of queries", examples=[0.86])
    search_hit_rate: float = Field(description="of answers", examples=[0.79])


class DatabaseState(BaseModel):
    """Reads of the database; searches do without it."""

    active_connections: int = Field(description="reads that run now", examples=[1])
    query_time_avg: float | None = Field(description="milliseconds, of the last minute", examples=[3.1])


class CorpusStats(BaseModel):
    """What is searched."""

    total_messages: int = Field(examples=[250_000])
    total_conversations: int = Field(examples=[21_400])
    total_embeddings: int = Field(description="texts with a vector", examples=[238_112])
    total_facts: int = Field(description="memories", examples=[310])
    total_labels: int = Field(description="different labels of memories", examples=[24])
    assistants: dict[str, int] = Field(
        description="messages of each", examples=[{"chatgpt": 140_000, "claude": 80_000, "gemini": 30_000}]
    )


class MemoryUse(BaseModel):
    """Memory of all workers."""

    resident_bytes: int = Field(description="pages that they share count once for each", examples=[512_000_000])
    private_bytes: int = Field(examples=[210_000_000])


class Ingestion(BaseModel):
    """An import that is running, from the service or from anywhere else."""

    stage: str = Field(examples=["embedding"])
    done: int = Field(description="how much of the stage is done", examples=[12_000])
    total: int | None = Field(description="how much there is to do, null where that is unknown", examples=[48_000])
    unit: str = Field(examples=["texts"])
    seconds: float = Field(description="since it began", examples=[12.5])


class Alert(BaseModel):
    """A rule that is violated."""

    rule: str = Field(examples=["WorkbenchSearchSlow"])
    state: Literal["pending", "firing"] = Field(description="pending until it has been violated for long enough")
    severity: str = Field(examples=["warning"])
    figure: str = Field(examples=["search_latency.p95_ms"])
    value: float | None = Field(examples=[48.2])
    limit: str = Field(examples=["above 30"])
    summary: str = Field(examples=["95 % of searches take up to 48.2 ms; 30 ms is the promise."])
    since: datetime | None = Field(description="when it was first seen to be violated")


class LivePerformance(BaseModel):
    """All workers together, now and in the last minute."""

    search_latency: SearchLatency
    cache_performance: CachePerformance
    database: DatabaseState
    corpus_stats: CorpusStats
    requests_per_second: float = Field(description="over the last ten seconds", examples=[207.4])
    queue_depth: int = Field(description="searches that wait", examples=[0])
    rejected: int = Field(description="requests answered 429 since the start", examples=[0])
    memory: MemoryUse
    ingestion: Ingestion | None = Field(description="null while nothing is imported")
    alerts: list[Alert] = Field(description="the rules that are violated, as far as this worker has seen")
    workers: int = Field(examples=[2])
    generation: int | None = Field(examples=[12])
    generation_age_seconds: float | None = Field(examples=[3600.5])
    uptime_seconds: float = Field(examples=[86_400.2])


def router(service: Service) -> APIRouter:
    """`GET /metrics` and `GET /metrics/performance/live`."""
    api = APIRouter(tags=["metrics"])

    @api.get(
        METRICS,
        response_class=Response,
        responses={200: {"content": {"text/plain": {"example": _EXAMPLE}}, "description": "Text format 0.0.4."}},
    )
    def metrics() -> Response:
        """All metrics of all workers, as Prometheus reads them."""
        body, media_type = service.observer.render()
        return Response(body, media_type=media_type)

    standings = Standings(load_rules(service.options.alerts))

    @api.get(LIVE)
    def live() -> LivePerformance:
        """Latency, caches, database, corpus, imports and alerts now."""
        figures = service.observer.live()
        metrics = service.observer.render()[0].decode()
        violated = standings.violated(figures, metrics, time.time())
        return LivePerformance.model_validate({**figures, "alerts": [_alert(one) for one in violated]})

    return api


def _alert(one: Standing) -> dict[str, Any]:
    rule = one.rule
    return {
        "rule": rule.name, "state": one.state, "severity": rule.severity, "figure": rule.figure, "value": one.value,
        "limit": rule.limit, "summary": rule.told(one.value), "since": one.since,
    }  # fmt: skip
