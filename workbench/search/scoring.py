"""One score for every candidate, and what it is made of. What was measured is in docs/search.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.model import LegScore, Role
from workbench.search.candidates import Candidates, Leg
from workbench.search.fusion import Floats, min_max, rank_of, reciprocal_rank, scatter
from workbench.search.tuning import RANKS, Tuning
from workbench.snapshot import Columns
from workbench.snapshot.catalog import ROLES


@dataclass(frozen=True, slots=True)
class Wish:
    """How one query is to be ranked.

    `alpha` is the weight of the vectors; `context` says whether thread, length and speaker count; `personal` that the
    query speaks of the person who asks.
    """

    alpha: float
    context: bool
    personal: bool


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of all candidates and their parts: arrays of one length, nan where a leg does not list a message."""

    total: Floats
    bm25: Floats
    cosine: Floats
    lexical_part: Floats
    vector_part: Floats
    thread: Floats
    brevity: Floats
    own: Floats

    def explain(self, at: int, among: slice) -> tuple[LegScore, ...]:
        """What each leg and adjustment gave the candidate `at`. Ranks count within its query's candidates."""
        return (
            _leg("lexical", self.bm25, self.lexical_part, at, among),
            _leg("vector", self.cosine, self.vector_part, at, among),
            LegScore("thread", None, None, float(self.thread[at])),
            LegScore("brevity", None, None, float(self.brevity[at])),
            LegScore("own words", None, None, float(self.own[at])),
        )


def score(
    columns: Columns, candidates: Candidates, words: Leg, meaning: Leg, wishes: Sequence[Wish], tuning: Tuning
) -> Scores:
    """Score all candidates of the queries that `wishes` are about.

    What a leg does not list counts 0 there: it lies below the last of its list, which counts 0.
    """
    of = candidates.query
    alpha = np.array([wish.alpha for wish in wishes], np.float32)[of]
    context = np.array([wish.context for wish in wishes])[of]
    personal = np.array([wish.personal for wish in wishes])[of]
    bm25 = scatter(candidates.keys, words.keys, words.scores)
    cosine = scatter(candidates.keys, meaning.keys, meaning.scores)
    lengths = columns.length[candidates.ordinals]
    roles = columns.role[candidates.ordinals]
    lexical_part = (1.0 - alpha) * _counted(candidates, words, bm25, tuning)
    vector_part = alpha * _counted(candidates, meaning, cosine, tuning)
    matched = lexical_part + vector_part
    thread = np.where(context, _thread(candidates.around, matched, roles, lengths, tuning), _ZERO)
    wordy = context & ~personal & (columns.category[candidates.ordinals] == 0)  # memories are short on purpose
    brevity = np.where(wordy, _brevity(lengths, tuning) * matched, _ZERO)
    own = np.where(personal & context & (roles == _USER) & (matched > 0), np.float32(tuning.own_prior), _ZERO)
    total = matched + thread + brevity + own
    return Scores(total, bm25, cosine, lexical_part, vector_part, thread, brevity, own)


def _counted(candidates: Candidates, leg: Leg, scores: Floats, tuning: Tuning) -> Floats:
    """What each candidate counts in a leg, from 0 to 1; `scores` are the leg's, nan where it does not list it."""
    if tuning.fusion == RANKS:
        return reciprocal_rank(scatter(candidates.keys, leg.keys, leg.ranks), tuning.rank_constant)
    return min_max(scores, leg.low[candidates.query], leg.high[candidates.query])


_USER = ROLES.index(Role.USER)
_ZERO = np.float32(0.0)


def _brevity(lengths: NDArray[np.int32], tuning: Tuning) -> Floats:
    """What a short message loses of its match: `brevity_slope` for each factor e below `long_characters`.

    BM25 and cosine both favour short texts ("thanks!" is near to much) more than they deserve.
    """
    share = np.clip(lengths, tuning.short_characters, tuning.long_characters) / tuning.long_characters
    return (tuning.brevity_slope * np.log(share)).astype(np.float32)


def _thread(
    around: NDArray[np.int64], matched: Floats, roles: NDArray[np.uint8], lengths: NDArray[np.int32], tuning: Tuning
) -> Floats:
    """What the messages around add: the two halves of an exchange to each other, and turns of one speaker."""
    padded = np.append(matched, np.float32(0.0))  # place -1, no candidate, gives 0
    before, after = around[0], around[1]
    speaker = np.append(roles, np.uint8(255))
    same_before, same_after = speaker[before] == roles, speaker[after] == roles
    answers = (speaker[before] == _USER) & ~same_before
    asks = (roles == _USER) & ~same_after
    gain = padded[before] * (tuning.before_weight * same_before + tuning.exchange_weight * answers)
    gain += padded[after] * (tuning.after_weight * same_after + tuning.exchange_weight * asks)
    gain += tuning.before_weight * padded[around[2]] + tuning.after_weight * padded[around[3]]
    faded: Floats = (tuning.thread_weight * gain / (1.0 + lengths / tuning.thread_characters)).astype(np.float32)
    return faded


def _leg(name: str, scores: Floats, parts: Floats, at: int, among: slice) -> LegScore:
    rank = rank_of(scores[among], at - among.start)
    return LegScore(name, rank or None, float(scores[at]) if rank else None, float(parts[at]))
