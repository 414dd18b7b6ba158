"""Traces as they arrive: at a real OTLP receiver on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from workbench.model import Query, SearchResult
from workbench.monitor import About, Observer, request_id
from workbench.monitor.tracing import ENDPOINT, MOST_NOTED

exporter = pytest.importorskip(
    "opentelemetry.exporter.otlp.proto.http", reason="needs the extra tracing"
)  # fmt: skip

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TIMINGS = {"filter": 1.0, "lexical": 2.0, "vector": 3.0, "total": 6.0}


class Receiver(ThreadingHTTPServer):
    """Keeps the spans that are sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.spans: list[Any] = []
        self.services: set[str] = set()


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["content-length"]))
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.server.services.add(names["service.name"])
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()
        thread.join()


def search(observer: Observer, status: int = 200, about: About | None = None) -> None:
    observer.searched(SearchResult(Query("x"), (), 1, TIMINGS, {}, 0), 0.006, "/search/rag")
    observer.request("/search/rag", "GET", status, 0.008, lambda: about or About())


def test_a_request_is_a_span_and_its_stages_are_spans_within(receiver: Receiver) -> None:
    observer = Observer()
    token = request_id.set("abc-1")
    search(observer, about=About(version="7.3", traceparent=f"00-{TRACE}-{PARENT}-01", query="q=secret"))
    request_id.reset(token)
    observer.close()
    (request,) = [span for span in receiver.spans if span.name == "GET /search/rag"]
    stages = sorted((span for span in receiver.spans if span is not request), key=lambda one: one.start_time_unix_nano)
    assert receiver.services == {"memory-workbench"}
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, PARENT)
    assert request.end_time_unix_nano - request.start_time_unix_nano == 8_000_000
    assert [span.name for span in stages] == ["search filter", "search lexical", "search vector"]
    assert {span.parent_span_id for span in stages} == {request.span_id}
    assert stages[0].start_time_unix_nano >= request.start_time_unix_nano
    assert stages[-1].end_time_unix_nano == request.end_time_unix_nano
    attributes = {one.key: one.value for one in request.attributes}
    assert attributes["workbench.request_id"].string_value == "abc-1"
    assert attributes["http.response.status_code"].int_value == 200
    assert "secret" not in str(receiver.spans)


def test_a_caller_that_does_not_sample_gets_no_spans(receiver: Receiver) -> None:
    observer = Observer()
    search(observer, about=About(traceparent=f"00-{TRACE}-{PARENT}-00"))
    observer.close()
    assert receiver.spans == []


def test_a_damaged_traceparent_begins_a_new_trace(receiver: Receiver) -> None:
    observer = Observer()
    search(observer, status=500, about=About(traceparent="00-nonsense"))
    observer.close()
    (request,) = [span for span in receiver.spans if span.name == "GET /search/rag"]
    assert request.parent_span_id == b""
    assert request.status.code == 2


def test_more_requests_than_can_be_traced_are_dropped_and_counted(receiver: Receiver) -> None:
    observer = Observer()
    for _ in range(MOST_NOTED + 7):
        observer.request("/health", "GET", 200, 0.001)
    told = observer.render()[0].decode()
    observer.close()
    assert "workbench_traces_dropped_total 7.0" in told
    assert len(receiver.spans) == MOST_NOTED


def test_without_an_endpoint_nothing_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    observer = Observer()
    asked: list[str] = []
    observer.request("/health", "GET", 200, 0.001, lambda: About(str(asked.append("about"))))
    observer.close()
    assert asked == []
