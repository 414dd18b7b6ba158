"""A report as Markdown, with its pictures as files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbench.display.plots.latency import save
from workbench.display.reporting.document import Document, Section, Table
from workbench.errors import UsageError

_IMAGES = "images"


def write_markdown(document: Document, path: Path, *, pictures: bool = True) -> list[str]:
    """Write it to `path`, and the pictures to the folder `images` beside it, as PNG.

    Returns why pictures are missing, empty if none is: without a Chromium on this machine there are none.

    Raises:
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn, missing = _draw(document, path.parent / _IMAGES) if pictures else (set(), [])
    lines = [f"# {document.title}", "", document.summary, ""]
    for section in document.sections:
        lines += _section(section, drawn)
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return missing


def _draw(document: Document, folder: Path) -> tuple[set[str], list[str]]:
    drawn: set[str] = set()
    for section in document.sections:
        for picture in section.pictures:
            try:
                save(picture.figure, folder / f"{picture.name}.png")
            except UsageError as error:
                return drawn, [str(error)]
            drawn.add(picture.name)
    return drawn, []


def _section(section: Section, drawn: set[str]) -> Iterator[str]:
    yield from (f"## {section.title}", "")
    for paragraph in section.paragraphs:
        yield from (paragraph, "")
    for table in section.tables:
        yield from (*markdown_table(table), "")
    for picture in section.pictures:
        if picture.name in drawn:
            yield from (f"![{picture.says}]({_IMAGES}/{picture.name}.png)", "")


def markdown_table(table: Table) -> Iterator[str]:
    """A table as lines; what has a meaning in Markdown is escaped."""
    yield "| " + " | ".join(map(_cell, table.head)) + " |"
    yield "|" + "---|" * len(table.head)
    for row in table.rows:
        yield "| " + " | ".join(map(_cell, row)) + " |"


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
