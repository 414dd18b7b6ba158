"""A report as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly.io
from jinja2 import Environment
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from workbench.display.reporting.document import Document, Picture

_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ document.title }}</title>
<style>
  body { font: 15px/1.55 Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: #1f2933; margin: 0; }
  main { max-width: 1040px; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
  h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .5rem; }
  h2 { font-size: 1.2rem; margin: 2.75rem 0 .5rem; padding-top: 1rem; border-top: 1px solid #e8ebef; }
  p { max-width: 46rem; margin: .5rem 0; }
  .scroll { overflow-x: auto; margin: 1rem 0; }
  table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
  th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #e8ebef; text-align: left; vertical-align: top; }
  th { color: #66727f; font-weight: 600; }
  td { max-width: 26rem; }
  td.missed { color: #b42318; font-weight: 600; }
  nav ol { columns: 2; padding-left: 1.2rem; }
  a { color: #0b4a70; }
  figure { margin: 1rem 0; }
</style>
{% if script %}<script charset="utf-8">{{ script }}</script>{% endif %}
</head>
<body><main>
<h1>{{ document.title }}</h1>
<p>{{ document.summary }}</p>
<nav aria-label="Sections"><ol>
{% for section in document.sections %}<li><a href="#s{{ loop.index }}">{{ section.title }}</a></li>
{% endfor %}</ol></nav>
{% for section in document.sections %}
<h2 id="s{{ loop.index }}">{{ section.title }}</h2>
{% for paragraph in section.paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}
{% for table in section.tables %}
<div class="scroll"><table>
<thead><tr>{% for name in table.head %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows %}
<tr>{% for cell in row %}<td{% if cell == "MISSED" %} class="missed"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table></div>
{% endfor %}
{% for picture in section.pictures %}<figure aria-label="{{ picture.says }}">{{ draw(picture) }}</figure>
{% endfor %}
{% endfor %}
</main></body></html>
"""
_CONFIG: dict[str, Any] = {"displaylogo": False, "responsive": True, "displayModeBar": "hover"}


def write_page(document: Document, path: Path) -> None:
    """Write it to `path`.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = any(section.pictures for section in document.sections)
    template = Environment(autoescape=True, trim_blocks=True).from_string(_TEMPLATE)
    script = Markup(get_plotlyjs()) if drawn else ""
    path.write_text(template.render(document=document, draw=_drawn, script=script), encoding="utf-8")


def _drawn(picture: Picture) -> Markup:
    html = plotly.io.to_html(picture.figure, include_plotlyjs=False, full_html=False, config=_CONFIG)
    return Markup(html)
