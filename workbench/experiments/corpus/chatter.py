"""Conversations of a large corpus, each written from its number alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.experiments.corpus.lengths import assistant_length, conversation_size, user_length
from workbench.experiments.corpus.prose import Prose
from workbench.experiments.corpus.rhythm import moment
from workbench.experiments.corpus.script import ROOT, Script, Turn, Words
from workbench.experiments.corpus.topics import topic

ASSISTANTS = ("chatgpt", "claude", "gemini")
_BRANCHED = {"chatgpt": 1 / 6, "claude": 1 / 12, "gemini": 0.0}
_LONGER_ONES = 1.13  # conversations of two messages have no branch
_UNTIMED = 0.01
_REPEATED = 0.02
_LINKED_FROM = 0.86  # the newest conversations are those whose Gemini records link their thread
_MODELS = ((0.25, "gpt-4"), (0.6, "gpt-4o"), (0.8, "gpt-4-1"), (1.01, "gpt-5"))


@dataclass(frozen=True, slots=True)
class Plan:
    """How many messages each conversation of one assistant has; they are numbered from the oldest."""

    assistant: str
    sizes: tuple[int, ...]
    seed: int

    @property
    def messages(self) -> int:
        """All messages of the assistant's conversations."""
        return sum(self.sizes)

    def started_at(self, position: int) -> datetime:
        """When the conversation at `position` began; later positions begin later."""
        draw = random.Random(f"{self.seed}/{self.assistant}/start/{position}")
        return moment((position + 0.98 * draw.random()) / len(self.sizes))

    def script(self, position: int) -> Script:
        """The conversation at `position`."""
        return _Chat(self, position).script()

    def prose(self, position: int) -> Prose:
        """The writer of that conversation in its first state, which knows its fact."""
        return _Chat(self, position).prose

    def number(self, position: int) -> int:
        """The number that picks the topic, different for all conversations of all assistants."""
        return position * len(ASSISTANTS) + ASSISTANTS.index(self.assistant)


def plan(assistant: str, messages: int, *, seed: int) -> Plan:
    """Draw the sizes of conversations until they hold `messages` messages."""
    draw = random.Random(f"{seed}/{assistant}/sizes")
    sizes: list[int] = []
    left = messages
    while left > 0:
        size = min(conversation_size(draw.random()), left)
        sizes.append(size)
        left -= size
    return Plan(assistant, tuple(sizes), seed)


class _Chat:
    """Writes the turns of one conversation."""

    def __init__(self, made_by: Plan, position: int) -> None:
        self._plan, self._position = made_by, position
        self._draw = random.Random(f"{made_by.seed}/{made_by.assistant}/chat/{position}")
        self._topic = topic(made_by.number(position), seed=made_by.seed)
        self.prose = Prose(self._topic, self._draw)

    def script(self) -> Script:
        size, share = self._plan.sizes[self._position], self._position / len(self._plan.sizes)
        started = self._plan.started_at(self._position)
        traits = {"model": next(name for limit, name in _MODELS if share < limit)}
        if self._plan.assistant == "gemini" and share >= _LINKED_FROM:
            traits["thread"] = "yes"
        title = f"{self._topic.thing.capitalize()} {self._topic.fault}"
        turns = tuple(self._turns(size, started))
        return Script(f"n{self._plan.number(self._position)}", self._plan.assistant, title, started, turns, traits)

    def _turns(self, size: int, started: datetime) -> Iterator[Turn]:
        branch, lengths = self._branch(size), self._prompt_lengths(size)
        untimed = _UNTIMED if self._plan.assistant == "chatgpt" else 0.0
        clock, above = started, ROOT
        asked: Turn | None = None
        answered: Turn | None = None
        for number in range(size):
            if asked is None or answered is not None:  # the person's turn, or another answer to the last prompt
                again = asked is not None and answered is not None and number == branch
                role, parent = ("assistant", asked.label) if asked and again else ("user", above)
                text = self.prose.reworded(answered.text) if answered and again else self._prompt(lengths, asked)
            elif number == branch:
                role, parent = "user", asked.parent
                text = f"{asked.text} {self.prose.question(60)}"
            else:
                role, parent = "assistant", asked.label
                text = self.prose.answer(assistant_length(self._draw.random()), with_fact=number == 1)
            clock += timedelta(seconds=self._pause(role) if number else 0)
            at = None if self._draw.random() < untimed else clock
            turn = Turn(role, (Words(text),), f"t{number}", parent, at)
            asked, answered = (turn, None) if role == "user" else (asked, turn)
            above = turn.label
            yield turn

    def _branch(self, size: int) -> int:
        """Which message opens a second branch; -1 for none. Conversations of two messages never branch."""
        share = _BRANCHED[self._plan.assistant] * _LONGER_ONES
        return 2 + int(self._draw.random() * (size - 2)) if size > 2 and self._draw.random() < share else -1

    def _prompt_lengths(self, size: int) -> Iterator[int]:
        """Lengths of the prompts, the longest first: people explain once, then ask briefly."""
        lengths = sorted(user_length(self._draw.random()) for _ in range((size + 1) // 2))
        first = lengths.pop()
        self._draw.shuffle(lengths)
        yield first
        yield from lengths
        while True:
            yield user_length(self._draw.random())

    def _prompt(self, lengths: Iterator[int], before: Turn | None) -> str:
        if before is None:
            return self.prose.opening(next(lengths))
        return before.text if self._draw.random() < _REPEATED else self.prose.question(next(lengths))

    def _pause(self, role: str) -> float:
        """Seconds before a turn: an answer comes at once, a prompt after minutes and now and then after hours."""
        drawn = self._draw.random()
        if role == "assistant":
            return 3 + 40 * drawn * drawn
        return 20 + 400 * drawn * drawn if drawn < 0.97 else 3600 * (1 + 40 * (drawn - 0.97))
