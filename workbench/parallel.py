"""Run the same function over many batches: in this process, or on Ray. The only module that imports ray.

Work is a stream of batches. Each worker is made once (it may load a model) and is then called with one batch after
another; results come back in the order of the batches, so that the outcome does not depend on the number of workers.
At most two batches a worker are under way, which bounds memory whatever the length of the stream.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from workbench.errors import ParallelError, UsageError

Item = TypeVar("Item")
Result = TypeVar("Result")
MakeWorker = Callable[[], Callable[[Item], Result]]

# Ray takes about 6.5 s to start on one machine and every worker loads its own model: below this much estimated work
# on one core it cannot pay.
RAY_WORTH_SECONDS = 30.0
_IN_FLIGHT_PER_WORKER = 2
_CONNECT_SECONDS = 5.0
_OBJECT_STORE_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ParallelPlan:
    """How the work is going to be done, and why; shown in the report of an import."""

    mode: str
    workers: int
    reason: str
    address: str | None = None

    def __str__(self) -> str:
        where = f" at {self.address}" if self.address else ""
        return f"{self.mode}{where}, {self.workers} worker{'s' * (self.workers != 1)} ({self.reason})"


def plan_parallel(setting: str, estimated_seconds: float, *, workers: int | None = None) -> ParallelPlan:
    """Choose between inline and Ray.

    `setting` is "auto" (Ray where `estimated_seconds` of one core's work make it worth its start), "off", "on", or the
    address of a running Ray cluster ("host:port", or "cluster" for the one on this machine).

    Raises:
        UsageError: The setting is empty, or the number of workers is not positive.
    """
    count = workers if workers is not None else os.cpu_count() or 1
    if count < 1:
        raise UsageError(f"{count} workers are too few", "", "give at least 1")
    match setting:
        case "off":
            return ParallelPlan("inline", 1, "Ray is switched off")
        case "on":
            return ParallelPlan("ray", count, "asked for")
        case "auto" if count == 1:
            return ParallelPlan("inline", 1, "one core")
        case "auto" if estimated_seconds < RAY_WORTH_SECONDS:
            return ParallelPlan("inline", 1, f"about {estimated_seconds:.0f} s of work, less than Ray needs to pay off")
        case "auto":
            return ParallelPlan("ray", count, f"about {estimated_seconds:.0f} s of work on one core")
        case "":
            raise UsageError("the Ray setting is empty", "", "use auto, on, off or the address of a cluster")
        case _:
            address = "auto" if setting == "cluster" else setting
            return ParallelPlan("ray", count, "joined a running cluster", address)


class Executor(AbstractContextManager["Executor"], Protocol):
    """Something that maps batches to results, in order."""

    def map(self, make_worker: MakeWorker[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """Results for `items`, in their order; `make_worker` is called once in every worker that is used."""
        ...


def executor(plan: ParallelPlan) -> Executor:
    """The executor that carries out `plan`. To be used in a `with` block: Ray is shut down at its end."""
    return RayExecutor(plan) if plan.mode == "ray" else InlineExecutor()


class InlineExecutor:
    """One batch after the other, in this process."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def map(self, make_worker: MakeWorker[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `Executor.map`."""
        worker = make_worker()
        for item in items:
            yield worker(item)


class _Worker:
    """What runs inside a Ray actor. Made at its first batch: an error while an actor starts would lose its type."""

    def __init__(self, make_worker: MakeWorker[Any, Any]) -> None:
        self._make_worker = make_worker
        self._work: Callable[[Any], Any] | None = None

    def run(self, item: Any) -> Any:
        if self._work is None:
            self._work = self._make_worker()
        return self._work(item)


class RayExecutor:
    """Batches on Ray actors; a Ray of its own on this machine, or a running cluster."""

    def __init__(self, plan: ParallelPlan) -> None:
        self._plan = plan

    def __enter__(self) -> Self:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        import ray

        try:
            _check_reachable(self._plan.address)
            if self._plan.address:
                ray.init(address=self._plan.address, log_to_driver=False, logging_level=logging.ERROR)
            else:
                ray.init(
                    address="local",
                    num_cpus=self._plan.workers,
                    object_store_memory=_OBJECT_STORE_BYTES,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            where = (
                f"the Ray cluster at {self._plan.address} cannot be joined"
                if self._plan.address
                else "Ray cannot be started"
            )
            raise ParallelError(
                where, str(error).splitlines()[0], "check the address, or use `--ray off` to work without Ray"
            ) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import ray

        ray.shutdown()

    def map(self, make_worker: MakeWorker[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `Executor.map`.

        Raises:
            ParallelError: A worker died, or raised something that is not an error of Workbench.
        """
        import ray
        from ray.exceptions import RayError, RayTaskError

        # Ray's decorated classes have attributes that type checkers cannot know of
        remote_worker: Any = ray.remote(_Worker)
        actors: list[Any] = [remote_worker.options(num_cpus=1).remote(make_worker) for _ in range(self._plan.workers)]
        under_way: deque[Any] = deque()
        try:
            for number, item in enumerate(items):
                if len(under_way) >= _IN_FLIGHT_PER_WORKER * len(actors):
                    yield ray.get(under_way.popleft())
                under_way.append(actors[number % len(actors)].run.remote(item))
            while under_way:
                yield ray.get(under_way.popleft())
        except RayTaskError as error:
            cause: Any = error
            raise cause.as_instanceof_cause() from error
        except RayError as error:
            raise ParallelError(
                "a Ray worker stopped before its work was done",
                str(error).splitlines()[0],
                "run the same command again: what was finished is kept; `--ray off` works without Ray",
            ) from error
        finally:
            for actor in actors:
                ray.kill(actor)


def _check_reachable(address: str | None) -> None:
    """Refuse an address where nobody listens at once: Ray itself tries for five minutes and then ends the process.

    Raises:
        OSError: Nobody is there.
        ValueError: It is no address.
    """
    if address in (None, "auto"):
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"{address!r} is not of the form host:port")
    socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
