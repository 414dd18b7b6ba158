from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from workbench.version import VERSION

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LONGEST_MODULE = 300
DISTRIBUTIONS = {
    "IPython": "ipython",
    "yaml": "pyyaml",
    "hdrh": "hdrhistogram",
    "opentelemetry": "opentelemetry-sdk",
    "zmq": "pyzmq",
}  # where the name that is imported is not the name that is installed
# Written for people who read them in a browser or an editor; the rest of the repository is code
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "data" / "README.md"]


# Not those of other stores: they are for one measurement, in an environment of its own (docs/peers.md).
EXTRAS = [one for name, extra in PROJECT["optional-dependencies"].items() for one in extra if name != "peers"]


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower()


def test_the_conda_environment_is_in_step_with_the_project() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    listed = {line.strip().removeprefix("- ").strip('"') for line in text.splitlines() if line.startswith("      - ")}
    wanted = {*PROJECT["dependencies"], *EXTRAS}
    assert {one for one in listed if not one.startswith("--")} == wanted
    assert f"python {PROJECT['requires-python']}" in text


def test_everything_that_is_needed_is_pinned_to_what_was_tested() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(
        line.lower().replace("_", "-").split("==") for line in lines if "==" in line and not line.startswith("#")
    )
    needed = {name_of(one) for one in [*PROJECT["dependencies"], *EXTRAS]}
    assert needed - pins.keys() == set()
    assert pins["torch"] == "2.13.0"


def test_every_library_that_is_imported_is_declared() -> None:
    imported: set[str] = set()
    for path in (ROOT / "workbench").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"workbench"}
    declared = {name_of(one) for one in [*PROJECT["dependencies"], *EXTRAS]}
    assert {DISTRIBUTIONS.get(name, name.replace("_", "-")) for name in foreign} - declared == set()


def test_no_module_has_outgrown_a_readers_patience() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in (ROOT / "workbench").rglob("*.py")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LONGEST_MODULE
    }
    assert long == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    inside = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in inside if not (page.parent / target).exists()] == []


def test_the_code_knows_its_version() -> None:
    assert PROJECT["version"] == VERSION


def test_the_owners_packages_are_all_there() -> None:
    wanted = {"jupyterlab", "duckdb", "polars", "usearch", "sentence-transformers", "ray", "plotly", "papermill"}
    assert wanted <= {name_of(one) for one in PROJECT["dependencies"]}
    assert {"pytest", "nbval"} <= {name_of(one) for one in PROJECT["optional-dependencies"]["dev"]}
