"""The shared cache with a real Redis that is killed, stopped, filled up and started again."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from workbench.embedding import Embedder
from workbench.errors import UsageError
from workbench.experiments.load.service import free_port
from workbench.http_api.caching.answers import Answers
from workbench.http_api.caching.caches import Caches
from workbench.http_api.caching.query_vectors import QueryVectors
from workbench.http_api.caching.shared_cache import KINDS, SharedCache
from workbench.http_api.options import ServiceOptions
from workbench.model import Query
from workbench.search import SearchEngine
from workbench.search.store_caches import FORGOTTEN, StoreCaches
from workbench.settings import Settings
from workbench.workspace import Workbench

redis = pytest.importorskip("redis", reason="the extra redis is not installed")
pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
KEY = ("1.0", b"q=bread")


class Server:
    """A redis-server on a free port of this machine, which keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([*command, "--dir", str(self._folder)], stdout=subprocess.DEVNULL)
        with redis.Redis(port=self.port, retry=None) as client:
            for _ in range(500):
                try:
                    client.ping()
                except redis.ConnectionError:
                    time.sleep(0.02)
                else:
                    return
        raise AssertionError("redis-server does not answer")

    def signal(self, number: signal.Signals) -> None:
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("redis"))
    yield found
    found.kill()


@pytest.fixture(autouse=True)
def empty(request: pytest.FixtureRequest) -> None:
    server: Server = request.getfixturevalue("server")
    with redis.Redis(port=server.port) as client:
        client.flushall()
        client.config_set("maxmemory", 0)


def run(server: Server, use: Callable[[SharedCache, SharedCache], Awaitable[None]]) -> None:
    """`use` two caches of one store, as two workers have them."""

    async def both() -> None:
        one, other = SharedCache(server.url, "store"), SharedCache(server.url, "store")
        for cache in (one, other):
            await cache.start()
        try:
            await until(lambda: one.statistics().reachable and other.statistics().reachable)
            await use(one, other)
        finally:
            await one.stop()
            await other.stop()

    asyncio.run(both())


async def until(so: Callable[[], bool], seconds: float = 20.0) -> None:
    for _ in range(int(seconds / 0.02)):
        if so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it does not become so")


async def written(cache: SharedCache, count: int = 1) -> None:
    await until(lambda: cache.statistics().written >= count)


def test_what_one_worker_puts_another_gets_as_the_same_bytes(server: Server) -> None:
    body = bytes(range(256))

    async def use(one: SharedCache, other: SharedCache) -> None:
        assert await other.get("answers", "1", b"bread") is None
        one.put("answers", "1", b"bread", body, 60)
        await written(one)
        assert await other.get("answers", "1", b"bread") == body
        assert await other.get("answers", "2", b"bread") is None
        assert await other.get("vectors", "1", b"bread") is None
        assert other.statistics().hits == {"answers": 1, "vectors": 0}
        assert other.statistics().misses == {"answers": 2, "vectors": 1}

    run(server, use)
    with redis.Redis(port=server.port) as client:
        names = [name for name in client.scan_iter() if b":answers:" in name]
        assert [client.get(name) for name in names] == [body]
        assert 0 < client.pttl(names[0]) <= 60_000


def test_many_gets_at_once_each_have_their_own_answer(server: Server) -> None:
    async def use(one: SharedCache, other: SharedCache) -> None:
        for number in range(0, 300, 2):
            one.put("answers", "1", b"%d" % number, b"answer %d" % number, 60)
        await written(one, 150)
        found = await asyncio.gather(*(other.get("answers", "1", b"%d" % number) for number in range(300)))
        assert found == [None if number % 2 else b"answer %d" % number for number in range(300)]

    run(server, use)


def test_stores_that_share_a_redis_do_not_see_each_other(server: Server) -> None:
    async def both() -> None:
        one, other = SharedCache(server.url, "a"), SharedCache(server.url, "b")
        for cache in (one, other):
            await cache.start()
            await until(lambda cache=cache: cache.statistics().reachable)
        one.put("answers", "1", b"bread", b"mine", 60)
        await written(one)
        assert await other.get("answers", "1", b"bread") is None
        assert await other.clear("answers") == 0
        assert await one.get("answers", "1", b"bread") == b"mine"
        await one.stop()
        await other.stop()

    asyncio.run(both())


