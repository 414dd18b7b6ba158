"""Whatever a command under the guard has started ends with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from workbench.notebooks import kernels

GUARD = Path(kernels.__file__).with_name("guard.py")
START = "setsid sleep 600 & echo $!; "


def guarded(parent: int, script: str) -> tuple[int, int]:
    """The exit status of the guard over a script of the shell, and the number that the script printed."""
    command = [sys.executable, "-P", str(GUARD), str(parent), "/bin/sh", "-c", script]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=60)
    return done.returncode, int(done.stdout)


def alive(process: int) -> bool:
    return psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to an ancestor")
def test_an_orphan_in_a_session_of_its_own_ends_with_the_command(tmp_path: Path) -> None:
    status, orphan = guarded(os.getpid(), f"({START}); sleep .3; exit 3")
    assert status == 3
    assert not alive(orphan)


def test_a_command_whose_parent_is_gone_is_ended_even_if_it_does_not_want_to(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    status, child = guarded(ended.pid, f"trap '' TERM; {START} while true; do sleep 1; done")
    assert status == 1
    assert not alive(child)
