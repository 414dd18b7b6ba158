from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from notebook_files import code, text, write
from plotly.offline import get_plotlyjs

from workbench.errors import NotebookError, UsageError
from workbench.notebooks import known_parameters, refresh, run_notebook
from workbench.notebooks.__main__ import main
from workbench.notebooks.files import read_notebook

TITLE = text("# Title\n\n> And what it is about.")
PARAMETERS = code('name = "Mara"  # whom to greet\ntimes = 2  # how often', "parameters")
GREET = code('print("Hello", name, times)')
FIGURE = "import plotly.graph_objects as go\ngo.Figure(go.Bar(x=[1], y=[2]))"


def outputs(path: Path) -> str:
    return "".join(o.get("text", "") for cell in read_notebook(path).cells for o in cell.get("outputs", []))


def test_a_run_keeps_the_executed_notebook_and_a_page_and_leaves_the_notebook_alone(tmp_path: Path) -> None:
    source = write(tmp_path / "notebooks" / "greet.ipynb", TITLE, PARAMETERS, GREET)
    before = source.read_bytes()
    run = run_notebook(source, output=tmp_path / "runs", parameters={"name": "Jonas"})
    assert outputs(run.executed) == "Hello Jonas 2\n"
    assert run.html is not None
    assert "Hello Jonas 2" in run.html.read_text(encoding="utf-8")
    assert source.read_bytes() == before
    assert run.seconds > 0
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {"greet.ipynb", "greet.html"}


def test_the_kernel_is_this_interpreter_in_the_notebooks_folder_whatever_kernels_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {"argv": ["/bin/false", "{connection_file}"], "display_name": "Another", "language": "python"}
    kernel = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    where = code("import os, sys\nprint(sys.executable)\nprint(os.getcwd())")
    source = write(tmp_path / "notebooks" / "where.ipynb", TITLE, PARAMETERS, where)
    run = run_notebook(source, output=tmp_path / "runs", html=False)
    assert outputs(run.executed).split() == [sys.executable, str(tmp_path / "notebooks")]
    assert run.html is None


def test_a_page_needs_nothing_else_and_holds_plotly_once(tmp_path: Path) -> None:
    widget = code("import ipywidgets\nipywidgets.IntSlider()")
    source = write(tmp_path / "in" / "figures.ipynb", TITLE, PARAMETERS, code(FIGURE), code(FIGURE), widget)
    run = run_notebook(source, output=tmp_path / "runs")
    assert run.html is not None
    html = run.html.read_text(encoding="utf-8")
    script = get_plotlyjs()
    assert html.count(script) == 1
    own = html.replace(script, "")
    assert own.count("Plotly.newPlot(") == 2
    for loading in ("<script src", "<link", "import(", "cdn", "unpkg"):
        assert loading not in own
    assert 'charset="utf-8"' in own


def test_a_page_without_figures_is_small(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "greet.ipynb", TITLE, PARAMETERS, GREET)
    run = run_notebook(source, output=tmp_path / "runs")
    assert run.html is not None
    assert run.html.stat().st_size < 600_000


def test_a_failing_cell_is_named_with_its_last_line_and_what_ran_is_kept(tmp_path: Path) -> None:
    failing = code('raise ValueError("first line\\nthe bread did not rise")')
    source = write(tmp_path / "in" / "bake.ipynb", TITLE, PARAMETERS, GREET, failing, code("print('never')"))
    with pytest.raises(NotebookError) as caught:
        run_notebook(source, output=tmp_path / "runs", parameters={"times": 5})
    assert "bake.ipynb failed in cell 4" in caught.value.what
    assert caught.value.why == "the bread did not rise"
    assert str(tmp_path / "runs" / "bake.ipynb") in caught.value.todo
    assert outputs(tmp_path / "runs" / "bake.ipynb") == "Hello Mara 5\n"
    assert "Hello Mara 5" in (tmp_path / "runs" / "bake.html").read_text(encoding="utf-8")


def test_without_given_parameters_the_cells_are_counted_alike(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "bake.ipynb", TITLE, PARAMETERS, code("assert times > 2, 'too few'"))
    with pytest.raises(NotebookError, match=r"failed in cell 3 \(In \[2\]\)\. AssertionError: too few"):
        run_notebook(source, output=tmp_path / "runs", html=False)


def test_a_kernel_that_dies_is_an_error_like_any_other(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "die.ipynb", TITLE, PARAMETERS, code("import os\nos._exit(1)"))
    with pytest.raises(NotebookError, match=r"die\.ipynb could not be run to its end.*died"):
        run_notebook(source, output=tmp_path / "runs", html=False)


def test_an_unknown_parameter_is_refused_before_anything_runs(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "greet.ipynb", TITLE, PARAMETERS, GREET)
    with pytest.raises(UsageError, match=r"no parameter 'nmae'. Its parameters are: name, times"):
        run_notebook(source, output=tmp_path / "runs", parameters={"nmae": "Mara"})
    assert not (tmp_path / "runs").exists()


