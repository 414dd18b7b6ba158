"""Hot functions against plain references: `make bench`.

Every pair does the same job on the same data in the same session, ours beside what one would write or use first. What
counts is the ratio of their medians, which holds on any machine; times alone do not.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pairs import OURS, PLAIN, Measure

from workbench.experiments.corpus.scale import write_corpus
from workbench.experiments.load.queries import known_items
from workbench.index import VectorProfile
from workbench.record import open_record
from workbench.settings import Settings
from workbench.snapshot import VectorSpace, publish
from workbench.workspace import Workbench

MESSAGES = 6_000
_MEDIANS = pytest.StashKey[dict[str, dict[str, float]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_MEDIANS] = defaultdict(dict)


@pytest.fixture
def measure(benchmark: Any, request: pytest.FixtureRequest) -> Measure:
    """`measure(group, which, ours, plain)` times one of two functions without arguments, and gives what it returned."""

    def run(group: str, which: str, ours: Callable[[], Any], plain: Callable[[], Any]) -> Any:
        benchmark.group = group
        result = benchmark(ours if which == OURS else plain)
        if benchmark.stats is not None:  # None with --benchmark-disable
            request.config.stash[_MEDIANS][group][which] = statistics.median(benchmark.stats.stats.data)
        return result

    return run


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    medians = {group: found for group, found in config.stash[_MEDIANS].items() if len(found) == 2}
    if medians:
        terminalreporter.section("time of ours by that of the plain reference (medians)")
    for group, found in sorted(medians.items()):
        ratio = found[OURS] / found[PLAIN]
        terminalreporter.write_line(
            f"{group:<34} {ratio:8.3f}   {found[OURS] * 1e6:12,.1f} us against {found[PLAIN] * 1e6:12,.1f} us"
        )


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated exports of the three assistants."""
    folder = tmp_path_factory.mktemp("exports")
    write_corpus(folder, MESSAGES)
    return folder


@pytest.fixture(scope="session")
def store(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A store of them whose vector index has a graph, as those of large stores have."""
    folder = tmp_path_factory.mktemp("store")
    with Workbench(Settings(store=folder, ray="off")) as memory:
        memory.ingest(exports)
        made = memory.snapshot.manifest
        memory.close()
        with open_record(folder) as record:
            space = VectorSpace(made.embedder, made.fingerprint, made.dimensions, VectorProfile(exact_below=1_000))
            publish(record, folder, space)
        yield memory


@pytest.fixture(scope="session")
def queries(store: Workbench) -> list[str]:
    """Successive words of messages; as many as there are, so that no engine answers from what it remembers."""
    return known_items(store.snapshot, 4_000)
