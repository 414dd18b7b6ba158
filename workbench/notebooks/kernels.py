"""Kernels of this interpreter: what starts them, what ends them, and all that they have started."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import zmq
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

_GUARD = Path(__file__).with_name("guard.py")
_INTERRUPTS, _SECONDS_BETWEEN = 5, 2.0  # for a cell to stop, before its kernel is ended


class _ThisSpec(KernelSpecManager):
    """Knows one kernel, whatever is asked for: the interpreter that is running, under the guard."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        known = get_kernel_dict()
        known["argv"] = [sys.executable, "-P", str(_GUARD), str(os.getpid()), *known["argv"]]
        return KernelSpec(resource_dir=RESOURCES, **known)


class ThisInterpreter(AsyncKernelManager):
    """Starts kernels of the running interpreter, so that no kernel needs to be installed by hand.

    What goes to and from the kernel is encrypted where the installation can do it: other users of the machine could
    listen otherwise, and the kernel says so on standard error.
    """

    limit: Limit | None = None

    def __init__(self, **traits: Any) -> None:
        encryption = {"transport_encryption": "auto"} if zmq.has("curve") else {}
        super().__init__(**{**traits, **encryption, "kernel_spec_manager": _ThisSpec()})

    async def _async_post_start_kernel(self, **options: Any) -> None:
        await super()._async_post_start_kernel(**options)
        if self.limit is not None and self.provisioner is not None:
            self.limit.start((await self.provisioner.get_provisioner_info())["pid"])


class Limit:
    """At most `seconds` for a kernel: then its cell is interrupted, so that the notebook shows where it was.

    A kernel that goes on all the same is ended ten seconds later. `reached` says whether it came to that.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.reached = False
        self._over = threading.Event()

    def start(self, guard: int) -> None:
        """Count from now. `guard` is the process that leads the kernel's group."""
        threading.Thread(target=self._watch, args=[guard], name="limit", daemon=True).start()

    def stop(self) -> None:
        """Count no longer."""
        self._over.set()

    def _watch(self, guard: int) -> None:
        if self._over.wait(self.seconds):
            return
        self.reached = True
        with contextlib.suppress(ProcessLookupError):
            for _ in range(_INTERRUPTS):  # one that comes between two cells is lost
                os.killpg(guard, signal.SIGINT)
                if self._over.wait(_SECONDS_BETWEEN):
                    return
            os.kill(guard, signal.SIGTERM)


@contextmanager
def kernels(limit: Limit | None) -> Iterator[type[ThisInterpreter]]:
    """The class of kernels for one notebook, which end at its limit."""
    try:
        yield type("ThisInterpreter", (ThisInterpreter,), {"limit": limit})
    finally:
        if limit is not None:
            limit.stop()
