"""What `workbench bench quality` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from workbench.cli.terminal import console
from workbench.evaluation.figures import MEASURES, OVERALL, Figure
from workbench.evaluation.report import QualityReport, SetRun
from workbench.evaluation.searching import BM25, HYBRID, VECTORS
from workbench.evaluation.targets import Verdict

_LEGEND = (
    "[dim]±: half of the 95 % bootstrap interval. over BM25: gain in nDCG@10, its interval, and p of a paired "
    "randomisation test.[/]"
)
_SURE, _SMALLEST = 0.05, 0.0001
_IN_CATEGORIES = "ndcg@10"
_NAMES = {"recall@5": "R@5", "recall@10": "R@10", "recall@20": "R@20", "mrr@10": "MRR@10", "ndcg@10": "nDCG@10"}


def print_report(report: QualityReport, split: str, *, verdicts: bool) -> None:
    """Print the figures of one split (of all queries, where a set has no halves) and, if wanted, the verdicts."""
    out = console()
    for run in report.runs:
        of_run = [one for one in report.figures if (one.dataset, one.embedder) == (run.dataset, run.embedder)]
        shown = split if any(one.split == split for one in of_run) else OVERALL
        _print_run(out, run, [one for one in of_run if one.split == shown], shown)
    out.print(_LEGEND)
    if verdicts:
        _print_verdicts(out, report.verdicts)


def _print_run(out: Console, run: SetRun, figures: Sequence[Figure], split: str) -> None:
    queries = next(one.queries for one in figures if one.category == OVERALL)
    halves = "" if split == OVERALL else f", {split} half"
    out.print(
        f"\n[bold]{run.dataset}[/], {escape(run.embedder)}{halves}: {queries:,} queries, {run.messages:,} messages "
        f"[dim]({escape(run.fingerprint)})[/]"
    )
    for remark in run.remarks:
        out.print(f"[dim]{escape(remark)}[/]")
    out.print(_systems([one for one in figures if one.category == OVERALL]))
    categories = [one for one in figures if one.category != OVERALL and one.measure == _IN_CATEGORIES]
    if len({one.category for one in categories}) > 1:
        out.print(_categories(categories))


def _systems(figures: Sequence[Figure]) -> Table:
    """A row a system, a column a measure, and what it gains over BM25 in nDCG@10. Below each figure its interval."""
    table = _table("system", *(_NAMES[measure] for measure in MEASURES), "over BM25", "p")
    for system in dict.fromkeys(one.system for one in figures):
        of_system = {one.measure: one for one in figures if one.system == system}
        cells = [f"{_number(one.estimate.mean)}\n[dim]±{_number(_half_width(one))}[/]" for one in of_system.values()]
        gain, p = _comparison(of_system[_IN_CATEGORIES], corrected=False)
        table.add_row(system, *cells, gain.replace(" ", "\n", 1), p)
    return table


def _categories(figures: Sequence[Figure]) -> Table:
    """A row a category: nDCG@10 of hybrid search and of its legs, and the gain over BM25."""
    table = _table("nDCG@10 by category", "n", "hybrid", "BM25", "vectors", "over BM25", "p, Holm")
    for category in dict.fromkeys(one.category for one in figures):
        of_category = {one.system: one for one in figures if one.category == category}
        means = [_number(of_category[name].estimate.mean) for name in (HYBRID.name, BM25.name, VECTORS.name)]
        hybrid = of_category[HYBRID.name]
        table.add_row(category.replace("_", " "), f"{hybrid.queries:,}", *means, *_comparison(hybrid, corrected=True))
    return table


def _print_verdicts(out: Console, verdicts: Sequence[Verdict]) -> None:
    missed = [one for one in verdicts if not one.met]
    out.print(f"\n[bold]{len(verdicts) - len(missed)} of {len(verdicts)} targets met[/]")
    for one in missed:
        where = f"{one.dataset}, {one.embedder}, {one.split}" + f", {one.category}" * (one.category != OVERALL)
        out.print(
            f"[red]missed[/] {escape(where)}: {_NAMES[one.measure]} of {one.system} is {_number(one.figure)}, "
            f"should be {escape(one.demand)}"
        )


def _comparison(figure: Figure, *, corrected: bool) -> tuple[str, str]:
    """The gain over BM25 with its interval, and p; green or red where it is not by chance."""
    if figure.comparison is None:
        return "", ""
    gain = figure.comparison.difference
    p = figure.comparison.p_holm if corrected else figure.comparison.p
    colour = ("green" if gain.mean > 0 else "red") if p < _SURE else "default"
    interval = f"[dim]{_signed(gain.low)} to {_signed(gain.high)}[/]"
    return f"[{colour}]{_signed(gain.mean)}[/] {interval}", "<.0001" if p < _SMALLEST else _number(p, digits=4)


def _half_width(figure: Figure) -> float:
    return (figure.estimate.high - figure.estimate.low) / 2


def _number(value: float, digits: int = 3) -> str:
    """As papers write a share: .819."""
    return f"{value:.{digits}f}".removeprefix("0")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("0.", ".", 1)


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table
