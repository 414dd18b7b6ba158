"""Errors as problem documents, ids of requests, methods."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from workbench.errors import NotFoundError, OverloadedError, QueryError, StoreError, StoreLockedError, WorkbenchError
from workbench.http_api.guarding.envelope import Envelope
from workbench.http_api.wire.problems import Problem, headers_of, status_of
from workbench.monitor import Observer, ObserverOptions

WRONG = [
    ("GET", "/nowhere", 404),
    ("GET", "/api/v1/conversations/c_nowhere", 404),
    ("GET", "/api/v1/conversations?limit=0", 400),
    ("GET", "/api/v1/conversations?colour=red", 400),
    ("GET", "/search/rag", 400),
    ("GET", "/search/rag?q=x&q=y", 400),
    ("POST", "/api/v1/conversations", 405),
    ("DELETE", "/search/rag", 405),
    ("DELETE", "/api/v1/cache/warm", 405),
    ("POST", "/api/v1/recall", 400),
]


@pytest.mark.parametrize(("method", "path", "status"), WRONG)
def test_every_error_is_a_problem_with_the_id_of_its_request(
    api: TestClient, method: str, path: str, status: int
) -> None:  # fmt: skip
    answer = api.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    found = Problem.model_validate_json(answer.content)
    assert found.status == status
    assert found.title
    assert found.request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/search/rag?q=bread", "/search/rag", "/health", "/api/v1/facets", "/nowhere"])
def test_an_id_that_is_given_is_kept_and_others_are_made(api: TestClient, path: str) -> None:
    assert api.get(path, headers={"X-Request-Id": "mine-1.2:3"}).headers["x-request-id"] == "mine-1.2:3"
    made = {api.get(path).headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3


@pytest.mark.parametrize("unfit", ["", "a b", "x" * 65, "<script>", "é"])
def test_an_id_that_could_do_harm_in_a_log_is_not_taken(api: TestClient, unfit: str) -> None:
    answer = api.get("/health", headers={"X-Request-Id": unfit.encode("latin-1")})
    assert len(answer.headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/imports", "GET, POST, HEAD"), ("/api/v1/recall", "POST"), ("/search/rag", "GET, HEAD"),
        ("/api/v1/cache/warm", "POST"), ("/api/v1/messages/m_1/context", "GET, HEAD"),
    ],
)  # fmt: skip
def test_a_wrong_method_is_told_the_right_ones(api: TestClient, path: str, methods: str) -> None:
    answer = api.request("PATCH", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


@pytest.mark.parametrize("path", ["/search/rag?q=bread", "/api/v1/conversations", "/health", "/nowhere"])
def test_head_is_get_without_its_body(api: TestClient, path: str) -> None:
    whole, head = api.get(path), api.head(path)
    assert head.status_code == whole.status_code
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.content == b""


def test_all_faults_of_a_request_are_told_at_once(api: TestClient) -> None:
    found = api.post("/api/v1/recall", json={"query": "x", "k": "3", "alpha": 2, "colour": "red"}).json()
    assert found["title"] == "the request cannot be understood"
    for name in ("k:", "alpha:", "colour:"):
        assert name in found["detail"]


@pytest.mark.parametrize("body", [b"{", b'{"query": "\\ud800"}', b"[]", b"null", b'"x"', b"\xff", b'{"\\udfff": 1}'])
def test_a_body_that_is_no_request_is_a_400(api: TestClient, body: bytes) -> None:
    answer = api.post("/api/v1/recall", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert Problem.model_validate_json(answer.content).status == 400


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("x"), 404), (QueryError("x"), 400), (StoreLockedError("x"), 409), (StoreError("x"), 503),
        (OverloadedError("x"), 429), (WorkbenchError("x"), 500),
    ],
)  # fmt: skip
def test_the_status_says_what_kind_of_error_it_is(error: WorkbenchError, status: int) -> None:
    assert status_of(error) == status


def test_who_is_refused_for_now_is_told_when_to_come_back() -> None:
    error = OverloadedError("x")
    error.retry_after = 7
    assert headers_of(error) == {"retry-after": "7"}
    assert headers_of(NotFoundError("x")) == {}


def test_a_failure_is_a_problem_without_its_cause_which_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("a secret")

    async def receive() -> Message:
        return {"type": "http.request"}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"x-request-id", b"one")]}
    observer = Observer(ObserverOptions(None, False, False, ""))
    with caplog.at_level(logging.ERROR):
        asyncio.run(Envelope(fails, observer, direct=frozenset(), version=str)(scope, receive, send))
    found = json.loads(sent[1]["body"])
    assert (sent[0]["status"], found["status"], found["request_id"]) == (500, 500, "one")
    assert b"secret" not in sent[1]["body"]
    assert "ZeroDivisionError" in caplog.text
