"""The lines that lead from one notebook to the next, made from the notebooks that are there."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from nbformat import NotebookNode

from workbench.notebooks.files import markdown_cell, read_notebook

NAVIGATION_TAG = "navigation"


def navigated(notebook: NotebookNode, path: Path) -> NotebookNode:
    """The notebook with links to its neighbours in the folder of `path`, below its title and at its end."""
    line = navigation(path)
    result = deepcopy(notebook)
    result.cells = [cell for cell in result.cells if NAVIGATION_TAG not in cell.metadata.get("tags", [])]
    result.cells.insert(1, _cell(line, "navigation-top"))
    result.cells.append(_cell(line, "navigation-end"))
    return result


def navigation(path: Path) -> str:
    """Links to the notebooks before and after `path`, in the order of their numbers."""
    series = sorted(path.resolve().parent.glob("[0-9][0-9]_*.ipynb"))
    here = series.index(path.resolve())
    parts = []
    if here > 0:
        parts.append(f"← {_link(series[here - 1])}")
    if here + 1 < len(series):
        parts.append(f"{_link(series[here + 1])} →")
    return " · ".join(parts)


def _link(path: Path) -> str:
    title = read_notebook(path).cells[0].source.splitlines()[0].removeprefix("# ")
    return f"[{title}]({path.name})"


def _cell(text: str, identifier: str) -> NotebookNode:
    return markdown_cell(text, identifier=identifier, tags=[NAVIGATION_TAG])
