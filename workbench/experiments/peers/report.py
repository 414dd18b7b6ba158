"""What was measured of the peers: as a run that is kept, as text, and as Markdown, both made from the kept run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from workbench.experiments.load.report import header, table
from workbench.experiments.peers.measurement import PeerResult, Plan
from workbench.experiments.runs import HIGHER, LOWER, Figure, Run
from workbench.snapshot import Snapshot

KIND = "peers"
_PERCENTILES = ("p50", "p95", "p99")
_NONE = "–"
Peer = Mapping[str, Any]


def to_run(snapshot: Snapshot, plan: Plan, results: Sequence[PeerResult], *, name: str = "") -> Run:
    """The run to keep; every peer with all that was found of it in `details["peers"]`."""
    head = header(snapshot, asdict(plan))
    head["versions"] |= {one.title: one.version for one in results if one.version}
    figures = [figure for one in results for figure in _figures(one)]
    return Run.of(KIND, head, figures, name=name, details={"peers": [asdict(one) for one in results]})


def _figures(one: PeerResult) -> Iterator[Figure]:
    if one.built:
        yield Figure(f"{one.title}: build", one.built["seconds"], "s", LOWER)
        yield Figure(f"{one.title}: size on disk", one.built["bytes"], "bytes", LOWER)
        yield Figure(f"{one.title}: memory of the build", one.built["memory"], "bytes", LOWER)
    if not one.one:
        return
    yield Figure(f"{one.title}: memory of searching", one.memory, "bytes", LOWER)
    for percentile in _PERCENTILES:
        yield Figure(f"{one.title}: 1 client {percentile}", one.one["latency"][percentile], "ms", LOWER)
    for crowd in one.crowds:
        clients = f"{one.title}: {crowd['clients']} clients"
        yield Figure(f"{clients}, answers", crowd["per_second"], "/s", HIGHER)
        for percentile in _PERCENTILES:
            yield Figure(f"{clients} {percentile}", crowd["latency"][percentile], "ms", LOWER)
    yield Figure(f"{one.title}: vector recall@10", one.vector["recall"]["mean"], "", HIGHER)
    for narrow in one.filtered:
        what = f"{one.title}: {narrow['share']:.0%} filter"
        yield Figure(f"{what}, p50", narrow["latency"]["p50"], "ms", LOWER)
        yield Figure(f"{what}, p95", narrow["latency"]["p95"], "ms", LOWER)
        yield Figure(f"{what}, vector recall@10", narrow["recall"]["mean"], "", HIGHER)
    if one.known_items is not None:
        yield Figure(f"{one.title}: known items in the first ten", one.known_items, "", HIGHER)
    if one.added_seconds is not None:
        yield Figure(f"{one.title}: one more message found after", one.added_seconds, "s", LOWER)


def lines(run: Run) -> Iterator[str]:
    """As text: two tables of all peers, and what must be known to read them."""
    yield setting(run)
    for title, head, rows in tables(run):
        yield from table(title, head, rows)
    yield ""
    yield from remarks(run)


def markdown(run: Run) -> Iterator[str]:
    """The same as Markdown."""
    yield setting(run)
    for title, head, rows in tables(run):
        yield from ("", f"{title}:", "")
        yield from (f"| {' | '.join(one)} |" for one in (head, ["---"] * len(head), *rows))
    yield ""
    yield from (f"- {one}" for one in remarks(run))


def tables(run: Run) -> Iterator[tuple[str, Sequence[str], list[Sequence[str]]]]:
    """Title, heads and rows of each table: peers as a whole, and what filters cost them."""
    peers = run.details["peers"]
    crowds = [f"{clients} clients: answers/s, p50 / p95 / p99 ms" for clients in _clients(run)]
    head = (
        "peer", "build s (cores, MB)", "disk MB", "memory MB", "1 client: p50 / p95 / p99 ms", *crowds,
        "vector recall@10 (p50 ms)", "known items", "one more message s",
    )  # fmt: skip
    yield "Peers, search by words and meaning", head, [row(one, run) for one in peers]
    filters = [f"{share:.0%} kept: p50 / p95 ms, vector recall@10 (p50 ms)" for share in _shares(run)]
    if filters:
        yield "Filters by time", ("peer", *filters), [_filter_row(one, run) for one in peers]


def setting(run: Run) -> str:
    """Where and with what it was measured, in a sentence."""
    machine, store = run.machine, run.store
    return (
        f"{store['messages']:,} messages, {store['dimensions']}-dimensional vectors ({store['embedder']}), "
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, "
        f"{run.made_at:%Y-%m-%d}; run {run.id}."
    )


def row(one: Peer, run: Run) -> tuple[str, ...]:
    """One peer. What was not measured is a dash; why stands among the remarks."""
    built, vector = one["built"], one["vector"]
    cells = [
        one["title"],
        f"{built['seconds']:,.0f} ({built['cores']:.1f}, {built['memory'] / 1e6:,.0f})" if built else _NONE,
        f"{built['bytes'] / 1e6:,.0f}" if built else _NONE,
        f"{one['memory'] / 1e6:,.0f}" if one["memory"] else _NONE,
        _latency(one["one"]["latency"]) if one["one"] else _NONE,
    ]
    crowds = {crowd["clients"]: crowd for crowd in one["crowds"]}
    for clients in _clients(run):
        found = crowds.get(clients)
        cells.append(f"{found['per_second']:,.0f}, {_latency(found['latency'])}" if found else _NONE)
    cells.append(f"{vector['recall']['mean']:.3f} ({_ms(vector['latency']['p50'])})" if vector else _NONE)
    cells.append(_NONE if one["known_items"] is None else f"{one['known_items']:.2f}")
    cells.append(_NONE if one["added_seconds"] is None else f"{one['added_seconds']:,.1f}")
    return tuple(cells)


def remarks(run: Run) -> Iterator[str]:
    """Of each peer: versions, what its search does, how it was asked, what it lacks, and what went wrong."""
    for one in run.details["peers"]:
        if one["error"]:
            yield f"{one['title']}: {one['error']}"
            if not one["built"]:
                continue
        crowd = one["crowd"]
        threads = f"{crowd['threads']} threads" if crowd["threads"] > 1 else "one thread"
        asked = f"{crowd['processes']} process{'es' * (crowd['processes'] > 1)}, " + (
            f"{threads} in each" if crowd["threads"] else "a thread for each client"
        )
        batched = f", up to {crowd['batch']} queries a call" if crowd["batch"] > 1 else ""
        yield f"{one['title']} ({one['version']}): {one['how']}. Many clients: {asked}{batched}. Weak: {one['weak']}."
        yield from _counts(one, run)


def _counts(one: Peer, run: Run) -> Iterator[str]:
    """What the time allowed less of than was planned, and what failed."""
    answered = int(one["one"]["latency"]["count"]) if one["one"] else 0
    if 0 < answered < run.parameters["queries"]:
        yield f"{one['title']}: one client's figures are of {answered:,} queries."
    for crowd in one["crowds"]:
        for kind, count in crowd["failures"].items():
            yield f"{one['title']}: {count:,} of {crowd['clients']} clients' queries failed: {kind}"
    for narrow in one["filtered"]:
        if narrow["recall"]["short"]:
            yield (
                f"{one['title']}: with the {narrow['share']:.0%} filter {narrow['recall']['short']} of "
                f"{narrow['recall']['queries']} answers by vector had fewer messages than there are."
            )


def _filter_row(one: Peer, run: Run) -> tuple[str, ...]:
    found = {narrow["share"]: narrow for narrow in one["filtered"]}
    return (one["title"], *(_filter(found.get(share)) for share in _shares(run)))


def _filter(narrow: Mapping[str, Any] | None) -> str:
    if narrow is None:
        return _NONE
    latency, alone = narrow["latency"], _ms(narrow["vector_latency"]["p50"])
    return f"{_ms(latency['p50'])} / {_ms(latency['p95'])}, {narrow['recall']['mean']:.3f} ({alone})"


def _latency(latency: Mapping[str, float]) -> str:
    return " / ".join(_ms(latency[percentile]) for percentile in _PERCENTILES)


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:,.1f}" if milliseconds < 100 else f"{milliseconds:,.0f}"


def _clients(run: Run) -> list[int]:
    return [clients for clients in run.parameters["clients"] if clients > 1]


def _shares(run: Run) -> list[float]:
    return list(run.parameters["shares"])
