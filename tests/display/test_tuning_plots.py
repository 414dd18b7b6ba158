"""Pictures of tuning show what the kept run says: the front, the curve with its interval, effects, stages, progress."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go
import pytest
from made_tuning import KINDS, SPACE, cpu, quality, tuned

from workbench.display import plots
from workbench.experiments.runs import Run, RunHistory, read_run
from workbench.experiments.tuning.effects import main_effects


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run as it is read back: plain values."""
    return read_run(RunHistory(tmp_path).save(tuned(name="tonight")))


def trace(figure: go.Figure, name: str) -> go.Scatter:
    [found] = [one for one in figure.data if one.name == name]
    return found


def titles(figure: go.Figure) -> str:
    return f"{figure.layout.title.text} {figure.layout.title.subtitle.text}"


def test_the_front_is_marked_with_the_present_and_the_chosen_profile_and_their_intervals(run: Run) -> None:
    figure = plots.tuning_front(run)
    front = trace(figure, "front")
    assert list(front.x) == sorted(front.x)
    assert set(zip(front.x, front.y, strict=True)) == {(0.5, 0.9), (0.9, 0.96), (1.1, 0.99)}
    assert len(trace(figure, "trials, all queries").x) == 12
    assert (trace(figure, "chosen").x[0], trace(figure, "present profile").x[0]) == (pytest.approx(1.1), 0.9)
    assert trace(figure, "chosen").error_y.array[0] == pytest.approx(0.01)
    assert figure.layout.yaxis.range[0] < 0.89 < 1.0 < figure.layout.yaxis.range[1] < 1.02
    assert "recall 0.990 at 1.10 ms; present: 0.960 at 0.90 ms" in titles(figure)


def test_trials_on_part_of_the_queries_are_told_apart() -> None:
    figure = plots.tuning_front(tuned(shares=(0.25, 0.5)))
    partial = trace(figure, "trials, part of the queries")
    assert len(partial.x) == 2
    assert partial.error_y.array is None
    assert len(trace(figure, "trials, all queries").x) == 10


def test_the_curve_is_a_cut_through_the_winner_with_its_band_and_a_line_for_each_kind(run: Run) -> None:
    figure = plots.tuning_curve(run)
    line = trace(figure, "all queries")
    assert list(line.x) == list(SPACE["alpha"])
    best = {"expansion_search": 256}
    assert list(line.y) == pytest.approx([quality({"alpha": alpha, **best}) for alpha in SPACE["alpha"]])
    for kind in KINDS:
        assert trace(figure, kind).y[0] == pytest.approx(quality({"alpha": 0.1, **best}, kind))
    [band] = [one for one in figure.data if one.fill == "toself"]
    assert (max(band.y), len(band.y)) == (pytest.approx(quality({"alpha": 0.3, **best}) + 0.03), 8)
    assert "nDCG@10 is highest at alpha 0.3" in titles(figure)
    assert [one.text for one in figure.layout.annotations] == ["present"]


def test_a_curve_of_one_value_is_not_drawn(run: Run) -> None:
    assert "Fewer than two values" in plots.tuning_curve(run, parameter="fusion").layout.annotations[0].text


def test_the_surface_has_a_cell_for_each_pair_and_leaves_out_what_was_not_tried() -> None:
    [cells] = plots.tuning_surface(tuned(shares=(0.5,))).data
    assert [len(cells.z), len(cells.z[0])] == [3, 4]
    assert cells.z[0][0] is None
    assert cells.z[2][1] == pytest.approx(quality({"alpha": 0.3, "expansion_search": 256}))
    only = tuned(space={"expansion_search": (32, 128), "alpha": (0.3,)})
    assert "not tried together" in plots.tuning_surface(only).layout.annotations[0].text


def test_effects_put_the_strongest_parameter_first_and_are_right(run: Run) -> None:
    [marks] = plots.tuning_effects(run, of="ndcg@10").data
    found = dict(zip(marks.y, marks.x, strict=True))
    assert next(iter(found)) == "alpha <b>0.1</b>"
    assert found["alpha <b>0.3</b>"] - found["alpha <b>0.7</b>"] == pytest.approx(0.4)
    assert found["expansion_search <b>256</b>"] - found["expansion_search <b>32</b>"] == pytest.approx(0.06)
    costs = dict(zip(*[plots.tuning_effects(run, of="cpu_ms").data[0][axis] for axis in "yx"], strict=True))
    assert costs["expansion_search <b>256</b>"] - costs["expansion_search <b>32</b>"] == pytest.approx(0.6)


def test_effects_are_of_trials_on_the_same_queries_and_of_all_queries_if_they_suffice() -> None:
    assert "7 trials on 100%" in titles(plots.tuning_effects(tuned(shares=(0.25,) * 5)))
    few = plots.tuning_effects(tuned(shares=(0.25,) * 7))
    assert "7 trials on 25%" in titles(few), "5 full ones leave no error to estimate beside 4 unknowns"


