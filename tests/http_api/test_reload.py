"""The service moves on to what is published, and nobody notices."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
import weakref
from pathlib import Path

import pytest
from building import claude_export
from running_service import Clients, ask, start, workers

from workbench.errors import StoreError
from workbench.experiments.load.service import free_port
from workbench.http_api import ServiceOptions
from workbench.http_api.following import Following
from workbench.http_api.service import Service
from workbench.model import Query
from workbench.settings import Settings
from workbench.snapshot.generations import generation_folder, sweep
from workbench.workspace import Workbench


class Publications:
    """A store to which one small conversation after another is published."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._folder = folder
        self.store = folder / "store"
        self._memory = Workbench(Settings(store=self.store, cache=cache, ray="off"))
        self.count = 0
        self.publish()

    def publish(self) -> int:
        """The number of the new generation."""
        self.count += 1
        chats = {f"bread {self.count}": (f"Loaf number {self.count} is flat", "Proof it longer.")}
        self._memory.ingest(claude_export(self._folder / "conversations.json", chats))
        generation = self._memory.snapshot.generation
        self._memory.close()
        return generation

    def open(self) -> Workbench:
        return Workbench.open(self.store)


def files_of(store: Path) -> list[str]:
    """The files of the store's generations that this process has open."""
    opened = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return [str(path.readlink()) for path in opened if path.readlink().is_relative_to(store / "snapshots")]


@pytest.fixture
def publications(tmp_path: Path, cache: Path) -> Publications:
    return Publications(tmp_path, cache)


def test_who_reads_a_generation_keeps_it_until_he_is_done(publications: Publications) -> None:
    async def run() -> None:
        moved: list[int] = []
        following = Following(
            publications.store, publications.open, lambda memory: moved.append(memory.snapshot.generation)
        )
        following.start()
        with following.reading() as reading:
            publications.publish()
            await following.look()
            assert following.memory.snapshot.generation == 2
            assert reading.search("loaf").generation == 1
            assert sweep(publications.store) == []
        assert sweep(publications.store) == [1]
        with following.reading() as reading:
            assert reading.search("loaf").generation == 2
        assert moved == [1, 2]
        await following.stop()

    asyncio.run(run())


@pytest.mark.slow
def test_threads_may_read_while_it_moves_on(publications: Publications) -> None:
    async def run() -> None:
        following = Following(publications.store, publications.open, lambda _: None)
        following.start()
        done = threading.Event()
        seen: set[int] = set()

        def read() -> None:
            while not done.is_set():
                with following.reading() as memory:
                    seen.add(memory.search("loaf").generation)
                time.sleep(0.005)

        readers = [asyncio.to_thread(read) for _ in range(4)]
        tasks = [asyncio.create_task(reader) for reader in readers]
        for generation in range(2, 6):
            await asyncio.to_thread(publications.publish)
            await following.look()
            while generation not in seen:
                await asyncio.sleep(0.01)
        done.set()
        await asyncio.gather(*tasks)
        assert seen == {1, 2, 3, 4, 5}
        await following.stop()
        sweep(publications.store)
        assert [path.name for path in publications.store.glob("snapshots/0*")] == ["000005"]

    asyncio.run(run())


@pytest.mark.slow
def test_nothing_of_an_old_generation_stays_though_the_first_was_frozen(publications: Publications) -> None:
    async def run() -> None:
        service = Service(ServiceOptions(publications.store))
        await service.start()
        gc.disable()  # it must go without a collection: what is frozen is not collected
        try:
            for _ in range(3):
                await service.search(Query("loaf"))
                memory = service.memory
                old = [weakref.ref(one) for one in (memory.snapshot, memory.engine, memory.snapshot.lexical.matcher)]
                del memory
                files = files_of(publications.store)
                publications.publish()
                await service._generations.look()
                assert [one() for one in old] == [None, None, None]
                assert len(files_of(publications.store)) == len(files)
                assert not set(files_of(publications.store)) & set(files)
        finally:
            gc.enable()
        await service.stop()

    asyncio.run(run())


@pytest.mark.slow
def test_a_damaged_generation_is_said_once_and_the_one_before_served_on(
    publications: Publications, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        service = Service(ServiceOptions(publications.store))
        await service.start()
        generation = publications.publish()
        damaged = generation_folder(publications.store, generation) / "columns" / "time.npy"
        whole = damaged.read_bytes()
        damaged.unlink()
        with pytest.raises(StoreError, match="cannot be read"):
            await service._generations.look()
        with caplog.at_level(logging.WARNING):
            await asyncio.sleep(1.7)  # it looks by itself each half second
        assert len([record for record in caplog.records if "cannot be opened" in record.message]) == 1
        assert (await service.search(Query("loaf"))).generation == 1
        damaged.write_bytes(whole)
        while (await service.search(Query("loaf"))).generation != generation:
            await asyncio.sleep(0.1)
        await service.stop()

    asyncio.run(run())


@pytest.mark.slow
def test_twenty_publications_under_load_fail_no_request(publications: Publications) -> None:
    port = free_port()
    process = start(publications.store, port, "--workers", "2", "--no-cache")
    ask(port, "/health")
    clients = Clients(port, 24)
    files: list[int] = []
    memory: list[int] = []
    for _ in range(20):
        generation = publications.publish()
        while ask(port, "/health")["generation"] != generation:
            time.sleep(0.05)
        files.append(max(worker.num_fds() for worker in workers(process)))
        memory.append(sum(worker.memory_full_info().uss for worker in workers(process)))
    time.sleep(1.5)  # both workers have moved on
    assert {ask(port, "/search/rag?q=loaf")["generation"] for _ in range(4)} == {generation}
    publications.publish()  # sweeps what is read no more
    assert len(list(publications.store.glob("snapshots/0*"))) <= 3
    process.terminate()
    clients.join()
    assert process.wait(20) == 0
    assert set(clients.outcomes) == {"200"}
    assert clients.outcomes["200"] > 1_000
    assert max(files[10:]) <= max(files[:10]) + 5
    assert memory[-1] < memory[4] + 50_000_000
