"""One phase of one peer, in a process of its own: build, search, or add. Started by `measurement`.

    python -m workbench.experiments.peers.worker build|search|add NAME FOLDER WORK

`WORK` holds corpus, queries and `plan.json`; what was found goes to standard output as one line of JSON. Nothing here
may reach another machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from workbench.errors import ServiceError
from workbench.experiments.load.histogram import Latency, latency_of
from workbench.experiments.peers.adapters import peer
from workbench.experiments.peers.clients import crowded
from workbench.experiments.peers.corpus import Corpus, one_message
from workbench.experiments.peers.memory import processor_seconds
from workbench.experiments.peers.peer import Ids, NotInstalledError, Peer, Question, Searcher
from workbench.experiments.peers.questions import Questions

MISSING = 5  # exit status: a package is not installed
_WARM = 30
_LOCAL = ("127.0.0.1", "::1", "localhost")
_PATIENCE = 60.0


def main() -> None:
    """Do one phase."""
    parser = argparse.ArgumentParser(description="One phase of `workbench bench peers`.")
    parser.add_argument("phase", choices=("build", "search", "add"))
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("work", type=Path)
    options = parser.parse_args()
    sys.addaudithook(refuse_other_machines)
    phases: dict[str, Callable[[Peer, Path, Path], dict[str, Any]]] = {"build": build, "search": search, "add": add}
    try:
        chosen = peer(options.name)
        chosen.version()
        found = phases[options.phase](chosen, options.folder, options.work)
    except NotInstalledError as error:
        print(error.what, file=sys.stderr)
        raise SystemExit(MISSING) from None
    sys.stdout.buffer.write(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")


def refuse_other_machines(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: a peer is measured here, and tells nobody.

    Raises:
        ServiceError: Python code wants a connection to another machine.
    """
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in _LOCAL:
        raise ServiceError(f"a connection to {arguments[1][0]} was refused", "peers are measured without a network")


def build(chosen: Peer, folder: Path, work: Path) -> dict[str, Any]:
    """Seconds, cores used, bytes on disk."""
    corpus = Corpus.read(work / "corpus")
    used, begun = _processor_seconds(chosen, folder), time.perf_counter()
    chosen.build(folder, corpus)
    seconds = time.perf_counter() - begun
    cores = (_processor_seconds(chosen, folder) - used) / seconds
    return {"seconds": seconds, "cores": cores, "bytes": chosen.size(folder), "version": chosen.version()}


def add(chosen: Peer, folder: Path, work: Path) -> dict[str, Any]:
    """Seconds until one more message is found by whoever opens the folder then."""
    corpus = Corpus.read(work / "corpus")
    rng = np.random.default_rng(5)
    vector = rng.standard_normal(corpus.dimensions).astype(np.float32)
    one = one_message(corpus, "zyxgarblewort is a word that no other message has", vector / np.linalg.norm(vector))
    [batch] = list(one.batches())
    question = Question("zyxgarblewort", batch.vectors[0], one.model_vectors[0].astype(np.float32))
    begun = time.perf_counter()
    chosen.add(folder, one)
    over = time.perf_counter() + _PATIENCE
    while time.perf_counter() < over:
        searcher = chosen.open(folder)
        found = len(corpus) in searcher.search([question])[0]
        seconds = time.perf_counter() - begun
        searcher.close()
        if found:
            return {"seconds": seconds}
    return {"seconds": None}


def search(chosen: Peer, folder: Path, work: Path) -> dict[str, Any]:
    """Latencies, and the answers for whoever knows the truth."""
    plan = orjson.loads((work / "plan.json").read_bytes())
    questions, seconds = Questions.read(work), plan["seconds"]
    begun = time.perf_counter()
    searcher = chosen.open(folder)
    warm = questions.asked(most=plan["queries"])
    searcher.search(warm[:1])
    found: dict[str, Any] = {"first_ms": (time.perf_counter() - begun) * 1000}

    def hybrid(question: Question) -> Ids:
        return searcher.search([question])[0]

    for question in warm[-_WARM:]:
        hybrid(question)
    found["one"] = _timed(hybrid, warm, seconds)
    judged = plan["judged"]
    found["vector"] = _timed(searcher.nearest, questions.asked(most=judged), seconds, warmup=_WARM)
    found["filtered"] = [
        {
            "share": narrow.share, "kept": narrow.kept, "window": asdict(narrow.window),
            "hybrid": _timed(hybrid, questions.asked(narrow.window, judged), seconds, warmup=_WARM),
            "vector": _timed(searcher.nearest, questions.asked(narrow.window, judged), seconds),
        }
        for narrow in questions.windows
    ]  # fmt: skip
    found["crowds"] = _crowds(chosen, folder, work, plan, searcher)
    return found


def _crowds(chosen: Peer, folder: Path, work: Path, plan: dict[str, Any], searcher: Searcher) -> list[dict[str, Any]]:
    """Every number of clients over one. The searcher stays open, so that a server does not end meanwhile."""
    several = [clients for clients in plan["clients"] if clients > 1]
    measured = [crowded(chosen.name, folder, work, clients=clients, seconds=plan["seconds"]) for clients in several]
    searcher.close()
    return [{**asdict(one), "latency": without_curve(one.latency)} for one in measured]


def _timed(
    ask: Callable[[Question], Ids], questions: Sequence[Question], seconds: float, *, warmup: int = 0
) -> dict[str, Any]:
    """Ask one after another until all are asked or the time is over: latency, and the answers in their order."""
    for question in questions[:warmup]:
        ask(question)
    took: list[float] = []
    answers: list[Ids] = []
    over = time.perf_counter() + seconds
    for question in questions:
        begun = time.perf_counter()
        answers.append(ask(question))
        took.append(time.perf_counter() - begun)
        if time.perf_counter() > over:
            break
    return {"latency": without_curve(latency_of(np.array(took))), "answers": answers}


def without_curve(latency: Latency) -> dict[str, float]:
    """The percentiles: a run keeps some thirty distributions, whose curves nobody draws."""
    return {name: value for name, value in asdict(latency).items() if name != "curve"}


def _processor_seconds(chosen: Peer, folder: Path) -> float:
    server = chosen.server(folder)
    return processor_seconds(os.getpid()) + (processor_seconds(server) if server else 0.0)


if __name__ == "__main__":
    main()
