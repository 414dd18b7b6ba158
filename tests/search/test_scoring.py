from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from building import transcript

from workbench.record import merge, open_record, to_rows
from workbench.search.candidates import Candidates, Leg, Ranking, gather
from workbench.search.scoring import Scores, Wish, _thread, score
from workbench.search.tuning import DEFAULT, Tuning
from workbench.snapshot import Columns, Snapshot, VectorSpace, open_snapshot, publish

TURNS = 8  # of one conversation, user and assistant in turn; its ordinals are 0 to 7
LONG = "word " * 300
PLAIN = replace(DEFAULT, brevity_slope=0.0, thread_characters=10**9)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    store = tmp_path_factory.mktemp("scoring")
    with open_record(store) as record:
        both = [transcript("one", *[f"{LONG} {i}" for i in range(TURNS)]), transcript("two", "short", "also short")]
        merge(record, to_rows(sorted(both, key=lambda one: one.conversation.id), parser_revision=1))
        publish(record, store, VectorSpace("none", "none", 8))
    with open_snapshot(store) as snapshot:
        yield snapshot


@pytest.fixture(scope="module")
def first(snapshot: Snapshot) -> int:
    """The ordinal of the first turn of the long conversation."""
    return int(np.flatnonzero(snapshot.columns.length > 1000)[0])


def ranking(*pairs: tuple[int, float]) -> Ranking:
    return Ranking(np.array([one for one, _ in pairs], np.int64), np.array([one for _, one in pairs], np.float32))


def rank(
    columns: Columns, words: list[Ranking], meaning: list[Ranking], *, alpha: float = 0.5, personal: bool = False,
    context: bool = True, tuning: Tuning = PLAIN,
) -> tuple[Candidates, Scores]:  # fmt: skip
    legs = [Leg.of(words, len(columns.length)), Leg.of(meaning, len(columns.length))]
    candidates = gather(columns, legs, [None] * len(words), [context] * len(words))
    wishes = [Wish(alpha, context, personal)] * len(words)
    return candidates, score(columns, candidates, *legs, wishes, tuning)


def totals(candidates: Candidates, scores: Scores) -> dict[int, float]:
    return dict(zip(candidates.ordinals.tolist(), scores.total.tolist(), strict=True))


def test_a_listed_message_brings_its_neighbours(snapshot: Snapshot, first: int) -> None:
    candidates, _ = rank(snapshot.columns, [ranking((first + 1, 2.0), (first + 3, 9.0))], [Ranking.empty()])
    assert (candidates.ordinals - first).tolist() == [0, 1, 2, 3, 4]
    assert candidates.listed.tolist() == [False, True, False, True, False]
    assert candidates.around[:, 3].tolist() == [2, 4, 1, -1]


def test_question_and_answer_lift_each_other_and_turns_of_one_speaker_too(snapshot: Snapshot, first: int) -> None:
    """Turn 2 is a question, turn 3 its answer, turn 4 the next question."""
    words = [ranking((first + 2, 9.0), (first + 4, 4.0), (first + 1, 0.0))]
    candidates, scores = rank(snapshot.columns, words, [Ranking.empty()], alpha=0.0)
    gained = {one - first: float(scores.thread[at]) for at, one in enumerate(candidates.ordinals.tolist())}
    other = 4.0 / 9.0  # what turn 4 matches
    assert gained[3] == pytest.approx(DEFAULT.exchange_weight, rel=1e-4)  # the answer to turn 2, not to turn 4
    assert gained[1] == pytest.approx(0.0)  # the answer before turn 2 belongs to another exchange
    assert gained[0] == pytest.approx(DEFAULT.after_weight, rel=1e-4)
    assert gained[2] == pytest.approx(DEFAULT.after_weight * other, rel=1e-4)
    assert gained[4] == pytest.approx(DEFAULT.before_weight, rel=1e-4)
    assert gained[5] == pytest.approx(DEFAULT.exchange_weight * other, rel=1e-4)


