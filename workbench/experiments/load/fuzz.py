"""Queries nobody would write, and whether search survives them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from workbench.errors import NotFoundError, QueryError
from workbench.model import Query, SearchResult

_BLOCKS = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x5FF), (0x600, 0x6FF),
    (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x2000, 0x206F), (0x2190, 0x22FF), (0x3040, 0x30FF),
    (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xE0FF), (0xFE00, 0xFE0F), (0xFF00, 0xFFEF), (0x1F300, 0x1FAFF),
    (0x20000, 0x200FF), (0x0, 0x1F),
)  # fmt: skip
_SYNTAX = (
    '"', "'", "(", ")", "-", "+", "*", "?", "^2", "~", ":", "\\", "/", "|", "&&", "||", "AND", "OR", "NOT", "TO",
    "[", "]", "{", "}", "<", ">", "=", "assistant:", "role:", "project:", "model:", "before:", "after:", "has:",
    "lang:", "in:", "assistant:claude", "role:user", "role:nobody", "before:2025-02-30", "after:2024-01-01",
    "before:last", "has:code", "lang:python", "last month", "March 2025", "-word", '-"a phrase"', '"open phrase',
    "pre*", "*", "**", "-", "--", "::",
)  # fmt: skip
_REGEX = ("^(a+)+$", "(?:x*)*y", r"\w+\b", "[^]]", "(?<=a)b", ".*", r"\p{L}", "a{1,99999}", "(((((((((", r"\x00", "[a-")
_CODE = (
    "def f(x): return x**2", "SELECT * FROM t WHERE a='b';--", "for(int i=0;i<n;++i){a[i]=0;}", "std::vector<int>&",
    "../../etc/passwd", "C:\\Users\\x\\y.txt", "<script>alert(1)</script>", "${HOME}", "%s%n%d", "{{7*7}}",
    "a.b.c::d->e()",
    "KeyError: 'id'", "ECONNREFUSED 127.0.0.1:5432", "file_name-v2.tar.gz", "0x7fff5fbff8a0", "user@example.org",
    "https://example.org/?q=a&b=%20#c",
)  # fmt: skip
_WORDS = "the of and miso soup python error migration bread Küche naïve über 東京 данные مرحبا 안녕 שלום ไทย".split()
_LONGEST = 10_000
Answer = SearchResult | BaseException
SearchMany = Callable[[Sequence[Query]], Sequence[Answer]]


@dataclass(slots=True)
class FuzzReport:
    """What became of `queries` fuzzed queries.

    `refused` were declined as they may be, with a QueryError, or a NotFoundError for a conversation that is not there;
    `failures` counts every other exception by its kind, with the query of the first; `late` took longer than the
    timeout, `partial` were answered in part to keep it.
    """

    queries: int = 0
    answered: int = 0
    refused: int = 0
    late: int = 0
    partial: int = 0
    slowest_ms: float = 0.0
    slowest_query: str = ""
    failures: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many ended in an exception that a query may not end in."""
        return sum(self.failures.values())


def fuzzed(count: int, *, seed: int = 7) -> Iterator[str]:
    """`count` queries: every script, pieces of syntax, regular expressions, code, and up to 10,000 characters."""
    source = random.Random(seed)
    kinds = (_characters, _characters, _pieces, _pieces, _mixed, _repeated, _words)
    for _ in range(count):
        yield source.choice(kinds)(source)[:_LONGEST]


def fuzz(
    search_many: SearchMany, count: int, *, seed: int = 7, batch: int = 32, timeout_ms: float = 1_000.0
) -> FuzzReport:
    """Search `count` fuzzed queries, `batch` at a time; a query has taken as long as its batch."""
    report = FuzzReport()
    texts = fuzzed(count, seed=seed)
    while chunk := list(islice(texts, batch)):
        queries = [Query(text, timeout_ms=timeout_ms) for text in chunk]
        begun = time.perf_counter()
        try:
            answers = search_many(queries)
        except Exception as error:  # noqa: BLE001 - any exception at all is what is looked for; it is reported
            answers = [error] * len(queries)
        _note(report, queries, answers, (time.perf_counter() - begun) * 1000, timeout_ms)
    return report


def _note(
    report: FuzzReport, queries: list[Query], answers: Sequence[Answer], milliseconds: float, timeout_ms: float
) -> None:
    report.queries += len(queries)
    report.late += len(queries) if milliseconds > timeout_ms else 0
    if milliseconds > report.slowest_ms:
        report.slowest_ms = milliseconds
        report.slowest_query = max((query.text for query in queries), key=len)[:200]
    for query, answer in zip(queries, answers, strict=True):
        if isinstance(answer, SearchResult):
            report.answered += 1
            report.partial += answer.partial
        elif isinstance(answer, (QueryError, NotFoundError)):
            report.refused += 1
        else:
            kind = f"{type(answer).__name__}: {str(answer)[:120]}"
            report.failures[kind] = report.failures.get(kind, 0) + 1
            report.examples.setdefault(kind, query.text[:500])


def _characters(source: random.Random) -> str:
    low, high = source.choice(_BLOCKS)
    return "".join(chr(source.randint(low, high)) for _ in range(_length(source)))


def _pieces(source: random.Random) -> str:
    pool = source.choice((_SYNTAX, _REGEX, _CODE, _SYNTAX + tuple(_WORDS)))
    return source.choice((" ", "")).join(source.choice(pool) for _ in range(source.randint(1, 12)))


def _mixed(source: random.Random) -> str:
    parts = [source.choice((_characters, _pieces, _words))(source)[:60] for _ in range(source.randint(1, 6))]
    return source.choice((" ", "", "\n", "\t")).join(parts)


def _repeated(source: random.Random) -> str:
    piece = source.choice((*_SYNTAX, *_REGEX, *_WORDS, chr(source.randint(0x20, 0x2FFF))))
    return (piece + source.choice((" ", ""))) * source.choice((1, 3, 50, 500, _LONGEST))


def _words(source: random.Random) -> str:
    return " ".join(source.choice(_WORDS) for _ in range(source.choice((1, 2, 5, 30, 1500))))


def _length(source: random.Random) -> int:
    return source.choice((1, 2, 3, 8, 20, 60, 200)) if source.random() < 0.98 else _LONGEST
