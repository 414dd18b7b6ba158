"""Dashboard, rules and scrape configuration: they speak of metrics that exist, and parse."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from workbench.monitor import FAMILIES

ROOT = Path(__file__).parent.parent.parent
DOCKER = ROOT / "docker"
RULES = DOCKER / "prometheus" / "alerts.yml"
CONFIGURATION = DOCKER / "prometheus" / "prometheus.yml"
DASHBOARD = json.loads((DOCKER / "grafana" / "dashboard.json").read_text(encoding="utf-8"))
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
GROUPS = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]

# What PromQL has besides metrics
_FUNCTIONS = re.compile(r"\b[a-z_0-9]+(?=\s*\()|\b(?:by|without|ignoring|on|or|and|unless)\b")
_LABELS = re.compile(r"\{[^}]*\}|\b(?:by|without|ignoring|on)\s*\([^)]*\)|\[[^\]]*\]|\"[^\"]*\"")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SCRAPED = {"up"}  # Prometheus makes it


def names(expression: str) -> set[str]:
    """The metrics that an expression asks for."""
    bare = _FUNCTIONS.sub(" ", _LABELS.sub(" ", expression))
    return set(_NAME.findall(re.sub(r"\b[0-9.]+(e[0-9]+)?\b", " ", bare)))


def rules(kind: str) -> Iterator[dict[str, Any]]:
    for group in GROUPS:
        yield from (rule for rule in group["rules"] if kind in rule)


def dashboard_expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def expressions() -> list[str]:
    return [*dashboard_expressions(), *(rule["expr"] for kind in ("record", "alert") for rule in rules(kind))]


def recorded() -> set[str]:
    return {rule["record"] for rule in rules("record")}


def exposed() -> set[str]:
    return {name for family in FAMILIES for name in family.exposed}


def test_the_names_in_an_expression_are_found() -> None:
    asked = 'sum by (le) (rate(a_bucket{x="y_total"}[5m])) / ignoring(kind) (b:c > 2 * 600e6) or vector(0)'
    assert names(asked) == {"a_bucket", "b:c"}


def test_every_metric_that_is_asked_for_exists() -> None:
    asked = set().union(*map(names, expressions()))
    assert asked - exposed() - recorded() - _SCRAPED == set()


def test_every_metric_is_looked_at_somewhere() -> None:
    asked = set().union(*map(names, expressions()))
    unused = {family.name for family in FAMILIES if not asked & set(family.exposed)}
    assert unused == set()


def test_recording_rules_are_named_as_levels_and_used() -> None:
    for rule in rules("record"):
        assert re.fullmatch(r"workbench:[a-z_]+:[a-z0-9_]+", rule["record"])
    used = set().union(*map(names, [*dashboard_expressions(), *(rule["expr"] for rule in rules("alert"))]))
    assert recorded() <= used


def test_labels_in_expressions_are_those_of_the_metrics() -> None:
    known = {label for family in FAMILIES for label in family.labels} | {"le", "job"}
    for expression in expressions():
        for grouped in re.findall(r"\b(?:by|ignoring)\s*\(([^)]*)\)", expression):
            assert {one.strip() for one in grouped.split(",")} <= known, expression
        for selected in re.findall(r"\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected)) <= known, expression


def test_every_expression_is_promql() -> None:
    promql = pytest.importorskip("promql_parser", reason="promql-parser is not installed")
    for expression in expressions():
        promql.parse(expression.replace("$__rate_interval", "5m"))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (of Prometheus) is not installed")
def test_prometheus_takes_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", str(RULES)], check=True, capture_output=True, timeout=60)


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", OPERATIONS, re.MULTILINE)}
    for rule in rules("alert"):
        assert re.fullmatch(r"\d+[mh]", rule["for"])
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["todo"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["alert"].lower() in headings


def test_prometheus_reads_the_rules_and_scrapes_the_path_of_the_metrics() -> None:
    configuration = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    assert configuration["rule_files"] == [RULES.name]
    (job,) = configuration["scrape_configs"]
    assert job["metrics_path"] == "/metrics"
    assert job["job_name"] == "workbench"


def test_panels_have_their_own_ids_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


def test_grafana_is_told_of_the_data_and_of_the_dashboard() -> None:
    provisioning = DOCKER / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "workbench.yml").read_text())["providers"]
    used = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "datasource" in panel}
    assert used == {source["uid"]}
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    mounted = [volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]]
    assert any(path.startswith(provider["options"]["path"] + "/") for path in mounted)


def test_every_metric_is_in_the_handbook() -> None:
    assert {family.name for family in FAMILIES if f"`{family.name}" not in OPERATIONS} == set()
