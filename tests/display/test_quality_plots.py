from __future__ import annotations

import plotly.graph_objects as go
import pytest
from labelled_files import ROOT

from workbench.display import judging, plots
from workbench.errors import UsageError
from workbench.evaluation.figures import Drawing
from workbench.evaluation.report import FoundMessage, QualityReport, WorstQuery
from workbench.experiments.quality import QualityOptions, measure_quality


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> QualityReport:
    return measure_quality(
        QualityOptions(
            ["samples"],
            ["static"],
            tmp_path_factory.mktemp("work"),
            ROOT / "data" / "samples",
            drawing=Drawing(500, 500),
        )
    )


def titles(figure: go.Figure) -> str:
    return f"{figure.layout.title.text} {figure.layout.title.subtitle.text}"


def mean(report: QualityReport, system: str, measure: str, category: str = "all") -> float:
    [found] = [one for one in report.figures if (one.system, one.measure, one.category) == (system, measure, category)]
    return found.estimate.mean


def test_the_curves_pass_through_the_recalls_of_the_table(report: QualityReport) -> None:
    figure = plots.recall_curves(report, "samples", "static")
    lines = {trace.name: trace.y for trace in figure.data if trace.mode == "lines"}
    assert set(lines) == {"hybrid", "BM25", "vectors", "equal weight"}
    for system, curve in lines.items():
        for k in (5, 10, 20):
            assert curve[k - 1] == pytest.approx(mean(report, system, f"recall@{k}"), abs=1e-3)
        assert list(curve) == sorted(curve)
    assert f"{mean(report, 'hybrid', 'recall@10'):.0%} are among the first 10" in titles(figure)


def test_every_category_has_a_bar_of_every_system_with_its_interval(report: QualityReport) -> None:
    figure = plots.quality_by_category(report, "samples", "static", measure="recall@10")
    assert [bars.name for bars in figure.data] == ["hybrid", "BM25", "vectors", "equal weight"]
    assert list(figure.data[0].x) == [
        "paraphrase<br>(18)",
        "keyword<br>(7)",
        "mixed<br>(10)",
        "time/person<br>detail<br>(5)",
    ]
    assert figure.data[1].y[0] == mean(report, "BM25", "recall@10", "paraphrase")
    assert min(figure.data[0].error_y.array) >= 0
    assert "recall@10, samples, static, 40 queries" in titles(figure)


def test_a_gain_is_a_mark_with_its_interval_filled_if_it_is_sure(report: QualityReport) -> None:
    [marks] = plots.gains_over_bm25(report, "static").data
    assert len(marks.x) == 5
    assert marks.y[-1] == "<b>samples, all</b> (40)"
    assert marks.x[-1] == pytest.approx(mean(report, "hybrid", "ndcg@10") - mean(report, "BM25", "ndcg@10"))
    sure = [one[3] < 0.05 for one in marks.customdata]
    assert [colour != "#ffffff" for colour in marks.marker.color] == sure
    assert "samples" in str(plots.gains_over_bm25(report, "static", measure="recall@10").data[0].y)


def test_what_was_not_measured_is_said(report: QualityReport) -> None:
    with pytest.raises(UsageError, match=r"'locomo' was not measured.*samples with static"):
        plots.recall_curves(report, "locomo", "static")
    with pytest.raises(UsageError, match=r"no measure 'map'"):
        plots.quality_by_category(report, "samples", "static", measure="map")
    nothing = plots.gains_over_bm25(report, "minilm")
    assert "Nothing was measured with minilm." in nothing.layout.annotations[0].text


def test_the_table_has_a_row_a_system_and_no_gain_for_bm25_itself(report: QualityReport) -> None:
    table = judging.systems_frame(report)
    assert table["system"].to_list() == ["hybrid", "BM25", "vectors", "equal weight", "BM25, textbook"]
    assert table["recall@10"][0] == round(mean(report, "hybrid", "recall@10"), 3)
    assert table.filter(system="BM25").select("gain", "low", "high", "p").row(0) == (None,) * 4


def test_the_worst_queries_come_first_with_their_answers_and_what_was_found_instead(report: QualityReport) -> None:
    assert [one.ndcg for one in report.worst] == sorted(one.ndcg for one in report.worst)
    for one in report.worst:
        assert one.wanted
        assert all(found.relevant for found in one.wanted)
        assert [found.rank for found in one.found] == [1, 2, 3]
    assert judging.worst_html(report.worst, 2).count("found instead") == 2


def test_what_messages_say_cannot_become_markup() -> None:
    message = FoundMessage("m", None, True, "<script>alert(1)</script>")
    html = judging.worst_html([WorstQuery("set", "static", "1", "<b>", "<i>", 0.0, [message], [])])
    assert "<script>" not in html
    assert "<i>" not in html
    assert "not found" in html
