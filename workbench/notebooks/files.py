"""Notebooks as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, ValidationError
from nbformat.reader import NotJSONError

from workbench.errors import NotebookError

_VERSION = 4
_nbformat: Any = nbformat  # its functions carry no types


def read_notebook(path: Path) -> NotebookNode:
    """The notebook in a file.

    Raises:
        NotebookError: There is no such file, or it is not a notebook.
    """
    try:
        notebook: NotebookNode = _nbformat.read(str(path), as_version=_VERSION)
    except (NotJSONError, ValidationError, OSError, UnicodeDecodeError, KeyError, AttributeError) as error:
        reason = str(error).strip().splitlines()
        raise NotebookError(f"{path} cannot be read as a notebook", reason[0] if reason else "") from error
    return notebook


def as_text(notebook: NotebookNode) -> str:
    """The notebook as it is written to a file, with a line end at its end."""
    text: str = _nbformat.writes(notebook)
    return text + "\n"


def markdown_cell(text: str, *, identifier: str, tags: list[str]) -> NotebookNode:
    """A new cell of text."""
    cell: NotebookNode = _nbformat.v4.new_markdown_cell(text, id=identifier, metadata={"tags": tags})
    return cell


def node(values: dict[str, Any]) -> NotebookNode:
    """A part of a notebook."""
    made: NotebookNode = _nbformat.from_dict(values)
    return made
