"""Asking every judged query of every system, and gathering what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from workbench.embedding import Embedder, load_embedder
from workbench.errors import UsageError
from workbench.evaluation.datasets import Dataset, load_dataset
from workbench.evaluation.figures import MEASURES, OVERALL, Drawing, Figure, figures, score
from workbench.evaluation.judgements import JudgedQuery, Split
from workbench.evaluation.reference import REFERENCE, reference_rankings
from workbench.evaluation.report import AskedQuery, FoundMessage, QualityReport, SetRun, WorstQuery
from workbench.evaluation.searching import DEPTH, HYBRID, SYSTEMS, names, ranking
from workbench.experiments.quality.stores import scratch_store
from workbench.ingest import Progress, Silent
from workbench.search import SearchEngine
from workbench.snapshot import Snapshot, open_snapshot

_WORST = 10  # of each set
_SHOWN = 3  # messages found instead
_BEGINNING = 240  # characters of a message


@dataclass(frozen=True, slots=True)
class QualityOptions:
    """What to measure. `datasets` is the folder of labelled sets of others; `split` is a half, or OVERALL for both.

    `work` keeps the scratch stores.
    """

    sets: Sequence[str]
    embedders: Sequence[str]
    work: Path
    samples: Path = Path("data/samples")
    datasets: Path | None = None
    split: str = str(Split.HELD_OUT)
    drawing: Drawing = field(default_factory=Drawing)


Rankings = Mapping[str, Sequence[Sequence[str]]]


def measure_quality(options: QualityOptions, progress: Progress | None = None) -> QualityReport:
    """Search the sets with each embedder and every system of SYSTEMS, and rank them by the REFERENCE.

    Raises:
        UsageError: A set is unknown, not there, or has no query in the half asked for. Nothing was measured.
        EmbeddingError: A model cannot be loaded.
    """
    watching = progress or Silent()
    if options.split not in (OVERALL, *Split):
        raise UsageError(f"there is no split {options.split!r}", "", f"there are: {', '.join((*Split, OVERALL))}")
    sets = [load_dataset(name, samples_folder=options.samples, folder=options.datasets) for name in options.sets]
    runs: list[SetRun] = []
    found: list[Figure] = []
    worst: list[WorstQuery] = []
    for name in options.embedders:
        embedder = load_embedder(name)
        for dataset in sets:
            run, its_figures, its_worst = _measure_set(dataset, embedder, options, watching)
            runs.append(run)
            found += its_figures
            worst += its_worst
    return QualityReport(_parameters(options), found, worst, runs)


def _measure_set(
    dataset: Dataset, embedder: Embedder, options: QualityOptions, progress: Progress
) -> tuple[SetRun, list[Figure], list[WorstQuery]]:
    store = scratch_store(dataset, embedder, work=options.work, progress=progress)
    with open_snapshot(store) as snapshot:
        judged = [one for one in dataset.judge(snapshot.catalog) if _wanted(one, options.split)]
        if not judged:
            raise UsageError(f"the set {dataset.name} has no query in its half {options.split!r}")
        rankings = _search(SearchEngine(snapshot, embedder), dataset.name, judged, progress)
        rankings[REFERENCE] = reference_rankings(dataset, judged, snapshot.lexical.stem, DEPTH)
        scores = {
            name: np.array([score(found, one.grades) for found, one in zip(lists, judged, strict=True)])
            for name, lists in rankings.items()
        }
        ndcg = scores[HYBRID.name][:, MEASURES.index("ndcg@10")]
        worst = [
            _worst(snapshot, dataset.name, embedder.name, judged[at], rankings[HYBRID.name][at], float(ndcg[at]))
            for at in np.argsort(ndcg, kind="stable")[:_WORST]
        ]
        counts = snapshot.manifest.counts
    run = SetRun(
        dataset.name, embedder.name, embedder.fingerprint, embedder.dimensions, counts["conversations"],
        counts["messages"], store.name, dataset.remarks, _asked(judged, rankings, scores),
    )  # fmt: skip
    return run, figures(dataset.name, embedder.name, judged, scores, options.drawing), worst


def _wanted(query: JudgedQuery, split: str) -> bool:
    return split == OVERALL or query.split is None or query.split == split


def _search(
    engine: SearchEngine, dataset: str, judged: Sequence[JudgedQuery], progress: Progress
) -> dict[str, list[list[str]]]:
    progress.start(f"{dataset}: searching", len(judged) * len(SYSTEMS), "queries")
    found: dict[str, list[list[str]]] = {}
    for system in SYSTEMS:
        found[system.name] = []
        for one in judged:
            found[system.name].append(ranking(engine, one, system))
            progress.advance(1)
    progress.finish()
    return found


def _asked(
    judged: Sequence[JudgedQuery],
    rankings: Rankings,
    scores: Mapping[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
) -> list[AskedQuery]:
    return [
        AskedQuery(
            one.id, one.text, one.kind, one.split and str(one.split), len(one.grades),
            {name: [round(float(value), 4) for value in of_all[at]] for name, of_all in scores.items()},
            {name: [rank for rank, identifier in enumerate(lists[at], 1) if identifier in one.grades]
             for name, lists in rankings.items()},
        )
        for at, one in enumerate(judged)
    ]  # fmt: skip


def _worst(
    snapshot: Snapshot, dataset: str, embedder: str, judged: JudgedQuery, found: Sequence[str], ndcg: float
) -> WorstQuery:
    ranks = {identifier: rank for rank, identifier in enumerate(found, start=1)}
    shown = dict.fromkeys((*judged.grades, *found[:_SHOWN]))
    texts = dict(
        snapshot.catalog.cursor().rows(
            f"SELECT id, left(content, {_BEGINNING}) FROM messages WHERE id IN (SELECT unnest($ids))",
            {"ids": list(shown)},
        )
    )
    messages = {
        identifier: FoundMessage(identifier, ranks.get(identifier), identifier in judged.grades, texts[identifier])
        for identifier in shown
    }
    return WorstQuery(
        dataset, embedder, judged.id, judged.text, judged.kind, round(ndcg, 4),
        [messages[identifier] for identifier in judged.grades], [messages[identifier] for identifier in found[:_SHOWN]],
    )  # fmt: skip


def _parameters(options: QualityOptions) -> dict[str, object]:
    """What the figures depend on; the places of files are none of it."""
    return {
        "sets": list(options.sets), "embedders": list(options.embedders), "split": options.split, "depth": DEPTH,
        "systems": {name: asdict(one) for name, one in zip(names(SYSTEMS), SYSTEMS, strict=True)},
        "drawing": asdict(options.drawing),
    }  # fmt: skip
