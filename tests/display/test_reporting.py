"""A report says what runs measured: all of it, nothing else."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import plotly.graph_objects as go
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from workbench.cli import main
from workbench.display.reporting import Picture, Table, assemble, newest, write_markdown, write_page
from workbench.display.reporting.markdown import markdown_table
from workbench.experiments.runs import LOWER, Figure, Run, RunHistory


def run(kind: str = "load", day: int = 20, p95: float = 12.5, *, met: bool | None = True, cache: str = "") -> Run:
    header = {
        "made_at": f"2026-11-{day}T10:00:00+00:00",
        "machine": {"processor": "Test CPU", "cores": 2, "memory_bytes": 24 * 2**30},
        "versions": {"python": "3.11.7", "memory-workbench": "0.1.0"},
        "store": {"messages": 250_012, "embedder": "static"},
        "parameters": {"users": 50, "cache": cache},
    }  # fmt: skip
    verdict = {"name": "p95", "limit": 30.0, "at_least": False, "unit": "ms", "figure": p95, "met": met}
    figures = [Figure("p95", p95, "ms", LOWER), Figure("requests a second", 987.0, "/s")]
    return Run.of(kind, header, figures, verdicts=[verdict])


def report(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["report", *map(str, arguments)])


def test_every_figure_and_verdict_of_a_run_is_in_both_forms(tmp_path: Path) -> None:
    history = RunHistory(tmp_path)
    for one in (run("search", p95=12.5), run("service", p95=44.0, met=False)):
        history.save(one)
    said = report("--runs", tmp_path, "--out", tmp_path / "out")
    assert said.exit_code == 0, said.output
    assert "2 runs, 1 of 2 targets met." in said.output
    for name in ("report.md", "report.html"):
        text = (tmp_path / "out" / name).read_text(encoding="utf-8")
        for wanted in (
            "12.5 ms",
            "44 ms",
            "30 ms",
            "987 /s",
            "MISSED",
            "Test CPU, 2 cores, 24 GiB",
            "250,012 messages",
        ):
            assert wanted in text, (name, wanted)


def test_no_figure_stands_in_a_report_that_no_run_has() -> None:
    document = assemble([run()], {})
    numbers = {"12.5", "30", "987"}
    shown = {
        number
        for section in document.sections[1:]
        for table in section.tables
        for row in table.rows
        for cell in row[1:]
        for number in re.findall(r"[\d.,]+", cell)
    }
    assert shown == numbers


def test_the_newest_of_each_kind_is_taken_and_of_the_load_one_for_each_state_of_the_cache() -> None:
    old, new = run(day=19), run(day=20)
    warm, off = run(cache="warm", p95=3.0), run(cache="off", p95=9.0)
    assert newest([new, old]) == [new]
    assert newest([run("stress"), new], ["load"]) == [new]
    document = assemble(newest([warm, off]), {})
    [effect] = [section for section in document.sections if section.title == "What the cache does"]
    assert ["p95", "3 ms", "9 ms"] in [list(row) for row in effect.tables[0].rows]


def test_what_no_run_measured_is_named_and_other_machines_are_pointed_out() -> None:
    elsewhere = run("stress")
    elsewhere = Run.of(
        "stress", {**_header(elsewhere), "machine": {"processor": "Other", "cores": 64}}, elsewhere.figures
    )
    document = assemble([run(), elsewhere], {})
    assert "Tuning" in document.sections[-1].paragraphs[0]
    assert "Load" not in document.sections[-1].paragraphs[0].replace("Load,", "")
    assert "2 different machines" in document.sections[0].paragraphs[0]


def _header(one: Run) -> dict[str, object]:
    return {"made_at": one.made_at.isoformat(), "machine": one.machine, "versions": one.versions, "store": one.store,
            "parameters": one.parameters}  # fmt: skip


@pytest.mark.slow
def test_pictures_are_files_beside_the_markdown_and_live_in_the_page(tmp_path: Path) -> None:
    picture = Picture("curve", "A curve that rises", go.Figure(go.Scatter(x=[1, 2], y=[3, 4])))
    document = assemble([run()], {"load": lambda _: [picture]})
    missing = write_markdown(document, tmp_path / "report.md")
    write_page(document, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("Plotly.newPlot(") == 1
    assert "<script src" not in page
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    if shutil.which("chromium"):
        assert missing == []
        assert (tmp_path / "images" / "curve.png").read_bytes().startswith(b"\x89PNG")
        assert "![A curve that rises](images/curve.png)" in text
    else:
        assert "Chromium" in missing[0]
        assert "curve.png" not in text


def test_without_runs_or_with_an_unknown_one_it_says_so(tmp_path: Path) -> None:
    nothing = report("--runs", tmp_path)
    assert nothing.exit_code != 0
    assert "there is no run to report" in nothing.output
    RunHistory(tmp_path).save(run())
    assert "no run called 'nightly'" in report("--runs", tmp_path, "--run", "nightly").output
    assert "no run of stress to report" in report("--runs", tmp_path, "--kind", "stress").output


def test_json_names_the_runs_and_the_folder(tmp_path: Path) -> None:
    kept = run("search")
    RunHistory(tmp_path).save(kept)
    said = json.loads(report("--runs", tmp_path, "--no-pictures", "--json").output)
    assert said["runs"] == [kept.id]
    assert Path(said["folder"], "report.html").is_file()


def test_names_from_a_run_cannot_become_markup(tmp_path: Path) -> None:
    header = {**_header(run()), "parameters": {"query": "<script>alert(1)</script>"}}
    write_page(assemble([Run.of("load", header, [Figure("<b>p95</b>", 1.0)])], {}), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<b>p95" not in page


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_a_row_of_a_table_has_as_many_cells_whatever_they_hold(cells: list[str]) -> None:
    *_, row = markdown_table(Table(["x"] * len(cells), [cells]))
    assert len(re.split(r"(?<!\\)(?:\\\\)*\|", row)) == len(cells) + 2
