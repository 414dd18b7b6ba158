from __future__ import annotations

from workbench.search.cache import Cache


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_kept_is_given_until_its_time_is_over() -> None:
    clock = Clock()
    cache: Cache[bytes] = Cache(len, ttl_seconds=300, timer=clock)
    cache.put("key", b"answer")
    clock.now = 299
    assert cache.get("key") == b"answer"
    clock.now = 301
    assert cache.get("key") is None


def test_the_least_recently_used_goes_for_room() -> None:
    cache: Cache[bytes] = Cache(len, capacity_bytes=1000)
    for number in range(10):
        cache.put(number, bytes(100))
    cache.get(0)
    cache.put(10, bytes(100))
    assert cache.get(0) is not None
    assert cache.get(1) is None
    assert cache.statistics().evicted == 1


def test_sizes_are_bytes_and_hits_are_counted() -> None:
    cache: Cache[bytes] = Cache(len, capacity_bytes=1000)
    cache.put("a", bytes(60))
    cache.put("a", bytes(40))
    cache.get("a")
    cache.get("b")
    found = cache.statistics()
    assert (found.bytes, found.entries, found.hits, found.misses) == (40, 1, 1, 1)
    assert found.hit_ratio == 0.5
    assert cache.clear() == 1
    assert cache.statistics().bytes == 0


def test_one_huge_value_does_not_put_out_all_others() -> None:
    cache: Cache[bytes] = Cache(len, capacity_bytes=1000)
    cache.put("small", bytes(50))
    cache.put("huge", bytes(500))
    assert cache.get("small") is not None
    assert cache.get("huge") is None
