"""Sentences, lists, tables and code about a topic, at a wanted length."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from functools import cache

from workbench.experiments.corpus.library import sample_scripts
from workbench.experiments.corpus.topics import Topic, patterns, word_sections

_ASIDE_SHARE = 0.12
_PLAIN_SENTENCE = re.compile(r"(?<![\w*`|.])[A-Z][^.!?\n*`|_\[\]#>:]{25,180}[.!?](?=\s|$)")
_SHORT_PROMPTS = ("{code}?", "{name} {part}?", "{thing} {fault}?", "{thing}: how to {fix}?", "why? the {thing} {fault}")


class Prose:
    """Writes about one topic, drawing from `draw`. Frequent words come first in their lists, as in Zipf's law."""

    def __init__(self, topic: Topic, draw: random.Random) -> None:
        self.fact = ""
        self._topic = topic
        self._next = draw.random
        self._slots = _Slots(topic.slots, draw.random)
        self.fact = self._filled("fact")

    def opening(self, length: int) -> str:
        """The first prompt, about `length` characters long."""
        if length < 60:
            tiny = [pattern.format_map(self._slots) for pattern in _SHORT_PROMPTS]
            return min(tiny, key=lambda text: abs(len(text) - length))
        return self._lengthened(self._filled("opening"), length, "question")

    def question(self, length: int) -> str:
        """A later prompt, about `length` characters long; below 40 a word or two of thanks or doubt."""
        if length < 40:
            short = [self._filled("short") for _ in range(6)]
            return min(short, key=lambda text: abs(len(text) - length))
        return self._lengthened(self._filled("question"), length, "question")

    def answer(self, length: int, *, with_fact: bool = False) -> str:
        """An answer of about `length` characters in Markdown."""
        blocks = [self._filled("introduction")] if length > 150 else []
        if with_fact:
            blocks.append(self.fact)
        missing = length - sum(map(len, blocks))
        while missing > 40 or not blocks:
            block = self._block(missing)
            blocks.append(block)
            missing -= len(block) + 2
        return "\n\n".join(blocks)

    def reworded(self, text: str) -> str:
        """A near-duplicate: the same blocks with another introduction and another end, without the fact."""
        blocks = [block for block in text.split("\n\n") if block != self.fact]
        if len(blocks) > 1:
            blocks[0] = self._filled("introduction")
        last = blocks.pop() if blocks else ""
        return "\n\n".join([*blocks, self._paragraph(max(80, len(last)))])

    def _filled(self, name: str) -> str:
        choices = patterns()[name]
        text = choices[int(self._next() * len(choices))].format_map(self._slots)
        return text[0].upper() + text[1:] if name != "short" else text

    def _lengthened(self, text: str, length: int, name: str) -> str:
        while True:
            more = self._filled(name)
            if len(text) + len(more) // 2 >= length:
                return text
            text = f"{text} {more}"

    def _block(self, room: int) -> str:
        kind = self._next()
        if room < 260 or kind < 0.5:
            return self._paragraph(min(room, 160 + int(self._next() * 380)))
        if kind < 0.72:
            return self._list(numbered=kind < 0.6)
        if kind < 0.84:
            return f"### {self._filled('heading')}\n\n{self._paragraph(280)}"
        if kind < 0.93:
            return self._code()
        return self._table()

    def _paragraph(self, length: int) -> str:
        sentences = [self._sentence()]
        written = len(sentences[0])
        while True:
            sentence = self._sentence()
            if written + len(sentence) // 2 >= length:
                return " ".join(sentences)
            sentences.append(sentence)
            written += len(sentence) + 1

    def _sentence(self) -> str:
        return _aside(self._next) if self._next() < _ASIDE_SHARE else self._filled("statement")

    def _list(self, *, numbered: bool) -> str:
        count = 3 + int(self._next() * 4)
        return "\n".join(f"{f'{n}.' if numbered else '-'} {self._filled('item')}" for n in range(1, count + 1))

    def _table(self) -> str:
        topic = self._topic
        rows = [f"| Part | {topic.unit} | State |", "|---|---|---|"]
        for part in topic.slots["part"]:
            rows.append(f"| {part} | {self._slots['number']} | {self._slots['adjective']} |")
        return "\n".join(rows)

    def _code(self) -> str:
        language, body = _snippets()[int(self._next() * len(_snippets()))]
        topic = self._topic
        filled = {"file": topic.file, "code": topic.code, "slug": topic.slug, "place": topic.place}
        for name, word in (filled | {"n": self._slots["number"]}).items():
            body = body.replace(f"<{name}>", word)
        return f"```{language}\n{body}\n```"


class _Slots:
    """Fills the braces of a pattern; early words of a list are drawn more often than late ones."""

    def __init__(self, words: Mapping[str, tuple[str, ...]], draw: Callable[[], float]) -> None:
        self._words = words
        self._next = draw

    def __getitem__(self, name: str) -> str:
        if name == "number":
            return str(int(1 + 400 * self._next() ** 3))
        words = self._words[name]
        if len(words) == 1:
            return words[0]
        drawn = self._next()
        return words[int(len(words) * drawn * drawn)]


@cache
def _snippets() -> tuple[tuple[str, str], ...]:
    sections = word_sections("code.txt")
    return tuple((section.heading.removeprefix("code "), "\n".join(section.body).strip("\n")) for section in sections)


@cache
def _chain() -> tuple[tuple[tuple[str, str], ...], dict[tuple[str, str], tuple[str, ...]]]:
    """A second-order Markov chain of the sample answers in English: openings, and what follows each pair of words."""
    openings: list[tuple[str, str]] = []
    follows: dict[tuple[str, str], list[str]] = {}
    for script in sample_scripts():
        if script.traits.get("locale") == "de" or script.traits.get("asides") == "no":
            continue
        for turn in script.turns:
            for sentence in _PLAIN_SENTENCE.findall(turn.text if turn.role == "assistant" else ""):
                words = sentence.split()
                openings.append((words[0], words[1]))
                for one, two, three in zip(words, words[1:], words[2:], strict=False):
                    follows.setdefault((one, two), []).append(three)
    return tuple(openings), {pair: tuple(words) for pair, words in follows.items()}


def _aside(draw: Callable[[], float]) -> str:
    openings, follows = _chain()
    words = list(openings[int(draw() * len(openings))])
    while len(words) < 34 and (choices := follows.get((words[-2], words[-1]))):
        words.append(choices[int(draw() * len(choices))])
    text = " ".join(words)
    return text if text[-1] in ".!?" else f"{text}."
