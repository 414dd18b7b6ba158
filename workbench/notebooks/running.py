"""Running one notebook with parameters, in this interpreter, and keeping what came of it."""

from __future__ import annotations

import ast
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill
from nbclient.exceptions import CellControlSignal
from papermill.exceptions import PapermillException, PapermillExecutionError

from workbench.errors import NotebookError, UsageError
from workbench.notebooks.files import read_notebook
from workbench.notebooks.kernels import Limit, kernels
from workbench.notebooks.pages import page

PARAMETERS_TAG = "parameters"
_INJECTED = "injected-parameters"


@dataclass(frozen=True, slots=True)
class NotebookRun:
    """A notebook that ran to its end: where it is now, its page (None if none was wanted), and how long it took."""

    notebook: Path
    executed: Path
    html: Path | None
    parameters: Mapping[str, object]
    seconds: float


def run_notebook(
    notebook: Path, *, output: Path, parameters: Mapping[str, object] | None = None, html: bool = True,
    timeout: float | None = None,
) -> NotebookRun:  # fmt: skip
    """Run `notebook` and write it, executed, under its own name into the folder `output`, with an HTML page beside it.

    The kernel is this interpreter, its working directory the folder of the notebook: relative paths among the
    parameters are taken from there. Of a notebook that fails, what ran is written all the same. Progress is shown on
    standard error if that is a terminal. A notebook that takes longer than `timeout` seconds is stopped. However this
    ends, the kernel and every process that came from it end too.

    Raises:
        UsageError: A parameter is not one of the notebook's, or `output` is the folder of the notebook.
        NotebookError: The notebook cannot be read, a cell of it failed, or its time was over.
    """
    notebook = notebook.resolve()
    given = _checked(notebook, parameters or {})
    if output.resolve() == notebook.parent:
        raise UsageError(
            f"{notebook.name} would be overwritten by its own run", "", "give another folder as the output"
        )
    output.mkdir(parents=True, exist_ok=True)
    executed = output.resolve() / notebook.name
    begun = time.perf_counter()
    limit = Limit(timeout) if timeout else None
    try:
        _execute(notebook, executed, given, limit)
    except PapermillExecutionError as error:
        _write_page(executed, wanted=html)
        raise _failure(notebook, executed, error, limit) from error
    except (PapermillException, CellControlSignal, RuntimeError) as error:  # a dead or silent kernel is a RuntimeError
        raise NotebookError(
            f"{notebook.name} could not be run to its end",
            _too_long(limit) or _last_line(f"{type(error).__name__}: {error}"),
            f"what ran is kept in {executed}",
        ) from error
    written = _write_page(executed, wanted=html)
    return NotebookRun(notebook, executed, written, given, time.perf_counter() - begun)


def known_parameters(notebook: Path) -> dict[str, Any]:
    """The parameters of a notebook with their defaults, from the cell tagged `parameters`.

    Read from the syntax tree: papermill's own inspection takes a line at a time and ends a default at the first `#`.

    Raises:
        NotebookError: It is not a notebook, or a default is not a literal.
    """
    cells = read_notebook(notebook).cells
    source = "\n".join(cell.source for cell in cells if PARAMETERS_TAG in cell.metadata.get("tags", []))
    try:
        return {name: ast.literal_eval(value) for name, value in _assignments(ast.parse(source))}
    except (ValueError, SyntaxError) as error:
        raise NotebookError(
            f"a parameter of {notebook.name} has a default that is not a literal",
            str(error),
            "write a number, a string, True, False, None or a list of these",
        ) from error


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            yield statement.target.id, statement.value
        elif isinstance(statement, ast.Assign):
            yield from ((target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name))


def _checked(notebook: Path, parameters: Mapping[str, object]) -> dict[str, object]:
    known = known_parameters(notebook)
    unknown = [name for name in parameters if name not in known]
    if unknown:
        raise UsageError(
            f"{notebook.name} has no parameter {', '.join(map(repr, unknown))}",
            "",
            f"its parameters are: {', '.join(known) or 'none'}",
        )
    return {name: str(value) if isinstance(value, Path) else value for name, value in parameters.items()}


def _execute(notebook: Path, executed: Path, parameters: Mapping[str, object], limit: Limit | None) -> None:
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # a debugger's remarks on stderr are no output
    with kernels(limit) as kind:
        papermill.execute_notebook(
            str(notebook),
            str(executed),
            parameters=dict(parameters),
            cwd=str(notebook.parent),
            progress_bar={"desc": notebook.name} if sys.stderr.isatty() else False,
            kernel_manager_class=kind,
        )


def _failure(notebook: Path, executed: Path, error: PapermillExecutionError, limit: Limit | None) -> NotebookError:
    """The error of a cell, with the cell's number in the notebook as it was given, counted from 1."""
    cells = read_notebook(executed).cells
    above = cells[: error.cell_index + 1]  # papermill has put a remark on top: what stood above the cell, and it
    # the cell with the given parameters is not in the notebook as it was given
    number = error.cell_index + 1 - any(_INJECTED in cell.metadata.get("tags", []) for cell in above)
    return NotebookError(
        f"{notebook.name} failed in cell {number} (In [{error.exec_count}])",
        _too_long(limit) or _last_line(f"{error.ename}: {error.evalue}" if error.evalue else error.ename),
        f"what ran is kept in {executed}",
    )


def _write_page(executed: Path, *, wanted: bool) -> Path | None:
    if not wanted:
        return None
    target = executed.with_suffix(".html")
    target.write_text(page(read_notebook(executed), executed.stem), encoding="utf-8")
    return target


def _too_long(limit: Limit | None) -> str:
    return f"it was stopped: it took longer than {limit.seconds:g} s" if limit and limit.reached else ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
