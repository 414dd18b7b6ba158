"""All peers, one after another, each phase of each in a process of its own: what crashes costs only itself."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from workbench.embedding import Embedder
from workbench.experiments.load.queries import known_items
from workbench.experiments.peers.adapters import NAMES, peer
from workbench.experiments.peers.corpus import Corpus
from workbench.experiments.peers.memory import MemoryPeak
from workbench.experiments.peers.peer import Peer, Window
from workbench.experiments.peers.questions import SHARES, Questions
from workbench.experiments.peers.truth import Recall, Truth
from workbench.experiments.peers.worker import MISSING
from workbench.snapshot import Snapshot

Say = Callable[[str], None]
_TOLD = 300  # characters of an error
_ERROR = re.compile(r"^[\w.]*(?:Error|Exception|Interrupt)\b.*", re.MULTILINE)
_THREADS = {name: os.environ.get(name, "1") for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
"""Of numeric libraries: one, unless the environment says otherwise; threads that wait for one another take cores."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured. A peer is asked each set of queries once, or as many as it answers in `seconds`.

    `queries` are asked by one client, the first `judged` of them also with every filter and by vector alone; several
    `clients` ask for `seconds`. A phase that takes longer than `limit` seconds is ended.
    """

    names: tuple[str, ...] = NAMES
    queries: int = 1_000
    judged: int = 200
    clients: tuple[int, ...] = (1, 50)
    seconds: float = 20.0
    limit: float = 3_600.0
    shares: tuple[float, ...] = SHARES
    seed: int = 7


@dataclass(frozen=True, slots=True)
class PeerResult:
    """One peer: how it was set, and what it took. Latencies as `load.histogram.Latency`, in plain values.

    `error` says why nothing, or not all, was measured. `built` has seconds, cores (used on average), bytes (on disk)
    and memory (the peak, in bytes); `one` and `crowds` latency by number of clients; `vector` recall and latency of the
    vectors alone; `filtered` the same with each filter, and latency of the whole search with it. `known_items` is the
    share of queries whose words, which stand in a row in some message, led to such a message; `added_seconds` how long
    it took until one more message was found, None where it was not.
    """

    name: str
    title: str
    how: str
    weak: str
    settings: Mapping[str, Any]
    crowd: Mapping[str, int]
    version: str = ""
    error: str = ""
    built: Mapping[str, Any] = field(default_factory=dict)
    memory: int = 0
    first_ms: float = 0.0
    one: Mapping[str, Any] = field(default_factory=dict)
    crowds: Sequence[Mapping[str, Any]] = ()
    vector: Mapping[str, Any] = field(default_factory=dict)
    filtered: Sequence[Mapping[str, Any]] = ()
    known_items: float | None = None
    added_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Failure(Exception):  # noqa: N818 - it ends one peer, not the measurement
    """Why a phase gave nothing."""

    what: str


def measure_peers(snapshot: Snapshot, embedder: Embedder, plan: Plan, work: Path, say: Say) -> list[PeerResult]:
    """Every peer of the plan, over all messages of the store that have a vector. `work` is a folder to fill.

    Raises:
        UsageError: There is no peer of a name, or the store has nothing to search.
    """
    peers = [peer(name) for name in plan.names]
    say("taking messages, vectors and queries from the store")
    corpus = Corpus.of_store(snapshot)
    corpus.write(work / "corpus")
    texts = known_items(snapshot, plan.queries, seed=plan.seed)
    questions = Questions.embed(texts, embedder, corpus, shares=plan.shares)
    questions.write(work)
    (work / "plan.json").write_bytes(orjson.dumps(asdict(plan)))
    series = _Series(plan, work, Truth(corpus), questions, say)
    results = []
    for one in peers:
        results.append(series.measured(one))
        still_needed = {_folder_name(other) for other in peers[len(results) :]}
        if _folder_name(one) not in still_needed:
            shutil.rmtree(work / _folder_name(one), ignore_errors=True)
    return results


def _folder_name(one: Peer) -> str:
    return one.shares or one.name


@dataclass(slots=True)
class _Series:
    """What all peers are measured with; and what has been built, and how long one more message took, by folder."""

    plan: Plan
    work: Path
    truth: Truth
    questions: Questions
    say: Say
    built: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    added: dict[str, float | None] = field(default_factory=dict)

    def measured(self, one: Peer) -> PeerResult:
        """One peer, as far as it goes."""
        told: dict[str, Any] = {
            "name": one.name, "title": one.title, "how": one.how, "weak": one.weak, "settings": dict(one.settings),
            "crowd": asdict(one.crowd),
        }  # fmt: skip
        try:
            self._measure(one, told)
        except _Failure as failure:
            self.say(f"{one.title}: {failure.what}")
            told["error"] = failure.what
        finally:
            _end_server(one, self.work / _folder_name(one))
        return PeerResult(**told)

    def _measure(self, one: Peer, told: dict[str, Any]) -> None:
        name = _folder_name(one)
        folder = self.work / name
        if name not in self.built:
            self.say(f"{one.title}: building")
            found, memory = _phase("build", one, folder, self.work, self.plan)
            self.built[name] = {**found, "memory": memory}
        told |= {"built": self.built[name], "version": self.built[name]["version"]}
        self.say(f"{one.title}: built in {told['built']['seconds']:,.1f} s; searching")
        found, told["memory"] = _phase("search", one, folder, self.work, self.plan)
        told |= _judged(found, self.truth, self.questions)
        self.say(f"{one.title}: one client p50 {told['one']['latency']['p50']:.2f} ms; adding a message")
        if name not in self.added:
            self.added[name] = _phase("add", one, folder, self.work, self.plan)[0]["seconds"]
        told["added_seconds"] = self.added[name]


def _judged(found: Mapping[str, Any], truth: Truth, questions: Questions) -> dict[str, Any]:
    """What the worker found, with recall in place of the answers."""

    def recall(part: Mapping[str, Any], window: Window | None = None) -> Recall:
        return truth.recall(part["answers"], questions.vectors, questions.k, window)

    filtered = [
        {
            "share": one["share"], "kept": one["kept"], "latency": one["hybrid"]["latency"],
            "vector_latency": one["vector"]["latency"],
            "recall": asdict(recall(one["vector"], Window(**one["window"]))),
        }
        for one in found["filtered"]
    ]  # fmt: skip
    return {
        "first_ms": found["first_ms"], "one": {"latency": found["one"]["latency"]}, "crowds": found["crowds"],
        "vector": {"latency": found["vector"]["latency"], "recall": asdict(recall(found["vector"]))},
        "filtered": filtered,
        "known_items": truth.known_items(found["one"]["answers"][:200], questions.texts),
    }  # fmt: skip


def _phase(phase: str, one: Peer, folder: Path, work: Path, plan: Plan) -> tuple[dict[str, Any], int]:
    """What a worker found, and the most memory that it took.

    Raises:
        _Failure: The package is not there, or the worker crashed, or took too long.
    """
    command = [sys.executable, "-m", "workbench.experiments.peers.worker", phase, one.name, str(folder), str(work)]
    error_file = work / f"{one.name}-{phase}.stderr"
    environment = {**os.environ, **_THREADS}
    with (
        error_file.open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, start_new_session=True, env=environment
        ) as process,
        MemoryPeak(process.pid, lambda: one.server(folder)) as peak,
    ):
        try:
            out, _ = process.communicate(timeout=plan.limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise _Failure(f"{phase} took longer than {plan.limit:,.0f} s") from None
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise _Failure(_why(phase, process.returncode, error_file))
    found: dict[str, Any] = orjson.loads(out.splitlines()[-1])
    return found, peak.bytes


def _why(phase: str, status: int, error_file: Path) -> str:
    said = error_file.read_text(encoding="utf-8", errors="replace").strip()
    last = (_ERROR.findall(said) or said.splitlines() or [""])[-1][:_TOLD]
    if status == MISSING:
        return last
    ended = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return f"{phase} ended {ended}: {last}" if last else f"{phase} ended {ended}"


def _end_server(one: Peer, folder: Path) -> None:
    """End a server that a killed worker could not end."""
    server = one.server(folder)
    if server is None:
        return
    try:
        os.kill(server, signal.SIGQUIT)
        for _ in range(100):
            os.kill(server, 0)
            time.sleep(0.1)
    except ProcessLookupError:
        return
