from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from starlette.datastructures import QueryParams

from workbench.cli import main
from workbench.embedding import Embedder
from workbench.errors import StoreError, UsageError
from workbench.evaluation.significance import Estimate
from workbench.experiments.runs import Run, RunHistory
from workbench.experiments.tuning import Objective, Trial, TuningPlan, TuningResult, apply_run, reset, to_run, tune
from workbench.experiments.tuning.figures import front_of, gain_of
from workbench.experiments.tuning.measuring import Measured
from workbench.experiments.tuning.models import scratch_snapshot
from workbench.experiments.tuning.queries import ANSWER, REWORDED, WORDS, judged_queries
from workbench.experiments.tuning.report import lines, verdict
from workbench.experiments.tuning.result import BETTER, SAME
from workbench.http_api.wire.parameters import to_query
from workbench.http_api.wire.recall_request import RecallRequest
from workbench.index import VectorProfile
from workbench.ingest import Silent
from workbench.search.tuning import DEFAULT
from workbench.settings import Settings
from workbench.snapshot import StoreProfile, open_snapshot, read_profile, write_profile
from workbench.workspace import Workbench

pytestmark = pytest.mark.slow

SAMPLES = Path("data/samples")
PLAN = TuningPlan(
    {"connectivity": (4, 16), "precision": ("i8", "b1"), "expansion_search": (10, 64), "alpha": (0.0, 0.3, 1.0)},
    start={"exact_below": 0, "alpha": 1.0, "connectivity": 4}, queries="samples", finalists=2, repeats=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """A store of the samples, which no test changes."""
    store = tmp_path_factory.mktemp("tuned") / "store"
    with Workbench(Settings(store=store, ray="off")) as memory:
        memory.ingest(SAMPLES)
    return store


@pytest.fixture(scope="module")
def reader(samples: Path) -> Iterator[Workbench]:
    with Workbench(Settings(store=samples, ray="off")) as memory:
        yield memory


@pytest.fixture(scope="module")
def result(reader: Workbench) -> TuningResult:
    return tune(reader.engine, PLAN)


@pytest.fixture
def store(samples: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(samples, tmp_path / "store"))


def test_a_search_measures_and_counts_what_it_tries(result: TuningResult) -> None:
    effort = result.effort
    assert len(result.trials) == effort.evaluations
    assert effort.full_evaluations == pytest.approx(sum(one.share for one in result.trials))
    assert effort.configurations == len({tuple(one.parameters.items()) for one in result.trials}) <= effort.grid == 24
    assert 1 <= effort.builds <= effort.grid_builds == 4
    assert result.winner.score == max(one.score for one in result.trials if one.is_full)
    assert result.path[-1][1] == result.winner.score


def test_a_trial_has_figures_with_intervals_times_and_kinds(result: TuningResult) -> None:
    for one in result.trials:
        assert set(one.figures) == {"ndcg@10", "mrr@10", "recall@10", "vector recall@10"}
        assert all(0 <= value.low <= value.mean <= value.high <= 1 for value in one.figures.values())
        assert 0 < one.p50_ms <= one.p95_ms
        assert one.cpu_ms > 0
        assert one.index_bytes > 0
        assert {"lexical", "vector", "fuse", "total"} <= set(one.stages_ms)
        measure, recall = one.figures["ndcg@10"].mean, one.figures["vector recall@10"].mean
        assert one.score == pytest.approx(measure - max(0, 0.95 - recall) - 0.005 * one.cpu_ms)
    assert set(result.winner.by_kind) <= set(result.queries.chosen_on)


def test_signs_alone_find_fewer_of_the_nearest_than_bytes(result: TuningResult) -> None:
    recalls = {
        precision: max(
            one.figures["vector recall@10"].mean for one in result.trials if one.parameters["precision"] == precision
        )
        for precision in ("i8", "b1")
    }
    assert recalls["b1"] < recalls["i8"]


def test_the_winner_is_judged_on_queries_that_did_not_choose_it(samples: Path, result: TuningResult) -> None:
    with open_snapshot(samples) as snapshot:
        queries = judged_queries(snapshot, PLAN, SAMPLES)
    assert not {one.judged.id for one in queries.choosing} & {one.judged.id for one in queries.judging}
    assert sum(result.queries.chosen_on.values()) + sum(result.queries.judged_on.values()) == 40
    assert result.finalist("present").gain == Estimate(0.0, 0.0, 0.0)
    assert result.finalist("best").trial.parameters == result.winner.parameters
    assert result.finalist("best").trial.queries == len(queries.judging)


def test_a_search_leaves_the_store_as_it_is(samples: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in samples.rglob("*")}
    with Workbench(Settings(store=samples, ray="off")) as memory:
        plan = TuningPlan({"alpha": (0.2, 0.4)}, queries="samples", count=12, finalists=1, repeats=1)
        found = tune(memory.engine, plan, work=tmp_path / "work")
    assert {path: path.stat().st_mtime_ns for path in samples.rglob("*")} == before
    assert list((tmp_path / "work").iterdir()) == []
    assert any("parameters of the index change nothing" in remark for remark in found.remarks)


def test_another_model_is_tried_on_a_copy_whose_known_vectors_are_used_again(samples: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in samples.rglob("*") if path.name != "writer.lock"}
    snapshot, embedder = scratch_snapshot(samples, "static", tmp_path / "copy", Silent())
    with snapshot, open_snapshot(samples) as own:
        assert snapshot.store == tmp_path / "copy"
        assert snapshot.texts.ids.tolist() == own.texts.ids.tolist()
        assert snapshot.manifest.fingerprint == embedder.fingerprint
        assert snapshot.manifest.texts_digest == own.manifest.texts_digest
    assert {path: path.stat().st_mtime_ns for path in samples.rglob("*") if path.name != "writer.lock"} == before


def test_the_run_is_kept_and_can_be_told_again(result: TuningResult, tmp_path: Path) -> None:
    run = to_run(result, "mine")
    RunHistory(tmp_path).save(run)
    again = RunHistory(tmp_path).find("mine", "tuning")
    assert again.figure("best: ndcg@10") == result.finalist("best").trial.figures["ndcg@10"].mean
    assert again.details["trials"][result.best]["parameters"] == dict(result.winner.parameters)
    assert list(lines(again)) == list(lines(run))


def test_queries_of_ones_own_messages_come_in_three_kinds_and_have_answers(samples: Path) -> None:
    with open_snapshot(samples) as snapshot:
        found = judged_queries(snapshot, replace(PLAN, queries="own", count=30), SAMPLES)
        known = set(snapshot.texts.ids.astype(str).tolist())
    assert found.described.chosen_on == found.described.judged_on == {ANSWER: 5, REWORDED: 5, WORDS: 5}
    assert {one.judged.kind for one in found.choosing[:3]} == {ANSWER, REWORDED, WORDS}
    for one in (*found.choosing, *found.judging):
        assert one.judged.grades.keys() <= known
        assert one.judged.grades
        assert (one.filters.roles == ("assistant",)) == (one.judged.kind == ANSWER)


def _measured(quality: float, *, seed: int, spread: float = 0.1) -> Measured:
    drawn = np.random.default_rng(seed).normal(quality, spread, (200, 3))
    return Measured(drawn, np.full(200, 0.99), np.full(200, 2.0), np.full(200, 2.0), {"total": 2.0})


def test_a_gain_has_an_interval_that_tells_noise_from_a_difference() -> None:
    same = gain_of(_measured(0.5, seed=1), _measured(0.5, seed=2), Objective())
    assert same.low < 0 < same.high
    more = gain_of(_measured(0.6, seed=1), _measured(0.5, seed=2), Objective())
    assert 0.05 < more.low < 0.1 < more.high < 0.15
    slow = replace(_measured(0.5, seed=1), cpu_ms=np.full(200, 12.0))
    assert gain_of(slow, _measured(0.5, seed=1), Objective()).mean == pytest.approx(-0.05)


def test_the_front_has_what_nothing_beats_in_both(result: TuningResult) -> None:
    def trial(number: int, recall: float, cpu: float, share: float = 1.0) -> Trial:
        figures = {"vector recall@10": Estimate(recall, recall, recall)}
        parameters = {"expansion_search": number, "alpha": 0.3}
        return replace(result.winner, number=number, parameters=parameters, figures=figures, cpu_ms=cpu, share=share)

    trials = [
        trial(0, 0.9, 1.0),
        trial(1, 0.95, 2.0),
        trial(2, 0.92, 3.0),
        trial(3, 0.99, 9.0),
        trial(4, 1.0, 0.1, 0.5),
    ]
    assert front_of(trials) == (0, 1, 3)
    alike = [
        replace(trials[1], number=5, parameters={"expansion_search": 1, "alpha": 0.5}, cpu_ms=0.1),
        replace(trials[1], number=6, parameters={"expansion_search": 1, "alpha": 0.7}, cpu_ms=50.0),
    ]
    assert front_of([*trials, *alike]) == (0, 1, 3)


@pytest.mark.parametrize(
    "plan",
    [
        TuningPlan({}), TuningPlan({"alhpa": (0.1,)}), TuningPlan({"alpha": (1.1,)}),
        TuningPlan({"precision": ("f8",)}), TuningPlan({"connectivity": (1,)}), TuningPlan({"expansion_add": (0.5,)}),
        replace(PLAN, strategy="luck"), replace(PLAN, objective=Objective("speed")), replace(PLAN, budget=0),
        replace(PLAN, queries="nowhere.jsonl"), replace(PLAN, held_out=1.0), replace(PLAN, count=4),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_followed_is_refused(reader: Workbench, plan: TuningPlan) -> None:
    with pytest.raises(UsageError):
        tune(reader.engine, plan)


@pytest.fixture(scope="module")
def run(result: TuningResult) -> Run:
    """A run that chose other weights and another graph than the defaults."""
    index = VectorProfile(connectivity=8, expansion_search=77, exact_below=0)
    chosen = {"embedder": "static", "index": index.as_dict(), "search": {"alpha": 0.65, "fusion": "rrf"}}
    return to_run(replace(result, chosen=chosen, outcome=BETTER))


def test_what_is_applied_holds_in_a_fresh_process_and_with_every_import(store: Path, run: Run, tmp_path: Path) -> None:
    apply_run(store, run)
    told = (
        "import json, sys; from workbench.workspace import Workbench\n"
        "memory = Workbench.open(sys.argv[1]); engine = memory.engine; index = engine.snapshot.vectors\n"
        "found = memory.search('flat loaf')\n"
        "print(json.dumps([engine.tuning.changed, index.profile.as_dict(), index.is_exact, found.query.alpha]))"
    )
    done = subprocess.run([sys.executable, "-c", told, str(store)], capture_output=True, text=True, check=True)
    tuning, profile, exact, alpha = json.loads(done.stdout)
    assert tuning == {"alpha": 0.65, "fusion": "rrf"}
    assert profile == run.details["chosen"]["index"]
    assert not exact
    assert alpha == 0.65
    with Workbench(Settings(store=store, ray="off")) as memory:
        generation = memory.snapshot.generation
        memory.remember("Quokkas are related to wallabies.")
        memory.rebuild(anew=True)
        assert memory.snapshot.generation > generation
        assert memory.engine.tuning.changed == tuning
        assert "tuned on" in memory.stats().tuned


def test_every_surface_searches_by_what_is_applied_unless_it_names_a_weight(store: Path, run: Run) -> None:
    apply_run(store, run)
    assert to_query(QueryParams("q=loaf")).alpha is None
    assert to_query(QueryParams("q=loaf&mode=lexical")).alpha == 0.0
    assert RecallRequest.model_validate({"query": "loaf"}).to_query().alpha is None
    assert RecallRequest.model_validate({"query": "loaf", "alpha": 0.2}).to_query().alpha == 0.2
    told = CliRunner().invoke(main, ["search", "loaf", "--store", str(store), "--json"])
    assert json.loads(told.output)["query"]["alpha"] == 0.65
    named = CliRunner().invoke(main, ["search", "loaf", "--store", str(store), "--json", "--alpha", "0.2"])
    assert json.loads(named.output)["query"]["alpha"] == 0.2
    stats = CliRunner().invoke(main, ["stats", "--store", str(store)])
    doctor = CliRunner().invoke(main, ["doctor", "--store", str(store)])
    assert run.id in stats.output
    assert run.id in doctor.output


def test_a_profile_says_what_was_before_and_can_be_left_for_the_next_publication(store: Path, run: Run) -> None:
    profile = apply_run(store, run, publish=False)
    assert profile == read_profile(store)
    assert profile.tuned_by["run"] == run.id
    assert profile.tuned_by["before"] == {"embedder": "static", "index": VectorProfile().as_dict(), "search": {}}
    with Workbench(Settings(store=store, ray="off")) as memory:
        assert memory.engine.tuning == DEFAULT
        memory.rebuild()
        assert memory.engine.tuning.alpha == 0.65
        generation = memory.snapshot.generation
        memory.rebuild()
        assert memory.snapshot.generation == generation
        assert reset(store)
        memory.refresh()
        assert memory.engine.tuning == DEFAULT
        assert memory.snapshot.vectors.profile == VectorProfile()
        assert not memory.stats().tuned
    assert not reset(store)


def test_a_damaged_profile_is_named_before_anything_is_read(store: Path) -> None:
    for text in (
        "{",
        '{"format": 1, "index": {"precision": "f8"}}',
        '{"format": 1, "index": {}, "search": {"alhpa": 1}}',
    ):
        (store / "profile.json").write_text(text)
        with Workbench(Settings(store=store, ray="off")) as memory, pytest.raises((StoreError, UsageError)):
            memory.ingest(SAMPLES)
    (store / "profile.json").write_text("{")
    told = CliRunner().invoke(main, ["doctor", "--store", str(store)])
    assert told.exit_code == 1
    assert "workbench tune --reset" in told.output


def test_a_manifest_from_before_profiles_opens_and_is_searched_by_the_defaults(store: Path, embedder: Embedder) -> None:
    [path] = (store / "snapshots").glob("*/manifest.json")
    found = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in found.items() if name not in ("search", "tuned_by")}))
    with Workbench(Settings(store=store, ray="off")) as memory:
        assert memory.engine.tuning == DEFAULT
        assert memory.search("flat loaf").query.alpha == 0.3


