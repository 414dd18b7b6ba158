"""Reports of stored runs, as Markdown and as one HTML page.

document = assemble(newest(history.runs()), PICTURES)
write_page(document, Path("report.html"))
"""

from workbench.display.reporting.assembling import KINDS, assemble, newest
from workbench.display.reporting.document import Document, Picture, Section, Table
from workbench.display.reporting.markdown import write_markdown
from workbench.display.reporting.page import write_page

__all__ = ["KINDS", "Document", "Picture", "Section", "Table", "assemble", "newest", "write_markdown", "write_page"]
