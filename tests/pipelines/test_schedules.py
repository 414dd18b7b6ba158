"""The files in docs/schedules do what they say, as far as that can be tried without a cron daemon or systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from notebook_files import REPOSITORY
from pipeline_project import Project

from workbench.notebooks.pipelines import runs_of

SCHEDULES = REPOSITORY / "docs" / "schedules"
LINES = [line for line in (SCHEDULES / "crontab").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
PLACE = "%h/memory-workbench"


def project_in(home: Path) -> Path:
    """A place that looks like an installed project."""
    folder = home / "memory-workbench"
    (folder / ".venv" / "bin").mkdir(parents=True)
    program = folder / ".venv" / "bin" / "workbench"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m workbench "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder


@pytest.mark.slow
def test_the_line_of_the_crontab_runs_a_pipeline_in_the_bare_environment_of_cron(tmp_path: Path) -> None:
    project = Project(project_in(tmp_path))
    project.notebook("first")
    project.pipeline(project.step("first")).path.rename(project.folder / "pipelines" / "nightly.yaml")
    command = re.sub(r"^(\S+ ){5}", "", LINES[0])
    environment = {"HOME": str(tmp_path), "LOGNAME": "me", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    [record] = runs_of(project.runs, "trial")
    assert record.state == "done"
    assert "trial: done." in (project.runs / "nightly.log").read_text(encoding="utf-8")
    assert project.traced == ["first"]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[:9])
def test_every_line_of_the_crontab_has_a_time_and_a_pipeline_that_is_there(line: str) -> None:
    assert re.fullmatch(r"(\d+|\*)( (\d+|\*)){4} cd .*", line)
    assert "%" not in line, "cron would take it for the end of the line"
    [pipeline] = re.findall(r"run (pipelines/\S+\.yaml)", line)
    assert (REPOSITORY / pipeline).is_file()


needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


@needs_systemd
def test_systemd_finds_no_fault_with_its_units(tmp_path: Path) -> None:
    folder = project_in(tmp_path)
    units = tmp_path / "units"
    units.mkdir()
    for path in SCHEDULES.glob("workbench-nightly.*"):
        text = path.read_text(encoding="utf-8")
        assert path.suffix == ".timer" or PLACE in text
        (units / path.name).write_text(text.replace(PLACE, str(folder)), encoding="utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, units.iterdir()))], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stderr
    assert "workbench-nightly" not in verified.stderr, verified.stderr


@needs_systemd
def test_systemd_understands_the_time() -> None:
    [time] = re.findall(r"OnCalendar=(.*)", (SCHEDULES / "workbench-nightly.timer").read_text(encoding="utf-8"))
    asked = subprocess.run(["systemd-analyze", "calendar", time], capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    assert "Next elapse" in asked.stdout
