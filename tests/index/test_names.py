"""Names are found exactly, at rank 1, whatever else has their parts."""

from __future__ import annotations

import pytest

from workbench.index import LexicalDocuments, LexicalIndex

LONG = "Some background on what we tried before, in a few more sentences that make the message longer. " * 6
NAMES = [
    "foo_bar.py",
    "E0308",
    "NullPointerException",
    "get_user_by_id",
    "192.168.0.1",
    "C++",
    "C#",
    "std::unordered_map",
    "TypeError: 'NoneType' object is not subscriptable",
    "550e8400-e29b-41d4-a716-446655440000",
    "--no-verify",
    "#1234",
    "v1.2.3-rc1",
    "3.14.2",
    "/etc/nginx/nginx.conf",
    "docker-compose.yml",
    "ann@example.org",
    "https://example.org/a/b.html",
    "@app.route",
    "$PATH",
    ".gitignore",
    "C:\\Users\\ann\\notes.txt",
    "__init__",
    "camelCaseName",
    "RFC-7231",
    "🦆",
]
PARTS = [
    "foo bar py foo bar py",
    "e 0308 0308 error E0307",
    "null pointer exception null pointer exception",
    "get user by id",
    "user id get by user id",
    "192 168 0 1",
    "192.168.0.10",
    "C c c c",
    "a C program in C",
    "std unordered map",
    "TypeError: 'NoneType' object has no attribute 'x'",
    "object is not subscriptable",
    "550e8400 e29b 41d4 a716",
    "no verify no verify",
    "git commit --verify",
    "1234 1234 1234",
    "v1.2.3 rc1",
    "1.2.3",
    "3.14",
    "14 2 3",
    "etc nginx nginx conf",
    "docker compose yml",
    "ann example org",
    "example.org a b html",
    "app route app route",
    "path path path",
    "gitignore",
    "users ann notes txt c",
    "init init",
    "camel case name",
    "RFC 7231 7231",
    "duck duck",
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    bodies = [f"{LONG} Then {name} came up, and that was that. {LONG}" for name in NAMES] + PARTS
    rows = range(len(bodies))
    nothing: list[list[str]] = [[] for _ in rows]
    folder = tmp_path_factory.mktemp("names")
    LexicalIndex.build(
        folder, [LexicalDocuments(rows, bodies, [""] * len(rows), [""] * len(rows), [0] * len(rows), nothing)]
    )
    return LexicalIndex.open(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_first_even_in_a_long_message(index: LexicalIndex, name: str) -> None:
    found = index.search(name, 5).ordinals.tolist()
    assert found[0] == NAMES.index(name)


@pytest.mark.parametrize(
    ("asked", "name"), [("nginx.conf", "/etc/nginx/nginx.conf"), ("notes.txt", "C:\\Users\\ann\\notes.txt")]
)
def test_a_file_is_found_by_the_last_part_of_its_path(index: LexicalIndex, asked: str, name: str) -> None:
    assert index.search(asked, 5).ordinals[0] == NAMES.index(name)


def test_an_exception_is_found_by_its_words(index: LexicalIndex) -> None:
    assert NAMES.index("NullPointerException") in index.search("null pointer exception", 5).ordinals


def test_names_stand_apart_from_words_that_look_alike(index: LexicalIndex) -> None:
    assert index.search("C++", 1).ordinals[0] != index.search("C#", 1).ordinals[0]
