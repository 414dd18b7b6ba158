"""Query mixes for any store: its own words, so that every query has an answer.

A query is three to eight successive words of some searched message ("known item"), without punctuation, so that no
operator of the query language is hit by chance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from workbench.errors import UsageError
from workbench.snapshot import Snapshot

DISTINCT, REPEATED, FILTERED, FILE = "distinct", "repeated", "filtered", "file"
MIXES = (DISTINCT, REPEATED, FILTERED, FILE)
POPULAR = 200

_WORD = re.compile(r"[^\W_]+")
_SHORTEST, _LONGEST = 3, 8
_WORD_CHARACTERS = 12  # a "word" of a script without spaces is a whole sentence
_READ = 20_000  # characters of a message that are looked at
_BATCH = 5_000
_ATTEMPTS = 4


def known_items(snapshot: Snapshot, count: int, *, seed: int = 7) -> list[str]:
    """Up to `count` queries, each different from all others (letter case aside); the same for the same seed and store.

    Fewer where the store has not so many.

    Raises:
        UsageError: No message has three words.
    """
    return [query for query, _ in quoted_messages(snapshot, count, seed=seed)]


def quoted_messages(snapshot: Snapshot, count: int, *, seed: int = 7) -> list[tuple[str, int]]:
    """What `known_items` gives, each with the ordinal of the message that it was taken from.

    Raises:
        UsageError: No message has three words.
    """
    random = np.random.default_rng(seed)
    searched = np.flatnonzero(snapshot.columns.searched)
    batch = min(_BATCH, len(searched))
    found: dict[str, tuple[str, int]] = {}
    for _ in range(_ATTEMPTS * (1 + count // max(1, batch))):
        for ordinal in random.choice(searched, batch, replace=False).tolist():
            query = _quote(snapshot.texts.content[ordinal][:_READ], random)
            if query:
                found.setdefault(query.lower(), (query, ordinal))
        if len(found) >= count:
            break
    if not found:
        raise UsageError("the store has no message of three words", "", "import some conversations first")
    return list(found.values())[:count]


def repeated(popular: list[str], rest: list[str], count: int, *, share: float = 0.85, seed: int = 7) -> list[str]:
    """`count` queries, `share` of them drawn from `popular`, the others from `rest`, in order and each used once.

    The popular ones are drawn with probability proportional to 1 / rank (Zipf's law with exponent 1). Shorter where
    `rest` runs out.

    Raises:
        UsageError: The share is not between 0 and 1.
    """
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"the share of repeats is {share}", "", "give a number from 0 to 1")
    random = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, len(popular) + 1)
    chosen = random.choice(len(popular), count, p=weights / weights.sum())
    again = random.random(count) < share
    fresh = iter(rest)
    out: list[str] = []
    for is_repeat, rank in zip(again.tolist(), chosen.tolist(), strict=True):
        query = popular[rank] if is_repeat else next(fresh, None)
        if query is None:
            break
        out.append(query)
    return out


def filtered(queries: Sequence[str], snapshot: Snapshot) -> list[str]:
    """The queries, each narrowed by one field of the query language: every assistant and both roles in turn."""
    fields = [*(f"assistant:{name}" for name in sorted(snapshot.manifest.assistants)), "role:user", "role:assistant"]
    return [f"{query} {fields[number % len(fields)]}" for number, query in enumerate(queries)]


def read_queries(path: Path) -> list[str]:
    """The queries in a file: one a line; in a `.jsonl` file the field "query" of each line.

    Raises:
        UsageError: The file cannot be read or has no query.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        found = [json.loads(line)["query"] if path.suffix == ".jsonl" else line for line in lines if line]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"the queries in {path} cannot be read", str(error), "give one query a line") from error
    if not found:
        raise UsageError(f"there is no query in {path}", "", "give one query a line")
    return [str(query) for query in found]


def search_targets(queries: list[str], *, k: int = 10, path: str = "/search/rag") -> list[str]:
    """The request targets that ask for them."""
    return [f"{path}?{urlencode({'q': query, 'k': k})}" for query in queries]


def _quote(content: str, random: np.random.Generator) -> str:
    """Three to eight successive words of a message, empty if it has no three."""
    words = _WORD.findall(content)
    length = int(random.integers(_SHORTEST, _LONGEST + 1))
    if len(words) < _SHORTEST:
        return ""
    start = int(random.integers(0, max(1, len(words) - length + 1)))
    return " ".join(word[:_WORD_CHARACTERS] for word in words[start : start + length])
