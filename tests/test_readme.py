"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder with the samples in their place."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "samples").symlink_to(ROOT / "data" / "samples")
    return tmp_path


def test_the_python_example_runs(project: Path, cache: Path) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", example], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Slow query after data growth" in done.stdout


def test_the_search_that_is_shown_finds_what_is_shown(
    project: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    CliRunner().invoke(main, ["ingest", "data/samples"])
    [query] = re.findall(r'\$ workbench search "(.+?)"', README)
    printed = CliRunner().invoke(main, ["search", query, "-k", "3"]).output
    shown = re.findall(r"^ \d  \d\.\d+  \w+ +.{20}", README, re.MULTILINE)
    assert len(shown) == 3
    found = re.findall(r"^ \d  \d\.\d+  \w+ +.{20}", printed, re.MULTILINE)
    assert [without_score(line) for line in found] == [without_score(line) for line in shown]


def without_score(line: str) -> str:
    return re.sub(r"\d\.\d+", "", line)


def test_every_command_and_option_that_is_named_exists() -> None:
    [block] = re.findall(r"## Commands\n\n```\n(.*?)```", README, re.DOTALL)
    named = {line.split()[1]: re.findall(r"(?<= )--?[a-z-]+", line) for line in block.strip().splitlines()}
    assert named.keys() == main.commands.keys()
    for name, options in named.items():
        assert set(options) <= {option for one in main.commands[name].params for option in one.opts}
