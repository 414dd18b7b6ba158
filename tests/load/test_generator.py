"""The load generator against servers whose behaviour is known."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from load.servers import response, serving

from workbench.experiments.load.arrivals import constant, due_times
from workbench.experiments.load.connection import Connection, Reply
from workbench.experiments.load.generator import run_load
from workbench.experiments.load.histogram import latency_of, per_second
from workbench.experiments.load.job import LoadJob

HOST = "127.0.0.1"


def targets(count: int) -> list[str]:
    return [f"/search/rag?q={number}&k=10" for number in range(count)]


async def at_once(_: int) -> bytes:
    return response()


async def after_20_ms(_: int) -> bytes:
    await asyncio.sleep(0.02)
    return response()


def test_each_query_is_sent_once_and_in_order_by_a_single_user() -> None:
    seen: list[bytes] = []
    with serving(at_once, seen) as port:
        samples = run_load(LoadJob(HOST, port, targets(200), 1, 30.0))
    assert [line.split()[1].decode() for line in seen] == targets(200)
    assert samples.exhausted
    assert len(samples.done) == 200
    assert samples.errors == {}


def test_latency_holds_at_least_the_delay_of_the_server() -> None:
    with serving(after_20_ms) as port:
        samples = run_load(LoadJob(HOST, port, targets(10_000), 4, 0.6, 0.2))
    assert len(samples.done) > 0
    assert (samples.done - samples.sent).min() >= 0.0195
    assert len(samples.done) <= 4 * (0.6 / 0.0195 + 2)  # a user waits for the answer before the next question


def test_the_warm_up_is_not_counted() -> None:
    with serving(after_20_ms) as port:
        samples = run_load(LoadJob(HOST, port, targets(10_000), 2, 0.4, 0.4))
    assert samples.sent.min() >= 0.0
    assert abs(samples.window - 0.4) < 0.05


def test_every_connection_of_many_is_used() -> None:
    with serving(after_20_ms) as port:
        samples = run_load(LoadJob(HOST, port, targets(20_000), 200, 1.5))
    assert samples.used == 200
    assert samples.errors == {}


@pytest.mark.slow
def test_a_stall_is_seen_by_all_requests_that_were_due_in_it() -> None:
    """The server answers nothing for a second: a hundred requests were due then, and only one was under way."""
    stalled = []

    async def stalls_once(number: int) -> bytes:
        if number == 60:
            stalled.append(time.perf_counter())
            await asyncio.sleep(1.0)
        return response()

    with serving(stalls_once) as port:
        samples = run_load(LoadJob(HOST, port, targets(2_000), 1, 3.5, due=due_times(constant(100.0, 3.5)).tolist()))
    assert stalled
    from_due, from_sending = latency_of(samples.done - samples.scheduled), latency_of(samples.done - samples.sent)
    assert from_due.p99 >= 800
    assert from_sending.max >= 990
    assert int(((samples.done - samples.sent) >= 0.9).sum()) == 1
    assert int(((samples.done - samples.scheduled) >= 0.5).sum()) >= 45


@pytest.mark.slow
def test_a_constant_rate_is_kept_whatever_the_server_does() -> None:
    with serving(after_20_ms) as port:
        samples = run_load(LoadJob(HOST, port, targets(2_000), 50, 2.0, due=due_times(constant(200.0, 2.0)).tolist()))
    assert abs(len(samples.done) - 400) <= 2
    assert np.allclose(np.diff(np.sort(samples.scheduled)), 1 / 200)


def test_errors_are_counted_by_their_kind() -> None:
    async def fails(number: int) -> bytes:
        if number % 10 == 3:
            return response(b"{}", status="503 Service Unavailable")
        if number % 10 == 6:
            return b""
        if number % 10 == 8:
            return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        return response()

    with serving(fails) as port:
        samples = run_load(LoadJob(HOST, port, targets(100), 1, 30.0))
    assert samples.errors == {
        "status 503": 10,
        "connection closed before the answer": 10,
        "answer without Content-Length": 10,
    }
    assert len(samples.done) == 70


def test_an_answer_that_does_not_come_is_an_error_after_the_timeout() -> None:
    async def never_the_second(number: int) -> bytes:
        if number == 1:
            await asyncio.sleep(60)
        return response()

    with serving(never_the_second) as port:
        samples = run_load(LoadJob(HOST, port, targets(5), 1, 30.0, timeout=0.3))
    assert samples.errors == {"no answer within the timeout": 1}
    assert len(samples.done) == 4


def test_nobody_listening_is_an_error_and_ends() -> None:
    with serving(at_once) as port:
        pass
    samples = run_load(LoadJob(HOST, port, targets(5), 2, 0.3))
    assert len(samples.done) == 0
    assert sum(samples.errors.values()) >= 2
    assert all(kind.startswith("connect: ") for kind in samples.errors)


def test_a_server_that_closes_after_each_answer_is_not_an_error() -> None:
    async def closes(_: int) -> bytes:
        return response(headers="Connection: close\r\n")

    with serving(closes) as port:
        samples = run_load(LoadJob(HOST, port, targets(5), 1, 30.0))
    assert samples.errors == {}
    assert len(samples.done) == 5


def test_answers_kept_empty_or_partial_are_counted() -> None:
    async def mixed(number: int) -> bytes:
        if number % 4 == 0:
            return response(b'{"contexts":[]}', headers="X-Cache: hit\r\n")
        if number % 4 == 1:
            return response(b'{"contexts":[{}],"partial":true}')
        return response(headers="x-cache: miss\r\n")

    with serving(mixed) as port:
        samples = run_load(LoadJob(HOST, port, targets(100), 1, 30.0))
    assert (samples.cached, samples.empty, samples.partial) == (25, 25, 25)


class Wire:
    """A transport that only takes."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


