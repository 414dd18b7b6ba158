"""The process between us and a kernel: whatever the kernel has started ends with it, and it ends with us.

    python -P guard.py PARENT COMMAND...

runs COMMAND until it ends, or process PARENT is gone (killed with -9, too), or SIGTERM comes; then every process that
came from it is ended: asked first, killed after a grace. A service that a notebook has started in a session of its own
is among them, also after its parent has died: on Linux orphans become children of this process (PR_SET_CHILD_SUBREAPER,
prctl(2)). ipykernel's own watch on its parent would leave them running.

This file is run by its path and must not import Workbench: it lives as long as the kernel, and is to be small.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from types import FrameType

import psutil

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_POLL_SECONDS = 0.1
_GRACE_SECONDS = 1.0


def main(parent: int, command: list[str]) -> int:
    """Run `command` as said above; returns its exit status, 1 if it was ended by us or a signal."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    told: list[int] = []

    def tell(number: int, frame: FrameType | None) -> None:
        told.append(number)

    signal.signal(signal.SIGTERM, tell)
    kernel = os.posix_spawn(command[0], command, {**os.environ, "JPY_PARENT_PID": str(os.getpid())})
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # from now on it is sent to the group, and meant for the kernel
    while (status := _status_of(kernel)) is None and not told and os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    _end_descendants()
    return 1 if status is None or status < 0 else status


def _status_of(kernel: int) -> int | None:
    """The exit status of the kernel once it has ended; other children that have ended are orphans, and forgotten."""
    while True:
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended == kernel:
            return os.waitstatus_to_exitcode(status)
        if not ended:
            return None


def _end_descendants() -> None:
    """End them all, also those that appear meanwhile."""
    limit = time.monotonic() + _GRACE_SECONDS
    while left := psutil.Process().children(recursive=True):
        for process in left:
            with contextlib.suppress(psutil.Error):
                if time.monotonic() < limit:
                    process.terminate()
                else:
                    process.kill()
        psutil.wait_procs(left, timeout=_POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
