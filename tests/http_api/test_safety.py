"""Who may ask, by which name, and how much a request may bring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from building import claude_export
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from workbench.errors import UsageError
from workbench.http_api import ServiceOptions, create_app
from workbench.http_api.guarding.exposure import check_exposure, names_of, read_token
from workbench.http_api.guarding.safety import Bounded, Gate
from workbench.settings import Settings
from workbench.workspace import Workbench

TOKEN = "a-long-and-random-token"


def status(gate: Gate, path: str = "/search/rag", **headers: str | None) -> int:
    """What the gate answers; 200 for what it lets through. Headers of None are left out."""
    given = {"host": "localhost:8765", **headers}
    raw = [(name.encode(), value.encode()) for name, value in given.items() if value is not None]
    refusal = gate.refusal({"type": "http", "path": path, "method": "GET", "headers": raw})
    return 200 if refusal is None else refusal.status


LOCAL = names_of("127.0.0.1", ())


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8765", "LocalHost:1", "127.0.0.1:8765", "[::1]:8765", "localhost.", "10.1.2.3:80"]
)
def test_a_service_of_this_machine_answers_to_its_names_and_to_addresses(host: str) -> None:
    assert status(Gate(LOCAL, ""), host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "localhost.evil.example", "127.0.0.1.evil.example", "localhost@evil.example",
     "localhost:8765:80", "[::1", "localhost/evil", "", " localhost", "127.0.0.1:", "localhost\xff"],
)  # fmt: skip
def test_a_name_that_was_made_to_point_here_is_misdirected(host: str) -> None:
    assert status(Gate(LOCAL, ""), host=host) == 421


def test_without_a_host_or_with_two_it_is_not_clear_who_is_asked() -> None:
    gate = Gate(LOCAL, "")
    assert status(gate, host=None) == 400
    twice = [(b"host", b"localhost"), (b"host", b"evil.example")]
    refusal = gate.refusal({"type": "http", "path": "/search/rag", "method": "GET", "headers": twice})
    assert refusal is not None
    assert refusal.status == 400


def test_a_further_name_can_be_allowed() -> None:
    gate = Gate(names_of("127.0.0.1", ["memory.example"]), "")
    assert status(gate, host="memory.example") == 200
    assert status(gate, host="other.example") == 421
    assert status(Gate(names_of("0.0.0.0", ["*"]), TOKEN), host="any.example") == 401


def test_health_is_told_to_anybody_by_any_name() -> None:
    gate = Gate(LOCAL, TOKEN)
    paths = ("/health", "/health/live", "/health/ready")
    assert [status(gate, path, host="10-0-0-7.pod") for path in paths] == [200] * 3


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:8765", 200), ("https://localhost:8765", 200), ("http://LOCALHOST:8765", 200),
        ("http://evil.example", 403), ("http://localhost:3000", 403), ("http://127.0.0.1:8765", 403), ("null", 403),
        ("file://", 403), ("", 403), ("chrome-extension://abcdef", 403),
    ],
)  # fmt: skip
def test_a_request_that_names_its_page_must_come_from_the_services_own(origin: str, expected: int) -> None:
    assert status(Gate(LOCAL, ""), origin=origin) == expected
    assert status(Gate(None, ""), origin=origin) == expected


def test_behind_a_proxy_the_page_has_the_name_that_was_allowed() -> None:
    gate = Gate(names_of("127.0.0.1", ["memory.example"]), "")
    assert status(gate, host="localhost:8765", origin="https://memory.example") == 200
    assert status(gate, host="localhost:8765", origin="https://evil.example") == 403


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (f"Bearer {TOKEN}", 200), (f"bearer {TOKEN}", 200), (f"Bearer  {TOKEN}", 200), (None, 401), ("", 401),
        (f"Basic {TOKEN}", 401), ("Bearer", 401), ("Bearer wrong", 401), (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401), (TOKEN, 401), ("Bearer ä", 401),
    ],
)  # fmt: skip
def test_with_a_token_every_request_must_show_it(shown: str | None, expected: int) -> None:
    assert status(Gate(LOCAL, TOKEN), authorization=shown) == expected


def test_the_page_itself_holds_nothing_and_is_given_to_who_has_no_token_yet() -> None:
    gate = Gate(LOCAL, TOKEN)
    assert [status(gate, path) for path in ("/", "/dashboard", "/page/main.js")] == [200] * 3
    closed = ("/search/rag", "/metrics", "/mcp", "/api/v1/encode", "/openapi.json", "/page", "//", "/pages")
    assert [status(gate, path) for path in closed] == [401] * len(closed)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "memory.example", "fe80::1"])
def test_what_others_can_reach_needs_a_token(host: str) -> None:
    with pytest.raises(UsageError, match="--token-file"):
        check_exposure(host, "")
    check_exposure(host, TOKEN)


def test_this_machine_alone_needs_none() -> None:
    for host in ("127.0.0.1", "::1", "[::1]", "localhost", "127.8.8.8"):
        check_exposure(host, "")


@pytest.mark.parametrize("token", ["short", "with a space in the midst", "umlaut-äöü-umlaut-äöü"])
def test_a_poor_token_is_refused(token: str) -> None:
    with pytest.raises(UsageError, match="16 or more characters"):
        check_exposure("127.0.0.1", token)


def test_a_token_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_TOKEN", raising=False)
    assert read_token(None) == ""
    monkeypatch.setenv("WORKBENCH_TOKEN", TOKEN)
    assert read_token(None) == TOKEN
    (tmp_path / "token").write_text("from-the-file-instead\n")
    assert read_token(tmp_path / "token") == "from-the-file-instead"
    (tmp_path / "empty").write_text("\n")
    for name in ("empty", "nowhere"):
        with pytest.raises(UsageError, match="token"):
            read_token(tmp_path / name)


def test_options_do_not_show_their_token(tmp_path: Path) -> None:
    assert TOKEN not in repr(ServiceOptions(tmp_path, token=TOKEN))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("safety")
    memory = Workbench(Settings(store=folder / "store", cache=cache, ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", {"bread": ("My loaf is flat", "Proof it longer.")}))
    return folder / "store"


@pytest.fixture(scope="module")
def client(store: Path) -> Iterator[TestClient]:
    options = ServiceOptions(store, token=TOKEN, hosts=LOCAL, max_body_bytes=2_000)
    with TestClient(create_app(options), base_url="http://127.0.0.1:8765") as client:
        yield client


def test_a_refusal_is_a_problem_that_says_what_to_do(client: TestClient) -> None:
    answer = client.get("/search/rag", params={"q": "loaf"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in answer.json()["todo"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    shown = {"authorization": f"Bearer {TOKEN}"}
    assert client.get("/search/rag", params={"q": "loaf"}, headers=shown).status_code == 200
    elsewhere = client.get("/search/rag", params={"q": "loaf"}, headers={**shown, "host": "evil.example"})
    assert (elsewhere.status_code, "--allowed-host evil.example" in elsewhere.json()["todo"]) == (421, True)


def test_nothing_is_allowed_to_other_origins(client: TestClient) -> None:
    asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    for answer in (client.options("/api/v1/encode", headers=asked), client.get("/search/rag?q=loaf", headers=asked)):
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


def echo_app() -> FastAPI:
    """Answers with the length of what it was sent, read at once or in pieces."""
    app = FastAPI()

    @app.post("/whole")
    async def whole(request: Request) -> int:
        return len(await request.body())

    @app.post("/parsed")
    async def parsed(values: dict[str, Any]) -> int:
        return len(values)

    @app.post("/api/v1/imports")
    async def upload(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    return app


def pieces(*sizes: int) -> Iterator[bytes]:
    """A body without a Content-Length."""
    for size in sizes:
        yield b'"' + b"x" * (size - 2) + b'"'


@pytest.fixture
def bounded() -> TestClient:
    return TestClient(Bounded(echo_app(), most=100, most_uploaded=1_000))


def test_a_body_may_be_as_long_as_it_may_be(bounded: TestClient) -> None:
    assert bounded.post("/whole", content=b"x" * 100).json() == 100
    assert bounded.post("/whole", content=pieces(50, 50)).json() == 100
    assert bounded.post("/api/v1/imports", content=b"x" * 1_000).json() == 1_000


@pytest.mark.parametrize("path", ["/whole", "/parsed", "/nowhere"])
def test_a_longer_one_is_refused_by_what_it_says_of_itself(bounded: TestClient, path: str) -> None:
    answer = bounded.post(path, content=b"x" * 101)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert answer.json()["detail"] == "at most 100 bytes are taken"


@pytest.mark.parametrize("path", ["/whole", "/parsed"])
def test_and_by_what_comes_where_it_says_nothing(bounded: TestClient, path: str) -> None:
    answer = bounded.post(path, content=pieces(60, 60))
    assert (answer.status_code, answer.json()["title"]) == (413, "the request is too long")


def test_an_upload_that_is_too_long_is_refused_in_its_midst(bounded: TestClient) -> None:
    assert bounded.post("/api/v1/imports", content=pieces(*[200] * 6)).status_code == 413


def test_an_application_that_hides_the_fault_is_not_heard() -> None:
    async def stubborn(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(HTTPException):
            while (await receive()).get("more_body"):
                pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all well"})

    assert TestClient(Bounded(stubborn, 10, 10)).post("/", content=pieces(8, 8)).status_code == 413


def test_the_service_itself_refuses_long_bodies(client: TestClient) -> None:
    shown = {"authorization": f"Bearer {TOKEN}"}
    assert client.post("/api/v1/encode", content=b"x" * 2_001, headers=shown).status_code == 413
