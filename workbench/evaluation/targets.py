"""What the search is held to, in one table, and whether it meets it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.evaluation.figures import OVERALL, Figure
from workbench.evaluation.judgements import Split
from workbench.evaluation.reference import REFERENCE
from workbench.evaluation.searching import BM25, HYBRID, VECTORS

_HELD_OUT = str(Split.HELD_OUT)
_COMPARED = ("recall@10", "ndcg@10")
_WITHIN = 0.02


@dataclass(frozen=True, slots=True)
class Target:
    """A range that one measure of one system has to lie in, over all categories. `embedder` None means any."""

    dataset: str
    split: str
    system: str
    embedder: str | None
    measure: str
    least: float
    most: float = 1.0
    source: str = "the project's goal"


def _published(dataset: str, split: str, measure: str, figure: float) -> tuple[Target, Target]:
    """Plain BM25 must come close to what others published, or something is wrong with the set-up; ours not be worse."""
    low, high = figure - _WITHIN, figure + _WITHIN
    return (
        Target(dataset, split, REFERENCE, None, measure, low, high, "published, ± 0.02"),
        Target(dataset, split, BM25.name, None, measure, low, source="published, less 0.02"),
    )


TARGETS = (
    Target("locomo", _HELD_OUT, HYBRID.name, "static", "recall@10", 0.76),
    Target("locomo", _HELD_OUT, HYBRID.name, "static", "ndcg@10", 0.56),
    Target("locomo", _HELD_OUT, HYBRID.name, "minilm", "recall@10", 0.78),
    Target("locomo", _HELD_OUT, HYBRID.name, "minilm", "ndcg@10", 0.58),
    Target("scifact", _HELD_OUT, HYBRID.name, "static", "ndcg@10", 0.71),
    Target("scifact", _HELD_OUT, HYBRID.name, "minilm", "ndcg@10", 0.72),
    Target("assistant_chats", _HELD_OUT, HYBRID.name, "static", "recall@10", 0.70),
    Target("assistant_chats", _HELD_OUT, HYBRID.name, "minilm", "recall@10", 0.72),
    # On the same data and granularity: embeddings-benchmark results (bm25s), and BEIR for SciFact
    *_published("locomo", OVERALL, "recall@10", 0.616),
    *_published("locomo", OVERALL, "ndcg@10", 0.481),
    *_published("scifact", _HELD_OUT, "ndcg@10", 0.687),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one demand is met: `figure` is what was measured, `demand` says what it had to be."""

    dataset: str
    embedder: str
    split: str
    category: str
    system: str
    measure: str
    figure: float
    demand: str
    met: bool


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    """Every demand that can be judged by these figures, in the order of the figures."""
    found = [verdict for figure in figures for verdict in _of_table(figure)]
    return found + list(_against_legs(figures))


def _of_table(figure: Figure) -> Iterator[Verdict]:
    if figure.category != OVERALL:
        return
    for one in TARGETS:
        asked = (one.dataset, one.split, one.system, one.embedder or figure.embedder, one.measure)
        if asked == (figure.dataset, figure.split, figure.system, figure.embedder, figure.measure):
            upper = f" and at most {one.most:.3f}" if one.most < 1.0 else ""
            demand = f"at least {one.least:.3f}{upper} ({one.source})"
            yield _verdict(figure, demand, met=one.least <= figure.estimate.mean <= one.most)


def _against_legs(figures: Sequence[Figure]) -> Iterator[Verdict]:
    """Hybrid search is to be no worse than its better leg over all, and than BM25 in every category."""
    mean = {
        (one.dataset, one.embedder, one.split, one.category, one.measure, one.system): one.estimate.mean
        for one in figures
    }
    with_halves = {one.dataset for one in figures if one.split == _HELD_OUT}
    categories = defaultdict(set)
    for one in figures:
        categories[one.dataset].add(one.category)
    for one in figures:
        reported = one.split == _HELD_OUT or one.dataset not in with_halves
        if not (reported and one.system == HYBRID.name and one.measure in _COMPARED):
            continue
        if one.category != OVERALL and len(categories[one.dataset]) == 2:  # the only one: the same as over all
            continue
        key = (one.dataset, one.embedder, one.split, one.category, one.measure)
        for leg in (BM25.name, VECTORS.name) if one.category == OVERALL else (BM25.name,):
            demand = f"at least {mean[*key, leg]:.3f} ({leg} alone)"
            yield _verdict(one, demand, met=one.estimate.mean >= mean[*key, leg])


def _verdict(figure: Figure, demand: str, *, met: bool) -> Verdict:
    return Verdict(
        figure.dataset, figure.embedder, figure.split, figure.category, figure.system, figure.measure,
        figure.estimate.mean, demand, met,
    )  # fmt: skip
