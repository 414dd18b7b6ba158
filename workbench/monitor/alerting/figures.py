"""What rules are held against: live figures, metrics and stored runs as plain names and numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

UP = "up"
"""1 where the service answered, else 0: set by whoever asked it."""
MISSED = "missed"
"""How many targets a run missed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A stored run as rules see it: `kind` and `name` of the run, and its figures by name."""

    id: str
    kind: str
    name: str
    made_at: datetime
    values: Mapping[str, float]


def flatten(figures: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of nested figures by dotted path: "search_latency.p95_ms". What is no number (null) is left out."""
    return dict(_leaves("", figures))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, (int, float)):
        yield path, float(value)


def exposed(text: str) -> dict[str, float]:
    """The samples of /metrics by name, added up over their labels, and by name and one label each.

    Of `workbench_http_requests_total` for instance there is `workbench_http_requests_total` itself,
    `workbench_http_requests_total{route=/search}` and so on; statuses come as classes, too: `{status=5xx}`.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            for name in _names(sample.name, sample.labels):
                sums[name] += sample.value
    return dict(sums)


def _names(name: str, labels: Mapping[str, str]) -> Iterable[str]:
    yield name
    for label, value in labels.items():
        yield f"{name}{{{label}={value}}}"
        if label == "status" and len(value) == 3:
            yield f"{name}{{status={value[0]}xx}}"