def test_turns_of_one_speaker_lift_each_other(snapshot: Snapshot) -> None:
    matched = np.array([1.0, 0.0], np.float32)
    around = np.array([[-1, 0], [1, -1], [-1, -1], [-1, -1]])
    for roles, wanted in (([0, 0], DEFAULT.before_weight), ([1, 1], DEFAULT.before_weight), ([1, 0], 0.0)):
        gained = _thread(around, matched, np.array(roles, np.uint8), np.zeros(2, np.int32), PLAIN)
        assert gained[1] == pytest.approx(wanted)


def test_long_messages_gain_less_from_their_thread(snapshot: Snapshot, first: int) -> None:
    length = int(snapshot.columns.length[first])
    candidates, scores = rank(
        snapshot.columns, [ranking((first, 9.0))], [Ranking.empty()], alpha=0.0,
        tuning=replace(PLAIN, thread_characters=length),
    )  # fmt: skip
    assert totals(candidates, scores)[first + 1] == pytest.approx(DEFAULT.exchange_weight / 2, rel=0.01)


def test_short_messages_count_less(snapshot: Snapshot, first: int) -> None:
    short = int(np.flatnonzero(snapshot.columns.length < 1000)[0])
    words = [ranking((first, 5.0), (short, 5.0))]
    candidates, scores = rank(snapshot.columns, words, [Ranking.empty()], tuning=DEFAULT, alpha=0.0)
    found = totals(candidates, scores)
    assert found[first] == pytest.approx(1.0)
    assert found[short] < 0.4


def test_a_personal_question_prefers_what_the_person_wrote(snapshot: Snapshot, first: int) -> None:
    words = [ranking((first + 1, 5.0), (first + 6, 5.0))]
    for personal in (False, True):
        candidates, scores = rank(snapshot.columns, words, [Ranking.empty()], personal=personal)
        at = candidates.ordinals.tolist().index(first + 6)
        assert scores.own[at] == pytest.approx(DEFAULT.own_prior if personal else 0.0)
        assert scores.own[candidates.ordinals.tolist().index(first + 1)] == 0.0


def test_without_context_only_the_legs_count(snapshot: Snapshot, first: int) -> None:
    words, meaning = [ranking((first, 4.0), (first + 1, 2.0))], [ranking((first + 1, 0.9), (first + 4, 0.5))]
    candidates, scores = rank(snapshot.columns, words, meaning, alpha=0.25, context=False, tuning=DEFAULT)
    assert totals(candidates, scores) == pytest.approx({first: 0.75, first + 1: 0.25, first + 4: 0.0})


def test_queries_scored_together_score_as_alone(snapshot: Snapshot, first: int) -> None:
    words = [ranking((first + 2, 9.0), (first + 5, 3.0)), Ranking.empty(), ranking((first, 1.0))]
    meaning = [ranking((first + 3, 0.8)), ranking((first + 2, 0.3), (first + 7, 0.1)), Ranking.empty()]
    together, scores = rank(snapshot.columns, words, meaning)
    for number in range(3):
        alone, own = rank(snapshot.columns, [words[number]], [meaning[number]])
        mine = together.of(number)
        assert together.ordinals[mine].tolist() == alone.ordinals.tolist()
        assert scores.total[mine].tolist() == own.total.tolist()


def test_the_parts_add_up_to_the_score(snapshot: Snapshot, first: int) -> None:
    words, meaning = [ranking((first, 4.0), (first + 1, 2.0))], [ranking((first + 1, 0.9), (first + 4, 0.5))]
    candidates, scores = rank(snapshot.columns, words, meaning, tuning=DEFAULT, personal=True)
    for at in range(len(candidates)):
        legs = scores.explain(at, candidates.of(0))
        assert sum(leg.contribution for leg in legs) == pytest.approx(float(scores.total[at]), abs=1e-6)