@given(
    bodies=st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 60), min_size=1, max_size=20),
)
def test_answers_are_read_alike_however_the_network_cuts_them(bodies: list[bytes], cuts: list[int]) -> None:
    got: list[Reply] = []
    lost: list[str] = []
    connection = Connection(0, lambda _, reply: got.append(reply), lambda _, kind: lost.append(kind))
    connection.connection_made(Wire())
    for body in bodies:
        connection.send(b"GET / HTTP/1.1\r\n\r\n", 0.0)
        rest, step = response(body), 0
        while rest:
            size = cuts[step % len(cuts)]
            connection.data_received(rest[:size])
            rest, step = rest[size:], step + 1
    assert [reply.body for reply in got] == bodies
    assert lost == []


@given(st.lists(st.integers(1, 60_000_000), min_size=1, max_size=300))
def test_the_histogram_agrees_with_the_sorted_values_to_three_digits(microseconds: list[int]) -> None:
    """Its percentile is the value of a rank rounded to the nearest, so one of the two ranks around the exact one."""
    found = latency_of(np.array(microseconds) / 1e6)
    for percentile, value in ((50, found.p50), (90, found.p90), (95, found.p95), (99, found.p99), (99.9, found.p999)):
        rank = percentile / 100 * len(microseconds)
        ordered = np.sort(microseconds)
        low, high = ordered[max(0, int(rank) - 1)], ordered[min(len(ordered) - 1, int(rank))]
        assert low * 0.999 - 1 <= value * 1000 <= high * 1.001 + 1
    assert found.count == len(microseconds)
    assert np.isclose(found.max, max(microseconds) / 1000)
    assert np.isclose(found.mean, np.mean(microseconds) / 1000)


def test_no_latencies_give_an_empty_distribution() -> None:
    assert latency_of(np.empty(0)).count == 0


def test_each_second_has_its_own_percentiles() -> None:
    done = np.array([0.1, 0.2, 2.5])
    first, second, third = per_second(done, np.array([0.001, 0.003, 0.010]))
    assert (first.answers, second.answers, third.answers) == (2, 0, 1)
    assert np.isclose(first.p50, 2.0)
    assert np.isclose(third.p95, 10.0)
