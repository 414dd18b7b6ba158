"""OpenTelemetry traces: a span for each request, with one for each stage of its search.

Only with the extra `tracing` installed and OTEL_EXPORTER_OTLP_ENDPOINT set; all else (OTEL_SERVICE_NAME,
OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, …) is OpenTelemetry's own environment too. Spans are made from times
that were taken anyway, by the thread that flushes: a request pays for a note. The only module that imports
opentelemetry, and only when traces are asked for.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.monitor.access import Request

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
MOST_NOTED = 500
"""Requests that are kept for one flush; traces of more are dropped, and counted."""
_SERVICE = "memory-workbench"
_SPAN_STAGES = ("filter", "lexical", "embed", "vector", "fuse", "fetch", "facets")
_log = logging.getLogger("workbench.tracing")


class Tracing:
    """Turns requests into spans and hands them to `exporter`."""

    def __init__(self, exporter: SpanExporter, version: str = "") -> None:
        from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        name = os.environ.get("OTEL_SERVICE_NAME", _SERVICE)
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name, SERVICE_VERSION: version}))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("workbench")
        self._context = TraceContextTextMapPropagator()
        self._noted: list[Request] = []
        self._dropped = 0

    def note(self, request: Request) -> None:
        """Keep a request until the next flush."""
        if len(self._noted) < MOST_NOTED:
            self._noted.append(request)
        else:
            self._dropped += 1

    def write(self) -> int:
        """Make the spans; how many requests have been dropped since the start."""
        count = len(self._noted)
        requests = self._noted[:count]
        del self._noted[:count]
        for request in requests:
            self._spans(request)
        return self._dropped

    def close(self) -> None:
        """Send what has not been sent yet."""
        self._provider.shutdown()

    def _spans(self, request: Request) -> None:
        from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

        ended = int(request.at * 1e9)
        begun = ended - int(request.seconds * 1e9)
        carrier = {"traceparent": request.about.traceparent, "tracestate": request.about.tracestate}
        span = self._tracer.start_span(
            f"{request.method} {request.route}",
            self._context.extract({name: value for name, value in carrier.items() if value}),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": request.method,
                "http.route": request.route,
                "http.response.status_code": request.status,
                "workbench.request_id": request.id,
                "workbench.version": request.about.version,
            },
            start_time=begun,
        )
        if request.status >= 500:
            span.set_status(StatusCode.ERROR)
        if span.is_recording():
            self._stages(request.timings_ms, ended, set_span_in_context(span))
        span.end(ended)

    def _stages(self, timings_ms: Mapping[str, float], ended: int, parent: object) -> None:
        """The stages run one after another and end with the search: their beginnings follow from what each took."""
        stages = [(stage, int(timings_ms[stage] * 1e6)) for stage in _SPAN_STAGES if stage in timings_ms]
        at = ended - sum(spent for _, spent in stages)
        for stage, spent in stages:
            self._tracer.start_span(f"search {stage}", parent, start_time=at).end(at + spent)  # type: ignore[arg-type]
            at += spent


def tracing_from_environment(version: str = "") -> Tracing | None:
    """Traces to where OTEL_EXPORTER_OTLP_ENDPOINT says; None if it is not set, or the extra is not installed."""
    if not os.environ.get(ENDPOINT):
        return None
    if importlib.util.find_spec("opentelemetry") is None:
        _log.warning("%s is set, but traces need the extra: pip install 'memory-workbench[tracing]'", ENDPOINT)
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Tracing(OTLPSpanExporter(), version)