def test_a_profile_is_written_whole(tmp_path: Path) -> None:
    profile = StoreProfile(VectorProfile(connectivity=12), {"alpha": 0.4}, "minilm", {"run": "r"})
    write_profile(tmp_path, profile)
    assert read_profile(tmp_path) == profile
    assert [path.name for path in tmp_path.iterdir()] == ["profile.json"]


def test_a_winner_within_noise_is_not_called_better_nor_applied(
    store: Path, result: TuningResult, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "is shown" in verdict(to_run(replace(result, outcome=SAME, chosen={"search": {"alpha": 0.9}})))
    found = replace(result, outcome=SAME, chosen={**result.present, "search": {"alpha": 0.9}})
    monkeypatch.setattr("workbench.experiments.tuning.tune", lambda *given, **options: found)
    told = CliRunner().invoke(main, ["tune", "--store", str(store), "--runs", str(tmp_path), "--apply"])
    assert told.exit_code == 0, told.output
    assert "Nothing was applied. --force" in told.output
    assert not (store / "profile.json").exists()
    forced = CliRunner().invoke(
        main, ["tune", "--store", str(store), "--runs", str(tmp_path), "--apply", "--force", "--json"]
    )
    assert json.loads(forced.stdout)["applied"]
    assert read_profile(store).search == {"alpha": 0.9}


def test_the_command_tunes_keeps_its_run_and_uses_it_later(store: Path, tmp_path: Path) -> None:
    command = ["tune", "--store", str(store), "--runs", str(tmp_path)]
    search = [
        "--queries",
        "samples",
        "--count",
        "16",
        "--param",
        "alpha=0.2,0.3",
        "--strategy",
        "grid",
        "--name",
        "one",
    ]
    told = CliRunner().invoke(main, [*command, *search])
    assert told.exit_code == 0, told.output
    assert "Judged on held-out queries" in told.output
    used = CliRunner().invoke(main, [*command, "--use", "one"])
    assert used.exit_code == 0, used.output
    assert read_profile(store).tuned_by["name"] == "one"
    again = CliRunner().invoke(main, [*command, "--reset", "--json"])
    assert json.loads(again.stdout) == {"reset": True, "published": True}
    wrong = CliRunner().invoke(main, [*command, "--param", "alhpa=1"])
    assert wrong.exit_code == 2
    assert "alhpa" in wrong.output
