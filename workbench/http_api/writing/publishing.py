"""Memories that wait in the journal are published in the background, once there are many.

Every search looks through all that wait, so they must not become too many. The work is done by a process of its own, at
low priority: it takes seconds of processor time, and may be killed at any moment.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from workbench.errors import WorkbenchError
from workbench.record import JournalFollower
from workbench.snapshot import current_manifest

_LOOK_SECONDS = 5.0
_AGAIN_SECONDS = 60.0  # after a failure: an import may be writing
_END_SECONDS = 5.0
_NICE = 10
_SAID = 2_000  # bytes of what it said last
_log = logging.getLogger(__name__)


class Publisher:
    """Publishes the memories of `store` when `after` of them wait (0: never). `look` is to be called about each second.

    `command` is how that is done; the default runs `workbench rebuild`.
    """

    def __init__(self, store: Path, after: int, *, command: Sequence[str] | None = None) -> None:
        self._store, self._after = store, after
        default = [sys.executable, "-m", "workbench", "rebuild", "--if-changed", "--store", str(store)]
        self._command = list(command or default)
        self._journal = JournalFollower(store, 0)
        self._newest = 0
        self._next = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def look(self) -> None:
        """Begin to publish if it is time for that; say how the last attempt ended. Waits for nothing."""
        now = time.monotonic()
        if not self._after or now < self._next:
            return
        self._next = now + _LOOK_SECONDS
        if self._process is not None:
            self._look_at(self._process)
            return
        try:
            if self.waiting() >= self._after:
                self._begin()
        except (WorkbenchError, OSError) as error:
            self._next = now + _AGAIN_SECONDS
            _log.warning("memories cannot be published: %s", error)

    def waiting(self) -> int:
        """How many memories the newest generation does not have.

        Raises:
            StoreVersionError: A newer Workbench wrote the journal.
        """
        news = self._journal.news()
        if news:
            self._newest = news[-1].memory.sequence
        manifest = current_manifest(self._store)
        return 0 if manifest is None else max(0, self._newest - manifest.journal_sequence)

    def close(self) -> None:
        """End it: what it has not finished is as if it had not begun."""
        self._journal.close()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._said is not None:
            self._said.close()

    def _begin(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  (closed when the process has ended)
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._said,
            start_new_session=True,  # a Ctrl-C for the service is not for it
        )  # fmt: skip
        os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)
        _log.info("publishing what was remembered", extra={"fields": {"process": self._process.pid}})

    def _look_at(self, process: subprocess.Popen[bytes]) -> None:
        """Say how it ended, if it has."""
        status = process.poll()
        if status is None:
            return
        assert self._said is not None
        with self._said as said:
            said.seek(max(0, said.tell() - _SAID))
            told = said.read().decode(errors="replace").strip()
        self._process = self._said = None
        if status:
            self._next = time.monotonic() + _AGAIN_SECONDS
            _log.warning("publishing ended with status %s and is tried again later: %s", status, told)
        else:
            _log.info("what was remembered is published")
