"""The page of a run: its steps, what they took, where their pages are, and what experiments found meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template

from workbench.errors import UsageError
from workbench.experiments.runs import Run, RunHistory, read_run
from workbench.notebooks.pipelines.definition import Pipeline
from workbench.notebooks.pipelines.ledger import RUNNING, RunRecord, StepRecord
from workbench.notebooks.pipelines.units import as_time

INDEX_FILE = "index.html"
_REFRESH_SECONDS = 5

_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{% if run.state == "running" %}<meta http-equiv="refresh" content="{{ refresh }}">{% endif %}
<title>{{ run.pipeline }}: {{ run.state }}</title>
<style>
:root { color-scheme: light dark; --line: #d9d9d6; --dim: #6b6b68; --good: #1a7f4b; --bad: #b3261e; --busy: #9a6700; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d3d3a; --dim: #a0a09b; --good: #59c48d; --bad: #ff8a80; --busy: #e3b341; }
}
body { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; } .dim { color: var(--dim); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; color: var(--dim); font-size: .85rem; }
th, td { padding: .45rem .8rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.done, .met { color: var(--good); } .failed, .missed { color: var(--bad); }
.running, .interrupted { color: var(--busy); } .waiting, .skipped { color: var(--dim); }
.reason { font-size: .9rem; margin: .2rem 0 0; overflow-wrap: anywhere; }
code { font-size: .9em; overflow-wrap: anywhere; }
summary { cursor: pointer; }
</style>
</head>
<body>
<h1>{{ run.pipeline }} <span class="{{ run.state }}">{{ run.state }}</span></h1>
{% if description %}<p>{{ description }}</p>{% endif %}
<p class="dim">Run {{ run.id }}, began {{ began }}, {{ took }}
{%- if run.sessions > 1 %}, gone on with {{ run.sessions - 1 }}&times;{% endif %}.</p>
<h2>Steps</h2>
<div class="wide">
<table>
<tr><th></th><th>step</th><th>state</th><th class="number">began (UTC)</th><th class="number">took</th>
<th class="number">attempts</th></tr>
{% for row in rows %}
<tr>
<td class="number dim">{{ loop.index }}</td>
<td>{% if row.link %}<a href="{{ row.link }}">{{ row.step.name }}</a>{% else %}{{ row.step.name }}{% endif %}
{% if row.step.reason %}<p class="reason {{ row.step.state }}">{{ row.step.reason }}</p>{% endif %}</td>
<td class="{{ row.step.state }}">{{ row.step.state }}</td>
<td class="number">{{ row.step.started.strftime("%H:%M:%S") if row.step.started else "" }}</td>
<td class="number">{{ row.took }}</td>
<td class="number">{{ row.step.attempts or "" }}</td>
</tr>
{% endfor %}
</table>
</div>
{% for found in experiments %}
{% if loop.first %}<h2>What experiments found</h2>{% endif %}
<p>{{ found.run.kind }}{% if found.run.name %} <strong>{{ found.run.name }}</strong>{% endif %}, in step
{{ found.step }}: {% if found.run.met is none %}<span class="dim">nothing was judged</span>
{%- elif found.run.met %}<span class="met">every target met</span>
{%- else %}<span class="missed">{{ found.missed | length }} missed</span>{% endif %}
{%- if found.run.parameters.planted %} <span class="dim">(planted on purpose)</span>{% endif %}
&ensp;<span class="dim">{{ found.run.id }}</span></p>
{% for name in found.missed %}<p class="reason missed">&emsp;missed: {{ name }}</p>{% endfor %}
{% endfor %}
<h2>Parameters</h2>
<div class="wide"><table>
{% for name, value in parameters %}<tr><td>{{ name }}</td><td><code>{{ value }}</code></td></tr>{% endfor %}
</table></div>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class _Row:
    step: StepRecord
    link: str
    took: str


@dataclass(frozen=True, slots=True)
class _Found:
    step: str
    run: Run
    missed: tuple[str, ...]


def write_index(record: RunRecord, pipeline: Pipeline, runs: Path) -> Path:
    """Write the page of a run into its folder; it appears whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    target = record.folder / INDEX_FILE
    unfinished = target.with_suffix(f".{os.getpid()}.new")
    unfinished.write_text(index_page(record, pipeline, runs), encoding="utf-8")
    unfinished.replace(target)
    return target


def index_page(record: RunRecord, pipeline: Pipeline, runs: Path) -> str:
    """The page of a run as HTML that needs nothing else."""
    end = record.ended or datetime.now(UTC)
    spent = as_time((end - record.started).total_seconds()) if record.started else ""
    return _template().render(
        run=record,
        description=pipeline.description,
        began=f"{record.started:%Y-%m-%d %H:%M:%S} UTC" if record.started else "",
        took=f"took {spent}" if record.ended else f"at work for {spent}",
        rows=[_row(record, step) for step in record.steps],
        experiments=list(_experiments(record, runs)),
        parameters=sorted(record.digests.get("parameters", {}).items()),
        refresh=_REFRESH_SECONDS,
    )


@cache
def _template() -> Template:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_TEMPLATE)


def _row(record: RunRecord, step: StepRecord) -> _Row:
    name = Path(step.notebook)
    places = [f"{step.folder}/{name.stem}.html", f"{step.folder}/{name.name}"] if step.folder else []
    link = next((place for place in places if (record.folder / place).is_file()), "")
    took = as_time(step.seconds) if step.ended and step.started else ("…" if step.state == RUNNING else "")
    return _Row(step, link, took)


def _experiments(record: RunRecord, runs: Path) -> Iterator[_Found]:
    history = RunHistory(runs).folder
    for step in record.steps:
        for identifier in step.kept:
            try:
                run = read_run(history / f"{identifier}.json")
            except UsageError:  # removed since, or of a newer Workbench: the page shows the others
                continue
            yield _Found(step.name, run, tuple(_name(one) for one in run.verdicts if one.get("met") is False))


def _name(verdict: Any) -> str:
    return str(verdict.get("name") or verdict.get("what") or verdict)
