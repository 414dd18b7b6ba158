from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from monitor.exposition import Samples

from workbench.monitor import About, Observer, ObserverOptions, configure_logging, request_id
from workbench.monitor.access import ROOM

QUERY = About(version="7.3", query="q=my%20secret")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    kept = {
        name: (logging.getLogger(name).handlers, logging.getLogger(name).level) for name in ("workbench", "uvicorn")
    }
    stream = io.StringIO()
    configure_logging("json", stream=stream, worker=3)
    yield stream
    for name, (handlers, level) in kept.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = handlers, True
        logger.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def observer(*, log_queries: bool = False) -> Observer:
    return Observer(ObserverOptions(access_log=True, log_queries=log_queries))


def test_a_request_is_a_line_with_its_id_route_status_time_and_version(stream: io.StringIO) -> None:
    watching = observer()
    token = request_id.set("abc-1")
    watching.request("/search/rag", "GET", 200, 0.0123456, lambda: QUERY)
    request_id.reset(token)
    watching.close()
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info", "logger": "workbench.access", "message": "request", "worker": 3, "request_id": "abc-1",
        "route": "/search/rag", "method": "GET", "status": 200, "ms": 12.346, "version": "7.3",
    }  # fmt: skip


def test_what_was_searched_for_is_not_logged_unless_asked(stream: io.StringIO) -> None:
    for asked in (False, True):
        watching = observer(log_queries=asked)
        watching.request("/search/rag", "GET", 200, 0.001, lambda: QUERY)
        watching.close()
    assert [line.get("query") for line in lines(stream)] == [None, "q=my%20secret"]


def test_at_a_high_rate_requests_are_left_out_and_counted_but_failures_are_not(stream: io.StringIO) -> None:
    watching = observer()
    for number in range(1_000):
        watching.request("/search/rag", "GET", 500 if number % 100 == 0 else 200, 0.001)
    found = Samples.read(watching.render()[0].decode())
    watching.close()
    told = lines(stream)
    statuses = [line.get("status") for line in told]
    assert statuses.count(500) == 10
    assert statuses.count(200) == ROOM[2]
    assert told[-1]["requests"] == 990 - ROOM[2]
    assert found.value("workbench_log_lines_dropped_total") == 990 - ROOM[2]


def test_there_is_room_again_after_a_flush(stream: io.StringIO) -> None:
    watching = observer()
    for _ in range(3):
        watching.request("/health", "GET", 200, 0.001)
        watching.flush()
    watching.close()
    assert len(lines(stream)) == 3


def test_other_lines_bear_the_id_of_the_request_they_were_written_in(stream: io.StringIO) -> None:
    log = logging.getLogger("workbench.somewhere")
    token = request_id.set("abc-2")
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("it failed with %s", "a reason", extra={"fields": {"part": "vectors"}})
    request_id.reset(token)
    log.warning("outside")
    inside, outside = lines(stream)
    assert inside["request_id"] == "abc-2"
    assert (inside["message"], inside["part"], inside["level"]) == ("it failed with a reason", "vectors", "error")
    assert inside["exception"].endswith("ValueError: no")
    assert "request_id" not in outside


def test_a_line_break_in_a_value_cannot_forge_a_line(stream: io.StringIO) -> None:
    logging.getLogger("workbench").warning('x\n{"level":"error"}')
    assert len(lines(stream)) == 1


def test_text_is_for_people(stream: io.StringIO) -> None:
    text = io.StringIO()
    configure_logging("text", stream=text)
    watching = observer()
    watching.request("/health", "GET", 404, 0.5)
    watching.close()
    assert "WARNING request request_id= route=/health method=GET status=404 ms=500.0" in text.getvalue()


def test_off_leaves_warnings(stream: io.StringIO) -> None:
    text = io.StringIO()
    configure_logging("off", stream=text)
    logging.getLogger("workbench").info("hello")
    logging.getLogger("workbench").warning("look out")
    assert text.getvalue().endswith("WARNING look out\n")
    assert "hello" not in text.getvalue()