def test_a_killed_redis_fails_nobody_and_is_used_again_when_it_is_back(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async def use(one: SharedCache, other: SharedCache) -> None:
        answers = Answers(shared=one)
        answers.put(KEY, b"loaf")
        await written(one)
        server.kill()
        for number in range(200):  # nothing raises, and there is no answer
            assert await answers.get(("1.0", b"q=%d" % number)) is None
            answers.put(("1.0", b"q=%d" % number), b"new")
        assert answers.get_local(KEY) == b"loaf"
        assert not one.statistics().reachable
        assert one.statistics().failures >= 1
        server.start()
        await until(lambda: one.statistics().reachable and other.statistics().reachable)
        assert await one.get("answers", ":1.0", KEY[1]) is None  # it came back empty
        answers.put(KEY, b"loaf again")
        await until(lambda: one.statistics().written >= 2)
        assert await other.get("answers", ":1.0", KEY[1]) == b"loaf again"

    with caplog.at_level(logging.INFO, logger="workbench.http_api.caching.breaker"):
        run(server, use)
    said = [record.getMessage().split(":")[1].strip() for record in caplog.records]
    changes = Counter(said)
    assert changes["in use"] == 2
    assert changes["going on without it"] == changes["in use again"] in (1, 2)  # the other may not have noticed
    assert len(said) == 2 + 2 * changes["in use again"]


def test_a_redis_that_hangs_is_given_up_and_taken_up_again(server: Server) -> None:
    async def use(one: SharedCache, _: SharedCache) -> None:
        one.put("answers", "1", b"bread", b"loaf", 60)
        await written(one)
        server.signal(signal.SIGSTOP)
        try:
            found = await asyncio.gather(*(one.get("answers", "1", b"bread") for _ in range(500)))
            assert set(found) == {None}
            assert one.statistics().failures == 1  # they waited together, and none after them
            assert await one.get("answers", "1", b"bread") is None
        finally:
            server.signal(signal.SIGCONT)
        await until(lambda: one.statistics().reachable)
        assert await one.get("answers", "1", b"bread") == b"loaf"

    run(server, use)


def test_an_answer_that_came_while_the_loop_was_busy_counts(server: Server) -> None:
    async def use(one: SharedCache, _: SharedCache) -> None:
        one.put("answers", "1", b"bread", b"loaf", 60)
        await written(one)
        asked = asyncio.create_task(one.get("answers", "1", b"bread"))
        for _ in range(6):
            await asyncio.sleep(0)
            time.sleep(0.03)  # a batch of searches, longer than one may wait
        assert await asked == b"loaf"
        assert one.statistics().failures == 0

    run(server, use)


def test_a_full_redis_is_still_read_from(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    async def use(one: SharedCache, other: SharedCache) -> None:
        one.put("answers", "1", b"bread", b"loaf", 60)
        await written(one)
        with redis.Redis(port=server.port) as client:
            client.config_set("maxmemory", 1)
        for number in range(50):
            one.put("answers", "1", b"%d" % number, b"more", 60)
        await until(lambda: one.statistics().dropped == 50)
        assert await other.get("answers", "1", b"bread") == b"loaf"
        assert one.statistics().reachable
        with redis.Redis(port=server.port) as client:
            client.config_set("maxmemory", 0)
        await asyncio.sleep(1.1)
        one.put("answers", "1", b"soup", b"miso", 60)
        await written(one, 2)

    with caplog.at_level(logging.INFO, logger="workbench.http_api.caching.breaker"):
        run(server, use)
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("writing")]
    assert len(said) == 2
    assert "maxmemory" in said[0]
    assert said[1].endswith("in use again")


def test_a_clear_reaches_the_caches_of_other_services(server: Server, tmp_path: Path) -> None:
    async def both() -> None:
        stores = [ServiceOptions(tmp_path, redis=server.url) for _ in range(2)]
        one, other = Caches(stores[0]), Caches(stores[1])
        other._store.cleared = lambda _: 0  # on another machine: nothing but Redis tells it
        for caches in (one, other):
            await caches.start()
            await until(lambda caches=caches: caches.shared.statistics().reachable)
        for caches in (one, other):
            caches.answers.put(KEY, b"loaf")
            caches.vectors.put(("model", "bread"), np.ones(4, np.float32))
        await written(one.shared)
        await written(other.shared)
        done = await one.clear("answers")
        assert (done.local, done.shared, done.everywhere) == (1, 1, True)
        assert await other.answers.get(KEY) is None or other.answers.get_local(KEY) == b"loaf"
        await until(lambda: other.answers.get_local(KEY) is None)
        assert other.vectors.get(("model", "bread")) is not None
        assert await one.answers.get(KEY) is None
        await one.stop()
        await other.stop()

    asyncio.run(both())


def test_what_was_forgotten_goes_from_the_shared_cache_too(server: Server, tmp_path: Path) -> None:
    async def serve() -> None:
        caches = Caches(ServiceOptions(tmp_path, redis=server.url))
        await caches.start()
        await until(lambda: caches.shared.statistics().reachable)
        caches.answers.put(KEY, b"loaf")
        await written(caches.shared)
        with redis.Redis(port=server.port) as client:
            kept = f"*:{KINDS[0]}:*"
            assert list(client.scan_iter(kept))
            assert StoreCaches(tmp_path).clear(FORGOTTEN)  # as `workbench forget` does, in a process of its own
            await until(lambda: not list(client.scan_iter(kept)))
        assert caches.answers.get_local(KEY) is None
        await caches.stop()

    asyncio.run(serve())


def test_a_clear_while_redis_is_away_is_made_up_for(server: Server) -> None:
    async def use(one: SharedCache, other: SharedCache) -> None:
        one.put("answers", "1", b"bread", b"loaf", 60)
        await written(one)
        server.signal(signal.SIGSTOP)
        try:
            assert await one.get("answers", "1", b"bread") is None
            assert await one.clear("answers") is None
        finally:
            server.signal(signal.SIGCONT)
        await until(lambda: one.statistics().reachable)
        assert await one.get("answers", "1", b"bread") is None
        with redis.Redis(port=server.port) as client:
            assert not [name for name in client.scan_iter() if b":answers:" in name]

    run(server, use)


class Slow:
    """The static model, said to be slow. Counts what it embeds."""

    def __init__(self, inner: Embedder) -> None:
        self.name, self.fingerprint, self.dimensions = inner.name, inner.fingerprint, inner.dimensions
        self.texts_per_second = 50.0
        self.embedded: list[str] = []
        self._inner = inner

    def embed(self, texts: list[str]) -> np.ndarray:
        self.embedded += texts
        return self._inner.embed(texts)


def test_vectors_of_slow_models_are_embedded_by_one_worker_for_all(
    server: Server, tmp_path: Path, cache: Path, embedder: Embedder
) -> None:
    memory = Workbench(Settings(store=tmp_path, cache=cache, ray="off"))
    memory.ingest("data/samples/claude")
    query = Query("bread that did not rise role:user")

    async def use(one: SharedCache, other: SharedCache) -> None:
        found, models = [], []
        for shared in (one, other):
            vectors, model = QueryVectors(shared), Slow(embedder)
            engine = SearchEngine(memory.snapshot, model, vectors=vectors)
            await vectors.fetch(engine, query)
            found.append(engine.search(query))
            models.append(model)
            if shared is one:
                await written(one)
        assert models[0].embedded == ["bread that did not rise"]
        assert models[1].embedded == []
        assert found[0].hits == found[1].hits

    run(server, use)


def test_vectors_of_fast_models_stay_at_home(server: Server, memory: Workbench, embedder: Embedder) -> None:
    memory.ingest("data/samples/claude")

    async def use(one: SharedCache, _: SharedCache) -> None:
        vectors = QueryVectors(one)
        engine = SearchEngine(memory.snapshot, embedder, vectors=vectors)
        await vectors.fetch(engine, Query("bread"))
        engine.search(Query("bread"))
        assert vectors.statistics().entries == 1
        assert one.statistics().misses == {"answers": 0, "vectors": 0}

    run(server, use)
    with redis.Redis(port=server.port) as client:
        assert not [name for name in client.scan_iter() if b":vectors:" in name]


def test_a_vector_of_the_wrong_length_is_not_taken(server: Server, memory: Workbench, embedder: Embedder) -> None:
    memory.ingest("data/samples/claude")

    async def use(one: SharedCache, other: SharedCache) -> None:
        model = Slow(embedder)
        one.put("vectors", model.fingerprint, b"bread", bytes(10), 60)
        await written(one)
        vectors = QueryVectors(other)
        engine = SearchEngine(memory.snapshot, model, vectors=vectors)
        await vectors.fetch(engine, Query("bread"))
        assert engine.search(Query("bread")).hits
        assert model.embedded == ["bread"]

    run(server, use)


@pytest.mark.parametrize("url", ["localhost:6379", "http://127.0.0.1:6379", "redis://127.0.0.1:port"])
def test_a_url_that_is_none_is_said_at_the_start(url: str) -> None:
    with pytest.raises(UsageError, match=r"redis://127\.0\.0\.1:6379/0"):
        SharedCache(url, "store")


def test_it_may_be_away_at_the_start() -> None:
    async def use() -> None:
        cache = SharedCache(f"redis://127.0.0.1:{free_port()}/0", "store")
        await cache.start()
        assert await cache.get("answers", "1", b"bread") is None
        cache.put("answers", "1", b"bread", b"loaf", 60)
        assert cache.statistics().dropped == 1
        await cache.stop()

    asyncio.run(use())