def test_effects_are_freed_from_the_values_they_were_tried_with() -> None:
    """b = 1 was tried only where a is bad: plain means would call it worse, though it adds 1."""
    tried = [{"a": a, "b": b} for a, b in [("good", 0)] * 4 + [("bad", 1)] * 4 + [("bad", 0), ("good", 1)]]
    noise = [0.1, -0.1] * 5
    figures = [10 * (one["a"] == "good") + one["b"] + more for one, more in zip(tried, noise, strict=True)]
    found = {(one.parameter, one.value): one for one in main_effects(tried, figures)}
    assert found["b", 1].effect - found["b", 0].effect == pytest.approx(1.0, abs=0.2)
    assert found["b", 1].low is not None
    assert found["b", 1].low < found["b", 1].effect < found["b", 1].high
    assert found["a", "bad"].trials == 5


def test_effects_that_trials_cannot_tell_apart_have_no_interval() -> None:
    found = main_effects([{"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 1}], [1.0, 2.0, 1.0])
    assert {one.low for one in found} == {None}


def test_the_stages_add_up_to_the_query(run: Run) -> None:
    figure = plots.tuning_stages(run)
    present = run.details["finalists"][0]["trial"]["stages_ms"]
    assert sum(bars.x[0] for bars in figure.data) == pytest.approx(present["total"])
    assert [bars.name for bars in figure.data] == ["filter", "lexical", "embed", "vector", "fuse", "fetch"]
    assert [label.split(",")[0] for label in figure.data[0].y] == ["present", "chosen", "finalist 3"]
    assert titles(figure).startswith("vector takes ")


def test_progress_shows_every_run_and_what_is_good_enough(run: Run) -> None:
    half = tuned(strategy="halving", shares=(0.25,) * 6, name="quick")
    figure = plots.tuning_progress([run, half])
    assert [line.name for line in figure.data] == ["grid, tonight", "halving, quick"]
    assert (figure.data[0].x[-1], figure.data[1].x[-1]) == (12, 7.5), "each to the end of what it spent"
    assert list(figure.data[0].y) == sorted(figure.data[0].y)
    [zone] = figure.layout.shapes
    assert (zone.x1, zone.y0 / zone.y1) == (3.0, pytest.approx(0.95))
    for others in (half, [tuned(space={**SPACE, "alpha": (0.1, 0.3)}), half], [half, run]):
        assert plots.tuning_progress(others).layout.shapes == (), "no other grid of the same"


def test_many_runs_are_one_picture_the_oldest_on_top_with_their_gains() -> None:
    every = [tuned(made_at=f"2026-11-{day}", name=f"night {day}", outcome=said)
             for day, said in ((20, "better"), (18, "no difference shown"), (19, "better"))]  # fmt: skip
    figure = plots.tuning_runs(every)
    gains = figure.data[0]
    assert [text.split("</b>")[0] for text in figure.layout.yaxis.ticktext] == [
        "<b>night 18",
        "<b>night 19",
        "<b>night 20",
    ]
    assert [colour == "#ffffff" for colour in gains.marker.color] == [True, False, False]
    assert gains.error_x.array[0] == pytest.approx(0.02)
    assert "2 of 3 runs found something better" in titles(figure)
    chosen = [one for one in figure.data if one.name == "chosen"]
    assert chosen[1].x[0] == pytest.approx(cpu({"expansion_search": 256}))
    assert "no run of tuning yet" in plots.tuning_runs([]).layout.annotations[0].text


def test_a_name_given_by_somebody_cannot_become_markup() -> None:
    named = tuned(name="<script>alert(1)</script>")
    assert "<script>" not in plots.tuning_runs([named]).layout.yaxis.ticktext[0]
    assert "<script>" not in plots.tuning_progress([named, named]).to_json()


def test_statements_are_drawn_by_what_they_read_and_advised_ones_stand_out(tmp_path: Path) -> None:
    heard = [
        {"name": "messages by id", "operations": {"message": 1, "similar messages": 1}, "sql": "SELECT <1>",
         "milliseconds": 16.2, "scanned": 250_000, "returned": 1,
         "advice": [{"rule": "full scan", "finding": "all", "todo": "less"}]},
        {"name": "conversations", "operations": {"list": 1}, "sql": "SELECT 2", "milliseconds": 2.0, "scanned": 30,
         "returned": 0, "advice": []},
    ]  # fmt: skip
    header = {"made_at": "2026-11-21T10:00:00+00:00", "machine": {}, "versions": {}, "store": {"messages": 250_000},
              "parameters": {}}  # fmt: skip
    figure = plots.statement_costs(Run.of("statements", header, (), details={"statements": heard}))
    assert list(trace(figure, "rows read").x) == [250_001, 31]
    assert list(trace(figure, "rows given").x) == [2, 1]
    assert trace(figure, "rows read").y[0].startswith("message and 1 more")
    assert [line.line.color for line in figure.data if line.mode == "lines"] == ["#c2571a", "#d5dbe1"]
    assert "SELECT &lt;1&gt;" in trace(figure, "rows read").hovertext[0]
    assert "1 statement of 2 could read less" in titles(figure)
