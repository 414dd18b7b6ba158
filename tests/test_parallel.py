from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.errors import EmbeddingError, ParallelError, QueryError, UsageError
from workbench.parallel import ParallelPlan, executor, plan_parallel

RAY = ParallelPlan("ray", 2, "test")


# Made by functions, so that Ray sends them as they are: its workers cannot import this file.
def squarer() -> Callable[[], Callable[[int], tuple[int, int]]]:
    def make() -> Callable[[int], tuple[int, int]]:
        return lambda number: (number * number, os.getpid())

    return make


def refuser() -> Callable[[], Callable[[int], int]]:
    def make() -> Callable[[int], int]:
        def work(number: int) -> int:
            if number == 3:
                raise QueryError("three is refused", "by test", "use two")
            return number

        return work

    return make


def unmakeable() -> Callable[[], Callable[[int], int]]:
    def make() -> Callable[[int], int]:
        raise EmbeddingError("the model is gone")

    return make


def dier() -> Callable[[], Callable[[int], int]]:
    def make() -> Callable[[int], int]:
        return lambda number: os._exit(9)

    return make


def test_small_work_stays_in_this_process_and_the_plan_says_why() -> None:
    plan = plan_parallel("auto", 2.0, workers=2)
    assert plan.mode == "inline"
    assert "2 s of work" in str(plan)


def test_large_work_goes_to_ray() -> None:
    assert plan_parallel("auto", 300.0, workers=2) == ParallelPlan("ray", 2, "about 300 s of work on one core")


@pytest.mark.parametrize(("setting", "mode"), [("off", "inline"), ("on", "ray"), ("10.0.0.1:6379", "ray")])
def test_the_choice_can_be_overridden(setting: str, mode: str) -> None:
    assert plan_parallel(setting, 0.0 if mode == "ray" else 1e6, workers=2).mode == mode


def test_one_core_never_starts_ray_by_itself() -> None:
    assert plan_parallel("auto", 1e6, workers=1).mode == "inline"


@pytest.mark.parametrize(("setting", "workers"), [("", 2), ("auto", 0)])
def test_a_senseless_setting_is_refused(setting: str, workers: int) -> None:
    with pytest.raises(UsageError):
        plan_parallel(setting, 1.0, workers=workers)


def test_inline_results_come_in_order_and_only_as_they_are_asked_for() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(5):
            taken.append(number)
            yield number

    with executor(plan_parallel("off", 0)) as run:
        results = run.map(squarer(), items())
        assert next(results)[0] == 0
        assert taken == [0]
        assert [square for square, _ in results] == [1, 4, 9, 16]


@pytest.mark.ray
@pytest.mark.slow
def test_ray_gives_the_same_results_in_the_same_order_from_several_processes() -> None:
    with executor(RAY) as run:
        found = list(run.map(squarer(), range(50)))
        assert [square for square, _ in found] == [number * number for number in range(50)]
        assert len({process for _, process in found}) == 2
        assert os.getpid() not in {process for _, process in found}
        taken: list[int] = []
        results = run.map(squarer(), (taken.append(n) or n for n in range(1000)))  # type: ignore[func-returns-value]
        next(results)
        assert len(taken) <= 6  # at most two batches a worker are under way
        results.close()
        with pytest.raises(QueryError, match="three is refused"):
            list(run.map(refuser(), range(6)))
        with pytest.raises(EmbeddingError, match="the model is gone"):
            list(run.map(unmakeable(), range(6)))
        with pytest.raises(ParallelError, match="Run the same command again"):
            list(run.map(dier(), range(3)))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense"])
def test_a_cluster_that_is_not_there_is_said_at_once(address: str) -> None:
    with pytest.raises(ParallelError, match="cannot be joined"), executor(plan_parallel(address, 0)):
        pass


@pytest.mark.ray
@pytest.mark.slow
def test_a_running_cluster_is_joined_and_left_running(tmp_path: Path) -> None:
    ray = [str(Path(sys.executable).with_name("ray"))]
    start = [
        *ray,
        "start",
        "--head",
        "--num-cpus=2",
        "--port=6391",
        "--include-dashboard=false",
        "--disable-usage-stats",
    ]
    subprocess.run([*start, "--object-store-memory=200000000"], check=True, capture_output=True)
    try:
        for _ in range(2):  # the second time shows that the first did not shut it down
            with executor(plan_parallel("127.0.0.1:6391", 0, workers=2)) as run:
                assert [square for square, _ in run.map(squarer(), range(5))] == [0, 1, 4, 9, 16]
    finally:
        subprocess.run([*ray, "stop", "--force"], check=True, capture_output=True)