def test_a_notebook_is_never_run_over_itself(tmp_path: Path) -> None:
    source = write(tmp_path / "greet.ipynb", TITLE, PARAMETERS, GREET)
    with pytest.raises(UsageError, match="overwritten"):
        run_notebook(source, output=tmp_path)


def test_parameters_are_read_with_their_defaults(tmp_path: Path) -> None:
    cell = code("a = -1.5  # x\nb = [1, 2]  # y\nc = None  # z\nd = True  # w\ne = '# no comment'  # v", "parameters")
    assert known_parameters(write(tmp_path / "n.ipynb", TITLE, cell)) == {
        "a": -1.5, "b": [1, 2], "c": None, "d": True, "e": "# no comment",
    }  # fmt: skip


def test_a_file_that_is_no_notebook_is_an_error_in_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(NotebookError, match="cannot be read as a notebook"):
        run_notebook(broken, output=tmp_path / "runs")
    with pytest.raises(NotebookError, match="cannot be read as a notebook"):
        run_notebook(tmp_path / "absent.ipynb", output=tmp_path / "runs")


def test_the_command_runs_a_notebook_with_values_of_the_defaults_kind(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "greet.ipynb", TITLE, PARAMETERS, GREET)
    called = [str(source), "--output", str(tmp_path / "runs"), "-p", "times", "7", "-p", "name", "7", "--no-html"]
    result = CliRunner().invoke(main, called)
    assert result.exit_code == 0, result.output
    assert "greet.ipynb: " in result.stdout
    assert outputs(tmp_path / "runs" / "greet.ipynb") == "Hello 7 7\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--output", "runs", "-p", "times", "often"], "the parameter times cannot be 'often'"),
        (["--output", "runs", "-p", "times", "True"], "the parameter times cannot be 'True'"),
        (["--output", "runs", "-p", "color", "red"], "no parameter 'color'"),
        ([], "there is no folder for the result"),
        (["--refresh", "-p", "times", "1"], "--refresh takes neither"),
    ],
)
def test_a_wrong_call_is_answered_in_words(tmp_path: Path, arguments: list[str], said: str) -> None:
    source = write(tmp_path / "in" / "greet.ipynb", TITLE, PARAMETERS, GREET)
    result = CliRunner().invoke(main, [str(source), *arguments])
    assert result.exit_code == 2
    assert result.stderr.startswith("workbench: ")
    assert said in result.stderr


def test_the_command_reports_a_failing_notebook_without_a_traceback(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "bake.ipynb", TITLE, PARAMETERS, code("1 / 0"))
    result = CliRunner().invoke(main, [str(source), "--output", str(tmp_path / "runs")])
    assert result.exit_code == 1
    assert "ZeroDivisionError: division by zero" in result.stderr
    assert "Traceback" not in result.stderr


def project(folder: Path, *cells: dict[str, object]) -> Path:
    """A project with one notebook and one sample."""
    (folder / "data" / "samples").mkdir(parents=True)
    (folder / "data" / "samples" / "one.txt").write_text("a sample", encoding="utf-8")
    return write(folder / "notebooks" / "00_first.ipynb", TITLE, PARAMETERS, *cells)


def test_refreshing_keeps_the_outputs_that_are_compared_and_touches_nothing_else(tmp_path: Path) -> None:
    writing = code(
        "from pathlib import Path\nPath('../data/store').mkdir()\nPath('../data/samples/one.txt').read_text()"
    )
    source = project(tmp_path, writing, code("import time\ntime.time()", "nbval-ignore-output"))
    refresh([source])
    after = read_notebook(source)
    assert [cell.get("outputs", []) for cell in after.cells if cell.cell_type == "code"][2] == []
    assert "a sample" in source.read_text(encoding="utf-8")
    assert not (tmp_path / "data" / "store").exists()


def test_a_notebook_that_fails_is_not_refreshed_nor_are_those_before_it(tmp_path: Path) -> None:
    good = project(tmp_path, GREET)
    bad = write(tmp_path / "notebooks" / "01_second.ipynb", TITLE, PARAMETERS, code("1 / 0"))
    before = good.read_bytes(), bad.read_bytes()
    with pytest.raises(NotebookError, match="ZeroDivisionError"):
        refresh([good, bad])
    assert (good.read_bytes(), bad.read_bytes()) == before


def test_an_output_that_names_a_folder_of_the_machine_is_not_written_back(tmp_path: Path) -> None:
    source = project(tmp_path, code("import os\nos.getcwd()"))
    with pytest.raises(NotebookError, match="names a folder of this machine"):
        refresh([source])


def test_refreshing_without_samples_says_where_they_were_looked_for(tmp_path: Path) -> None:
    source = write(tmp_path / "notebooks" / "00_first.ipynb", TITLE, PARAMETERS, GREET)
    with pytest.raises(UsageError, match="no samples"):
        refresh([source])
