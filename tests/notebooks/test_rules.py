"""The notebooks in the repository are readable programs, and clean."""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_files import NOTEBOOKS, REPOSITORY, code, notebook, text

from workbench.notebooks import NO_OUTPUT_TAG, cleaned, faults, known_parameters
from workbench.notebooks.files import read_notebook
from workbench.notebooks.navigation import navigated

TITLE = text("# Title\n\n> And what it is about.")
PARAMETERS = code('store = "x"  # where', "parameters", count=1)

committed = pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in NOTEBOOKS])


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 3


@committed
def test_a_committed_notebook_keeps_the_rules(path: Path) -> None:
    assert faults(read_notebook(path)) == []


@committed
def test_a_committed_notebook_links_to_its_neighbours(path: Path) -> None:
    """If not: `python -m workbench.notebooks --refresh notebooks/*.ipynb` writes the links."""
    here = read_notebook(path)
    assert here == navigated(here, path)


@committed
def test_a_committed_notebook_states_results(path: Path) -> None:
    assert any("assert " in cell.source for cell in read_notebook(path).cells if cell.cell_type == "code")


@committed
def test_a_committed_notebook_explains_every_cell(path: Path) -> None:
    cells = [cell for cell in read_notebook(path).cells if "parameters" not in cell.metadata.get("tags", [])]
    previous = [one.cell_type for one in cells]
    bare = [
        cell.source.splitlines()[0]
        for cell, before in zip(cells[1:], previous, strict=False)
        if cell.cell_type == "code" and before == "code"
    ]
    assert bare == []


@committed
def test_a_committed_notebook_has_all_outputs_that_are_compared(path: Path) -> None:
    """A cell that ends in a name shows something: it must hold its output, or say that it is not compared."""
    for cell in read_notebook(path).cells:
        if cell.cell_type == "code" and cell.source.splitlines()[-1].isidentifier():
            assert bool(cell.outputs) != (NO_OUTPUT_TAG in cell.metadata.get("tags", [])), cell.source


@committed
def test_a_committed_notebook_names_no_folder_of_a_machine(path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    assert str(REPOSITORY) not in written
    assert str(Path.home()) + "/" not in written


@committed
def test_papermill_reads_every_parameter_with_its_default(path: Path) -> None:
    known = known_parameters(path)
    assert known.get("store", "../data/store") == "../data/store"
    assert "../data/samples" in known.values()


BROKEN = [
    ([PARAMETERS], "the first cell is not a title"),
    ([text("# Title"), PARAMETERS], "the first cell is not a title"),
    ([TITLE], "0 cells are tagged parameters"),
    ([TITLE, PARAMETERS, code("k = 3  # hits", "parameters", count=2)], "2 cells are tagged parameters"),
    ([TITLE, code("k = 3", "parameters", count=1)], "a parameter without a comment: k = 3"),
    ([TITLE, code("k = 3 + n  # some", "parameters", count=1)], "not a parameter with a literal default: k = 3 + n"),
    ([TITLE, PARAMETERS, code("def f():\n    return 1", count=2)], "cell 3 defines a function"),
    ([TITLE, PARAMETERS, code("class A:\n    pass", count=2)], "cell 3 defines a function or class"),
    ([TITLE, PARAMETERS, code("!ls", count=2)], "cell 3 runs a shell"),
    ([TITLE, PARAMETERS, code("%pip install x", count=2)], "cell 3 runs a shell or a magic"),
    ([TITLE, PARAMETERS, code("\n".join(f"a{i} = {i}" for i in range(15)), count=2)], "cell 3 has 15 lines"),
    ([TITLE, PARAMETERS, code("1", count=7)], "its execution counts"),
    ([TITLE, PARAMETERS, code("1", NO_OUTPUT_TAG, output="1")], "its execution counts, outputs"),
]


@pytest.mark.parametrize(("cells", "fault"), BROKEN, ids=[fault for _, fault in BROKEN])
def test_a_broken_rule_is_named(cells: list[dict[str, object]], fault: str) -> None:
    found = faults(notebook(*cells))
    assert len(found) == 1
    assert found[0].startswith(fault)


def test_cleaning_keeps_words_and_outputs_and_takes_out_the_rest() -> None:
    before = notebook(
        TITLE, PARAMETERS, code("1 + 1", output="2", count=3), code("2", NO_OUTPUT_TAG, output="9", count=4)
    )
    before.metadata["widgets"] = {"state": {}}
    before.cells[2].metadata["papermill"] = {"duration": 1.0}
    after = cleaned(before)
    assert [cell.source for cell in after.cells] == [cell.source for cell in before.cells]
    assert after.cells[2].outputs[0]["data"] == {"text/plain": "2"}
    assert after.cells[3].outputs == []
    assert [cell.execution_count for cell in after.cells[1:]] == [1, 2, None]
    assert set(after.metadata) == {"kernelspec", "language_info"}
    assert after.cells[2].metadata == {}
    assert cleaned(after) == after
    assert faults(after) == []
