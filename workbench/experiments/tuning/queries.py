"""Judged queries for tuning: of the samples, of a file, or made of the store's own messages.

Made queries come in three kinds. "words": three to eight successive words of a message, to be found again. "reworded":
up to six words of a longer passage in another order, without its rarest third, which is what a person would not have
remembered. "answer": a question that began a conversation, to find what the assistant answered, among answers only.
The first kind favours words over meaning, the second less, the third least; so figures are given for each. All of them
ask for a single message: what the messages around are worth they cannot say.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import UsageError
from workbench.evaluation.judgements import JudgedQuery, load_judgements
from workbench.experiments.load.queries import quoted_messages
from workbench.experiments.tuning.plan import OWN, SAMPLES, TuningPlan
from workbench.experiments.tuning.result import JudgedSet
from workbench.model import Filters, Role
from workbench.snapshot import Snapshot
from workbench.snapshot.catalog import ROLES

WORDS, REWORDED, ANSWER = "words", "reworded", "answer"
_WORD = re.compile(r"[^\W_]+")
_PASSAGE, _KEPT, _FEWEST = 16, 6, 3
_QUESTION = (15, 200)  # characters
_SAMPLED = 3_000  # messages that say how rare words are
_READ = 5_000  # characters of a message
_ANSWERS = Filters(roles=(Role.ASSISTANT,))
_COPIES = 3  # a message that says what more say is not to be found again by its words
_SAMPLE_FILE = Path("queries.jsonl")


@dataclass(frozen=True, slots=True)
class Asked:
    """A judged query, and what it is restricted to."""

    judged: JudgedQuery
    filters: Filters


@dataclass(frozen=True, slots=True)
class QuerySets:
    """Queries to choose by, and others to judge the choice by. Any beginning of a list has all kinds in like parts."""

    choosing: tuple[Asked, ...]
    judging: tuple[Asked, ...]
    described: JudgedSet


def judged_queries(snapshot: Snapshot, plan: TuningPlan, samples: Path) -> QuerySets:
    """The queries that the plan asks for; `samples` is the folder of the samples.

    Raises:
        UsageError: There are too few, or the file's judgements do not fit the store.
    """
    if not 0.0 < plan.held_out < 1.0:
        raise UsageError(f"the share of held-out queries is {plan.held_out}", "", "give a number between 0 and 1")
    remarks: tuple[str, ...] = ()
    if plan.queries == OWN:
        found = _own(snapshot, plan.count, plan.seed)
        remarks = (
            "The queries are made of the store's own messages: those of the kinds words and reworded repeat words of "
            "what is to be found, and so favour words over meaning more than people's questions do.",
            "They each ask for one message: they cannot say what the thread around a message is worth.",
        )
    else:
        path = samples / _SAMPLE_FILE if plan.queries == SAMPLES else Path(plan.queries)
        if not path.is_file():
            raise UsageError(f"there is no file {path}", "", "give own, samples, or a file of judged queries")
        found = [_asked(one) for one in load_judgements(path, snapshot.catalog)][: plan.count]
    choosing, judging = _halves(found, plan)
    if len(choosing) < _FEWEST or len(judging) < _FEWEST:
        raise UsageError(
            f"there are {len(found)} judged queries", "some choose and others judge", "give more, or import more"
        )
    described = JudgedSet(plan.queries, _counts(choosing), _counts(judging), remarks)
    return QuerySets(tuple(choosing), tuple(judging), described)


def _asked(judged: JudgedQuery) -> Asked:
    return Asked(judged, Filters(conversation_ids=(judged.pool,) if judged.pool else ()))


def _counts(queries: Iterable[Asked]) -> dict[str, int]:
    return dict(sorted(Counter(one.judged.kind for one in queries).items()))


def _halves(queries: Sequence[Asked], plan: TuningPlan) -> tuple[list[Asked], list[Asked]]:
    """The queries for choosing and for judging: each kind is split alike, and kinds take turns."""
    random = np.random.default_rng(plan.seed)
    kinds: dict[str, list[Asked]] = {}
    for place in random.permutation(len(queries)).tolist():
        kinds.setdefault(queries[place].judged.kind, []).append(queries[place])
    choosing: list[tuple[float, Asked]] = []
    judging: list[tuple[float, Asked]] = []
    for kind in sorted(kinds):
        cut = round(len(kinds[kind]) * (1.0 - plan.held_out))
        choosing += _spread(kinds[kind][:cut])
        judging += _spread(kinds[kind][cut:])
    return _in_turn(choosing), _in_turn(judging)


def _spread(queries: Sequence[Asked]) -> list[tuple[float, Asked]]:
    """Queries of one kind, each with its place between 0 and 1."""
    return [((number + 0.5) / len(queries), one) for number, one in enumerate(queries)]


def _in_turn(placed: list[tuple[float, Asked]]) -> list[Asked]:
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def _own(snapshot: Snapshot, count: int, seed: int) -> list[Asked]:
    each = -(-count // 3)
    ids = snapshot.texts.ids
    out = []
    made = {WORDS: quoted_messages(snapshot, 2 * each, seed=seed), REWORDED: _reworded(snapshot, 2 * each, seed)}
    for kind, found in made.items():
        copies = _copies(snapshot, [ordinal for _, ordinal in found])
        rare = [one for one in found if len(copies[one[1]]) <= _COPIES][:each]
        for number, (text, ordinal) in enumerate(rare):
            grades = {str(ids[one], "ascii"): 2 for one in copies[ordinal]}
            out.append(Asked(JudgedQuery(f"{kind} {number}", text, kind, grades), Filters()))
    return [*out, *_answers(snapshot, each, seed)]


def _copies(snapshot: Snapshot, ordinals: Sequence[int]) -> dict[int, list[int]]:
    """For each message the ordinals of all searched messages that say the same, itself among them."""
    rows = snapshot.catalog.cursor().rows(
        """SELECT o.ordinal, list(m.ordinal ORDER BY m.ordinal) FROM messages o
           JOIN messages m ON m.content_hash = o.content_hash AND m.searched
           WHERE o.ordinal IN (SELECT unnest($ordinals)) GROUP BY o.ordinal""",
        {"ordinals": list(ordinals)},
    )
    return {int(ordinal): [int(one) for one in same] for ordinal, same in rows}


def _reworded(snapshot: Snapshot, count: int, seed: int) -> list[tuple[str, int]]:
    random = np.random.default_rng(seed + 1)
    searched = np.flatnonzero(snapshot.columns.searched)
    content = snapshot.texts.content
    known: Counter[str] = Counter()
    for ordinal in random.choice(searched, min(_SAMPLED, len(searched)), replace=False).tolist():
        known.update({word.lower() for word in _WORD.findall(content[ordinal][:_READ])})
    made: list[tuple[str, int]] = []
    for ordinal in random.permutation(searched).tolist():
        words = _WORD.findall(content[ordinal][:_READ])
        if len(made) == count:
            break
        if len(words) < _PASSAGE:
            continue
        start = int(random.integers(0, len(words) - _PASSAGE + 1))
        passage = list(dict.fromkeys(word.lower() for word in words[start : start + _PASSAGE]))
        passage.sort(key=lambda word: (known[word], word))
        kept = passage[len(passage) // 3 :][:_KEPT]  # neither the rarest, nor those that say nothing
        if len(kept) >= _FEWEST:
            made.append((" ".join(kept[place] for place in random.permutation(len(kept)).tolist()), ordinal))
    return made


def _answers(snapshot: Snapshot, count: int, seed: int) -> Iterator[Asked]:
    """Questions that conversations began with, and the assistants' answers to them."""
    random = np.random.default_rng(seed + 2)
    columns, texts = snapshot.columns, snapshot.texts
    user, assistant = ROLES.index(Role.USER), ROLES.index(Role.ASSISTANT)
    short = (columns.length >= _QUESTION[0]) & (columns.length <= _QUESTION[1])
    answered = (columns.following >= 0) & (columns.role[columns.following] == assistant)
    opening = columns.searched & (columns.previous < 0) & (columns.role == user)
    there = random.permutation(np.flatnonzero(opening & short & answered)).tolist()
    asked = ((texts.content[one], one) for one in there if "?" in texts.content[one])
    different = dict(itertools.islice(_first_of_each(asked), count))
    copies = _copies(snapshot, list(different.values()))
    for number, (text, ordinal) in enumerate(different.items()):
        following = columns.following[copies[ordinal]]
        right = following[(following >= 0) & (columns.role[following] == assistant)]
        grades = {str(texts.ids[one], "ascii"): 2 for one in right.tolist()}
        yield Asked(JudgedQuery(f"{ANSWER} {number}", text, ANSWER, grades), _ANSWERS)


def _first_of_each(asked: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Those whose text has not come before."""
    known: set[str] = set()
    for text, ordinal in asked:
        if text not in known:
            known.add(text)
            yield text, ordinal
