"""The notebooks in the repository: what they may contain, and how they are brought into that state.

`refresh` runs them in a copy of the project's notebooks and samples, so that nobody's store is touched, and writes back
what a reader should see and nbval should compare: text outputs that are the same on every run. The rest (pictures,
timings, numbers of generations, paths) is tagged `nbval-ignore-output` and committed without its outputs.
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode

from workbench.errors import NotebookError, UsageError
from workbench.notebooks.files import as_text, node, read_notebook
from workbench.notebooks.navigation import navigated
from workbench.notebooks.running import PARAMETERS_TAG, run_notebook

NO_OUTPUT_TAG = "nbval-ignore-output"
_MAX_LINES = 14
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_SUBTITLE = re.compile(r"# .+\n\n> .+")
_MAGIC = re.compile(r"^\s*[!%]", re.MULTILINE)


def cleaned(notebook: NotebookNode) -> NotebookNode:
    """The notebook as it is committed: no metadata but tags, no outputs where they vary, no history in its counts.

    nbval compares a cell only if it has an execution count: such a cell has its place among the cells of code, which is
    the count that a run from the top gives; the others have none.
    """
    result = deepcopy(notebook)
    result.nbformat, result.nbformat_minor = 4, 5
    result.metadata = node(_METADATA)
    place = 0
    for cell in result.cells:
        tags = sorted(set(cell.metadata.get("tags", [])))
        cell.metadata = node({"tags": tags} if tags else {})
        cell.source = cell.source.strip()
        if cell.cell_type == "code":
            place += 1
            compared = NO_OUTPUT_TAG not in tags
            cell.execution_count = place if compared else None
            cell.outputs = [_cleaned_output(output, place) for output in cell.outputs] if compared else []
    return result


def _cleaned_output(output: NotebookNode, place: int) -> NotebookNode:
    if "execution_count" in output:
        output.execution_count = place
    if "metadata" in output:
        output.metadata = node({})
    return output


def faults(notebook: NotebookNode) -> list[str]:
    """What is against our rules for notebooks; empty if nothing is."""
    return [*_faults_of_structure(notebook), *_faults_of_cells(notebook), *_faults_of_state(notebook)]


def _faults_of_structure(notebook: NotebookNode) -> Iterator[str]:
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not _SUBTITLE.match(first.source):
        yield "the first cell is not a title with a one-line subtitle (# ..., then > ...)"
    parameters = [cell for cell in notebook.cells if PARAMETERS_TAG in cell.metadata.get("tags", [])]
    if len(parameters) != 1:
        yield f"{len(parameters)} cells are tagged {PARAMETERS_TAG}, not one"
    for cell in parameters:
        for line in cell.source.splitlines():
            if "  # " not in line:
                yield f"a parameter without a comment: {line}"
        for statement in ast.parse(cell.source).body:
            if not isinstance(statement, ast.Assign) or not _is_literal(statement.value):
                yield f"not a parameter with a literal default: {ast.unparse(statement)}"


def _faults_of_cells(notebook: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        if _MAGIC.search(cell.source):
            yield f"cell {number} runs a shell or a magic"
            continue
        if len(cell.source.splitlines()) > _MAX_LINES:
            yield f"cell {number} has {len(cell.source.splitlines())} lines, more than {_MAX_LINES}"
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        if any(isinstance(node, defined) for node in ast.walk(ast.parse(cell.source))):
            yield f"cell {number} defines a function or class, which belongs into the package"


def _faults_of_state(notebook: NotebookNode) -> Iterator[str]:
    if notebook != cleaned(notebook):
        yield "its execution counts, outputs or metadata are not as `--refresh` leaves them"


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


def refresh(notebooks: Sequence[Path], *, samples: Path | None = None) -> None:
    """Run each notebook in a copy of its project and write it back clean; none is written unless all succeed.

    `samples` is the folder of sample exports (default: data/samples beside the folder of the notebooks). The notebooks
    run in the order given, on one store of their own, which is gone afterwards.

    Raises:
        UsageError: There are no samples.
        NotebookError: A notebook failed.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-notebooks-") as folder:
        results = [_refreshed(notebook, samples, Path(folder)) for notebook in notebooks]
    for notebook, result in zip(notebooks, results, strict=True):
        notebook.write_text(as_text(result), encoding="utf-8")


def _refreshed(notebook: Path, samples: Path | None, folder: Path) -> NotebookNode:
    copy = project_copy(notebook, folder / "project", samples)
    run = run_notebook(copy, output=folder / "executed", html=False)
    result = cleaned(navigated(read_notebook(run.executed), notebook))
    if str(folder) in as_text(result):
        raise NotebookError(
            f"an output of {notebook.name} names a folder of this machine", "",
            f"tag the cell {NO_OUTPUT_TAG}, or show less",
        )  # fmt: skip
    return result


def project_copy(notebook: Path, folder: Path, samples: Path | None = None) -> Path:
    """Copy a notebook to `folder`/notebooks and the samples to `folder`/data/samples; returns the copy."""
    source = samples or notebook.resolve().parent.parent / "data" / "samples"
    if not source.is_dir():
        raise UsageError(f"there are no samples in {source}", "", "give the folder of sample exports")
    target = folder / "data" / "samples"
    if not target.exists():
        shutil.copytree(source, target)
    (folder / "notebooks").mkdir(exist_ok=True)
    return Path(shutil.copy(notebook, folder / "notebooks"))
