"""Queries that nobody would type, and many that somebody will: for the fuzz tests, any number of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

SYNTAX = """assistant: role: project: model: has: lang: in: before: after: since: until: on: during: from: by: date:
    -assistant: -has: -in: claude chatgpt gemini cluade user me code image python "" " - -- -" * foo* a* , ,, :
    :: last month March 2025 2025-03 2025-02-30 yesterday 3 days ago 99999999 days ago Q1 0000 9999-12-31
    2025..2024 since until "last month" “ ” « » -word -"a phrase" "a phrase" after:last after:"3 days
    before:"March in:"bread" -on:2025 on:2025,2024 OR AND NOT""".split()
CODE = [
    "std::vector<int> v{1};",
    "http://example.org/a?b=c&d=%20#e",
    "C:\\Users\\me\\x.txt",
    "^(a|b)*$",
    "[[:alpha:]]+?{2,}",
    "--force -rf",
    "git commit -am 'x'",
    "SELECT * FROM t WHERE a = 'b';",
    "foo(bar)[0]->baz",
    '{"a": [1, null]}',
    "<script>alert(1)</script>",
    "TypeError: 'NoneType' object is not subscriptable",
    "$HOME/.bashrc",
    "a_b.c-d/e:f@g#h+i~j",
    "\\d+\\",
    "((((((",
    "${jndi:x}",
    "'; DROP TABLE x",
    "__init__",
    "C++ C# F#",
    "🦆👩‍👩‍👧‍👦🏳️‍🌈",
    "-5 -3.14 -1,000",
    "+1",
    "~",
    "^2",
    "title:x^2~",
    "a && b || !c",
]
BLOCKS = [
    (0x20, 0x7E),
    (0xA0, 0x24F),
    (0x300, 0x36F),
    (0x370, 0x52F),
    (0x590, 0x6FF),
    (0x900, 0x97F),
    (0xE00, 0xEFF),
    (0x1000, 0x109F),
    (0x1680, 0x169F),
    (0x1780, 0x17FF),
    (0x2000, 0x206F),
    (0x2600, 0x27BF),
    (0x3040, 0x30FF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xFE00, 0xFE0F),
    (0xFF00, 0xFFEF),
    (0x1F300, 0x1FAFF),
    (0x20000, 0x2A6DF),
    (0xE000, 0xE0FF),
    (0x0, 0x1F),
]
LONGEST = 10_000


def fuzz_queries(count: int, *, seed: int = 1) -> Iterator[str]:
    """`count` queries, the same for the same seed, each of at most 10,000 characters; one in 200 has as many."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _long(chance) if chance.random() < 0.005 else _query(chance)


def _query(chance: random.Random) -> str:
    pieces = [_piece(chance) for _ in range(chance.randint(0, 8))]
    return chance.choice([" ", " ", "", "\n", "\t", ","]).join(pieces)[:LONGEST]


def _piece(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.35:
        return "".join(chance.choice(SYNTAX) for _ in range(chance.randint(1, 3)))
    if kind < 0.5:
        return chance.choice(CODE)
    if kind < 0.7:
        low, high = chance.choice(BLOCKS)
        return "".join(chr(chance.randint(low, high)) for _ in range(chance.randint(1, 12)))
    if kind < 0.8:
        return "".join(chance.choice("()[]{}*+?.^$|\\/:\"'-~!@#%&=<>,;") for _ in range(chance.randint(1, 8)))
    return chance.choice(["bread", "the", "python", "error", "Lisbon", "running", "user_id", "x", "water", "über"])


def _long(chance: random.Random) -> str:
    seed = chance.choice(
        [_query(chance) or "x", chance.choice(SYNTAX), chance.choice(CODE), _piece(chance), '"a ', "a" * 50]
    )
    return (f"{seed} " * LONGEST)[:LONGEST] if chance.random() < 0.7 else (seed * LONGEST)[:LONGEST]
