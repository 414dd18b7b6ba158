from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from labelled_files import ROOT, SHARED, needs, write_assistant_chats, write_locomo, write_scifact

from workbench.cli import main
from workbench.evaluation.figures import MEASURES
from workbench.experiments.runs import RunHistory

SAMPLES = ROOT / "data" / "samples"
SYSTEMS = ["hybrid", "BM25", "vectors", "equal weight", "BM25, textbook"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in an empty folder, and know of no labelled sets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKBENCH_DATASETS", raising=False)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


def call(work: Path, *arguments: object) -> Result:
    fixed = ("bench", "quality", "--work", work, "--samples", SAMPLES)
    return CliRunner().invoke(main, [str(argument) for argument in (*fixed, *arguments)])


def test_the_samples_are_measured_and_everything_is_written(work: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports" / "quality.json"
    result = call(work, "--out", out)
    assert result.exit_code == 0, result.output
    assert "samples, static: 40 queries" in result.output
    assert all(system in result.output for system in SYSTEMS)
    assert "paraphrase" in result.output
    written = json.loads(out.read_text(encoding="utf-8"))
    [run] = written["runs"]
    assert len(run["queries"]) == 40
    assert run["queries"][0]["scores"].keys() == set(SYSTEMS)
    assert run["fingerprint"].startswith("static-")
    assert written["parameters"]["drawing"] == {"resamples": 10_000, "permutations": 20_000, "seed": 7}
    assert {"machine", "versions", "verdicts", "worst"} <= written.keys()
    assert written["versions"]["tantivy"][0].isdigit()


def test_the_run_is_kept_with_a_figure_for_each_system(work: Path, tmp_path: Path) -> None:
    call(work, "--runs", tmp_path, "--name", "mine")
    kept = RunHistory(tmp_path).find("mine", "quality")
    assert {"samples, all, static: hybrid ndcg@10", "samples, all, static: BM25 recall@10"} <= {
        one.name for one in kept.figures
    }
    assert kept.met is not None


def test_a_figure_is_the_mean_of_the_scores_written_beside_it(work: Path) -> None:
    report = json.loads(call(work, "--json").stdout)
    [run] = report["runs"]
    for one in report["figures"]:
        at = MEASURES.index(one["measure"])
        asked = [query for query in run["queries"] if one["category"] in ("all", query["category"])]
        scores = [query["scores"][one["system"]][at] for query in asked]
        assert one["queries"] == len(scores)
        assert one["estimate"]["mean"] == pytest.approx(sum(scores) / len(scores), abs=1e-4)
        assert one["estimate"]["low"] <= one["estimate"]["mean"] + 1e-9 <= one["estimate"]["high"] + 2e-9
    again = json.loads(call(work, "--json").stdout)
    assert again["figures"] == report["figures"]


def test_check_fails_exactly_if_a_demand_is_missed_and_names_each(work: Path, tmp_path: Path) -> None:
    result = call(work, "--check", "--out", tmp_path / "q.json")
    verdicts = json.loads((tmp_path / "q.json").read_text(encoding="utf-8"))["verdicts"]
    missed = [one for one in verdicts if not one["met"]]
    assert len(verdicts) == 12
    assert result.exit_code == (1 if missed else 0)
    assert f"{12 - len(missed)} of 12 targets met" in result.output
    assert result.output.count("missed samples, static, all") == len(missed)


@pytest.mark.slow
def test_sets_of_others_are_measured_by_halves(work: Path, tmp_path: Path) -> None:
    write_locomo(tmp_path), write_assistant_chats(tmp_path), write_scifact(tmp_path)
    report = json.loads(call(work, "--datasets", tmp_path, "--split", "tune", "--json").stdout)
    asked = {run["dataset"]: len(run["queries"]) for run in report["runs"]}
    assert asked == {"samples": 40, "locomo": 10, "assistant_chats": 10, "scifact": 1}
    assert {one["split"] for one in report["figures"] if one["dataset"] != "samples"} == {"tune"}
    best = {one["dataset"]: one["estimate"]["mean"] for one in report["figures"]
            if (one["system"], one["measure"], one["category"]) == ("BM25", "recall@5", "all")}  # fmt: skip
    assert (best["assistant_chats"], best["scifact"]) == (1.0, 1.0)


def test_check_looks_at_both_halves_and_fails_on_thresholds(work: Path, tmp_path: Path) -> None:
    write_scifact(tmp_path)
    result = call(work, "--datasets", tmp_path, "--set", "scifact", "--check", "--json")
    report = json.loads(result.stdout)
    assert {one["split"] for one in report["figures"]} == {"all", "tune", "held-out"}
    published = [one for one in report["verdicts"] if "published" in one["demand"]]
    assert [(one["system"], one["figure"], one["met"]) for one in published] == [
        ("BM25", 1.0, True), ("BM25, textbook", 1.0, False),
    ]  # fmt: skip
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "locomo"), "--datasets DIR or WORKBENCH_DATASETS"),
        (("--set", "scifact", "--datasets", "."), "scifact/qrels_test.tsv"),
        (("--samples", "nowhere"), "give --samples DIR"),
        (("--set", "trec"), "'trec' is not one of"),
        (("--split", "half"), "'half' is not one of"),
    ],
)
def test_a_foreseeable_mistake_is_answered_in_words(work: Path, arguments: tuple[str, ...], said: str) -> None:
    result = call(work, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output + result.stderr


@pytest.mark.slow
@needs("locomo")
@needs("scifact")
def test_textbook_bm25_on_the_real_sets_gives_what_others_published(work: Path) -> None:
    arguments = ("--datasets", SHARED, "--set", "locomo", "--set", "scifact", "--check", "--json")
    report = json.loads(call(work, *arguments).stdout)
    published = [one for one in report["verdicts"] if one["demand"].endswith("(published, ± 0.02)")]
    assert [(one["dataset"], one["measure"]) for one in published] == [
        ("locomo", "recall@10"), ("locomo", "ndcg@10"), ("scifact", "ndcg@10"),
    ]  # fmt: skip
    assert all(one["met"] for one in published), published
