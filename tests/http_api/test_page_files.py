"""The files of the page as they are served, without a browser."""

from __future__ import annotations

import re
from importlib.resources import files
from posixpath import dirname, join, normpath

import pytest
from fastapi import FastAPI
from starlette.routing import Route
from starlette.testclient import TestClient

from workbench.http_api.routes import page

FOLDER = files("workbench.http_api") / "page"
TEXTS = {one.name: one.read_text(encoding="utf-8") for one in FOLDER.iterdir()}
HEAVIEST = 120_000  # bytes of all files together
# What is written on what, in light and dark; 4.5 is WCAG 2.2 AA for text, 3 for the edges of controls
TEXT_ON = [
    ("text", "ground"), ("text", "surface"), ("text", "sunken"), ("text", "accent-soft"), ("text", "bad-soft"),
    ("quiet", "ground"), ("quiet", "surface"), ("quiet", "sunken"), ("quiet", "accent-soft"),
    ("accent", "ground"), ("accent", "surface"), ("accent", "sunken"), ("accent", "accent-soft"),
    ("on-accent", "accent"), ("on-mark", "mark"), ("on-mark-now", "mark-now"),
    ("warn", "warn-soft"), ("bad", "bad-soft"), ("bad", "surface"),
    ("bad", "ground"), ("ground", "text"),
]  # fmt: skip
EDGE_ON = [("edge", "ground"), ("edge", "surface"), ("accent", "ground"), ("accent", "surface")]


@pytest.fixture(scope="module")
def client() -> TestClient:
    api = FastAPI()
    api.include_router(page.router())
    return TestClient(api)


@pytest.fixture(scope="module")
def paths() -> list[str]:
    return [route.path for route in page.router().routes if isinstance(route, Route)]


def test_every_file_is_served_and_nothing_else(client: TestClient, paths: list[str]) -> None:
    served = {path.removeprefix("/page/") for path in paths if path.startswith("/page/")}
    assert served == {name for name in TEXTS if not name.endswith(".html")}
    assert set(paths) - {f"/page/{name}" for name in served} == {"/", "/dashboard"}
    for path in paths:
        assert client.get(path).text in TEXTS.values()


def test_each_file_says_what_it_is_and_loads_nothing_from_elsewhere(client: TestClient, paths: list[str]) -> None:
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    for path in paths:
        headers = client.get(path).headers
        assert headers["content-type"].startswith(kinds.get(path.rpartition(".")[2], "text/html"))
        assert headers["content-security-policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_file_that_the_browser_has_already_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/page/main.js")
    again = client.get("/page/main.js", headers={"if-none-match": first.headers["etag"]})
    other = client.get("/page/main.js", headers={"if-none-match": '"another"'})
    assert (again.status_code, again.content, other.status_code) == (304, b"", 200)
    assert first.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/page/", "/page", "/page/index.html", "/page/../routes/page.py", "/page/%2e%2e/app.py", "/page/..%2fapp.py",
        "/page//etc/passwd", "/page/main.js/", "/page/main.js%00.css", "/page/%5c..%5capp.py", "//page/main.js",
    ],
)  # fmt: skip
def test_no_path_leads_to_another_file(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code in (307, 404)
    if answer.status_code == 307:
        assert answer.headers["location"].removeprefix("http://testserver") == path.rstrip("/")


def test_what_the_files_name_is_there(paths: list[str]) -> None:
    for name, text in TEXTS.items():
        place = "/" if name.endswith(".html") else f"/page/{name}"
        imported = re.findall(r'^(?:import|export) .*?from "([^"]+)"', text, re.MULTILINE)
        linked = re.findall(r'(?:href|src)="(?!#)([^"]+)"', text) if name.endswith(".html") else []
        for target in imported + linked:
            assert normpath(join(dirname(place), target)) in paths, f"{name} names {target}"


def test_every_name_that_is_imported_is_exported() -> None:
    exported = {
        name: set(re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", text, re.MULTILINE))
        for name, text in TEXTS.items()
    }
    for name, text in TEXTS.items():
        for wanted, module in re.findall(r'^import \{([^}]+)\} from "\./([^"]+)"', text, re.MULTILINE):
            missing = {one.strip() for one in wanted.split(",")} - exported[module]
            assert missing == set(), f"{name} imports {missing} of {module}"


def test_text_can_only_become_text() -> None:
    risky = r"(inner|outer|Adjacent)HTML|document\.write|\beval\b|new Function|srcdoc|DOMParser|createContextual"
    for name, text in TEXTS.items():
        assert re.search(risky, text) is None, name
        if name.endswith(".html"):
            assert re.search(r"\son\w+=|\sstyle=|<style|javascript:|<script(?![^>]* src=)", text) is None, name


def test_no_file_names_another_site() -> None:
    for name, text in TEXTS.items():
        addresses = set(re.findall(r"https?://[a-z][^\s\"'`)]*", text)) - {"http://www.w3.org/2000/svg"}
        assert addresses == set(), name


def test_the_page_is_small() -> None:
    assert sum(len(text.encode()) for text in TEXTS.values()) < HEAVIEST


@pytest.mark.parametrize(
    ("ink", "paper", "least"),
    [(*pair, 4.5) for pair in TEXT_ON] + [(*pair, 3.0) for pair in EDGE_ON],
)
def test_colours_can_be_told_apart(ink: str, paper: str, least: float) -> None:
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TEXTS["base.css"])
    colours = {name: (light, dark) for name, light, dark in found}
    for scheme in (0, 1):
        assert contrast(colours[ink][scheme], colours[paper][scheme]) >= least


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, as WCAG 2.2 defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
