"""The live board shows what happens, and a gap where nothing is known."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from building import claude_export

from workbench.display.live import Board, OwnSearches, ServiceFigures
from workbench.display.plots.live import FIGURES, live_board
from workbench.errors import ServiceError
from workbench.monitor.alerting import load_rules
from workbench.workspace import Workbench

SLOW = '[[rule]]\nname = "Slow"\nfigure = "search_latency.p95_ms"\nabove = 0\nsummary = "{value} ms"\n'


@pytest.fixture
def filled(memory: Workbench, tmp_path: Path) -> Workbench:
    memory.ingest(
        claude_export(tmp_path / "c.json", {"bread": ["How long does sourdough rise?", "Until it has doubled."]})
    )
    return memory


def test_own_searches_are_counted_and_held_against_the_rules(filled: Workbench, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(SLOW, encoding="utf-8")
    with OwnSearches(filled, rules=load_rules(rules)) as source:
        before = source.read()
        assert before["search_latency"]["p50_ms"] is None
        assert before["alerts"] == []
        for _ in range(3):
            assert source.search("sourdough").hits
        live = source.read()
    assert live["search_latency"]["searches"] == 3
    assert live["search_latency"]["p50_ms"] > 0
    assert live["corpus_stats"]["total_messages"] == 2
    assert live["cache_performance"]["embedding_hit_rate"] == pytest.approx(2 / 3)
    assert [one["rule"] for one in live["alerts"]] == ["Slow"]


def test_it_asks_by_itself_and_says_why_it_ended(filled: Workbench) -> None:
    with OwnSearches(filled, ["sourdough"], rate=200.0) as source:
        while not source.read()["search_latency"]["searches"]:
            time.sleep(0.01)
    with OwnSearches(filled, ["assistant:nobody bread"], rate=200.0) as source:
        source._asker.join(20)  # type: ignore[union-attr]
        with pytest.raises(ServiceError, match="nobody"):
            source.read()


class Away:
    """A source that is there every second time."""

    def __init__(self, inner: OwnSearches) -> None:
        self._inner, self._asked = inner, 0

    def read(self) -> Mapping[str, Any]:
        self._asked += 1
        if self._asked % 2 == 0:
            raise ServiceError("it is away", "", "")
        return self._inner.read()


def test_a_source_that_goes_away_leaves_a_gap_and_comes_back(filled: Workbench) -> None:
    with OwnSearches(filled) as source:
        source.search("sourdough")
        board = Board(Away(source))  # type: ignore[arg-type]
        points = [board.look() for _ in range(3)]
    assert [bool(point.missing) for point in points] == [False, True, False]
    frame = board.frame()
    assert frame.columns == ["seconds", *FIGURES]
    assert frame["p95 ms"].is_null().to_list() == [False, True, False]
    assert frame["seconds"][-1] == 0.0
    figure = live_board(frame)
    assert len(figure.data) == len(FIGURES)
    assert "it is away" not in board.alerts_html()


def test_only_the_last_seconds_are_kept(filled: Workbench) -> None:
    with OwnSearches(filled) as source:
        board = Board(source, seconds=0.2)
        for _ in range(4):
            board.look()
            time.sleep(0.15)
        assert 1 <= board.frame().height <= 3


@pytest.fixture
def service() -> Iterator[tuple[str, list[str]]]:
    """A service that answers with what it was sent as its token."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            body = orjson.dumps({"path": self.path}) if "good" in seen[-1] else b"no"
            self.send_response(200 if "good" in seen[-1] else 401)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_is_asked_with_its_token_and_its_refusal_is_said(service: tuple[str, list[str]]) -> None:
    url, seen = service
    assert ServiceFigures(url, token="good").read() == {"path": "/metrics/performance/live"}
    assert seen == ["Bearer good"]
    with pytest.raises(ServiceError, match="401"):
        ServiceFigures(url).read()
    with pytest.raises(ServiceError, match="Is it running"):
        ServiceFigures("http://127.0.0.1:9").read()
