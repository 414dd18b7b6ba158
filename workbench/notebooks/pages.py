"""An executed notebook as one HTML page that needs nothing else: no network, no server, no other file."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import plotly.io
from jinja2 import DictLoader
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from plotly.offline import get_plotlyjs

_FIGURE = "application/vnd.plotly.v1+json"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_exporter: Any = HTMLExporter  # carries no types
_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", "lasso2d"],
}

# nbconvert's own page, without the scripts that it would load from elsewhere. Formulas and Mermaid diagrams would need
# them; our notebooks have none.
_TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_css -%}
<style>
main { max-width: 1120px; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
.jp-Notebook { background: #fff; }
.jp-RenderedHTMLCommon mark { background: #ffe9a8; color: inherit; border-radius: 2px; }
</style>
{%- endblock -%}
"""


def page(notebook: NotebookNode, title: str) -> str:
    """The notebook as HTML with all it needs inside; Plotly's script is in it once if there is any figure."""
    prepared = deepcopy(notebook)
    prepared.metadata.pop("widgets", None)
    prepared.metadata["title"] = title
    figures = sum(_prepare(output) for cell in prepared.cells for output in cell.get("outputs", []))
    exporter = _exporter(extra_loaders=[DictLoader({"workbench.html.j2": _TEMPLATE})])
    exporter.template_file = "workbench.html.j2"
    html, _ = exporter.from_notebook_node(prepared)
    # put in afterwards: the exporter would parse five megabytes of script
    script = f'<script charset="utf-8">{get_plotlyjs()}</script>' if figures else ""
    return str(html).replace("</head>", f"{script}</head>", 1)


def _prepare(output: NotebookNode) -> bool:
    """Replace what only JupyterLab can show by HTML; returns whether it is a figure."""
    data = output.get("data", {})
    data.pop(_WIDGET, None)
    figure = data.pop(_FIGURE, None)
    if figure is None:
        return False
    div = plotly.io.to_html(
        figure, include_plotlyjs=False, include_mathjax=False, full_html=False, config=_CONFIG, validate=False
    )
    data["text/html"] = div
    return True
