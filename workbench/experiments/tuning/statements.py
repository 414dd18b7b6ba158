"""The statements that operations put to the catalog: heard while they run, profiled, and advised on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from workbench.embedding import Embedder
from workbench.experiments.load.queries import known_items
from workbench.experiments.load.report import header
from workbench.experiments.runs import LOWER, Figure, Run
from workbench.experiments.tuning.statement_profile import Profile, profile, tables_of
from workbench.experiments.tuning.statement_rules import RULES, Advice, Tables, advice, conditions
from workbench.model import Query
from workbench.search import SearchEngine, similar
from workbench.snapshot import Snapshot
from workbench.statistics import collect
from workbench.transcripts import (
    ArtifactsAsked,
    ConversationsAsked,
    list_artifacts,
    list_conversations,
    read_around,
    read_artifact,
    read_conversation,
    read_memory,
    read_message,
    read_messages,
)

KIND = "statements"
_LISTED, _READ = 20, 50  # entries of a list, messages of a page
_AROUND = 3
_SHOWN = 100  # characters

Operations = Mapping[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Heard:
    """A statement that an operation ran, with the parameters of the first time, and how many times it ran."""

    sql: str
    parameters: object
    times: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, profiled. `operations` run it, each so many times; no `advice` means nothing to advise."""

    name: str
    operations: Mapping[str, int]
    profile: Profile
    advice: tuple[Advice, ...]

    @property
    def text(self) -> str:
        """The statement on one line."""
        return " ".join(self.profile.sql.split())


@dataclass(frozen=True, slots=True)
class StatementsReport:
    """All statements of the catalog, the dearest first.

    `operations` gives the milliseconds that the statements of each operation take together, 0 for one that asks the
    catalog nothing. `header` is what the figures depend on.
    """

    header: Mapping[str, Any]
    statements: tuple[Statement, ...]
    operations: Mapping[str, float]
    remarks: tuple[str, ...] = ()


def operations_of(snapshot: Snapshot, embedder: Embedder | None, *, seed: int = 7) -> dict[str, Callable[[], object]]:
    """What people and programs do with a store, each on something in it drawn by `seed`; nothing that it has not."""
    catalog, engine = snapshot.catalog, SearchEngine(snapshot, embedder)
    at = random.Random(seed).choice(snapshot.columns.searched.nonzero()[0].tolist())
    message = snapshot.texts.ids[at].decode()
    conversation = snapshot.texts.conversation_ids[snapshot.columns.conversation[at]].decode()
    assistant = snapshot.assistants[snapshot.columns.assistant[at]]
    words = known_items(snapshot, 1, seed=seed)[0]
    ours = ConversationsAsked(assistants=(assistant,))
    found: dict[str, Callable[[], object]] = {
        "search": lambda: engine.search(Query(words)),
        "first search with a filter": lambda: engine.search(Query(f"role:user {words}")),
        "similar messages": lambda: similar(engine.view(), message),
        "conversation": lambda: read_conversation(catalog, conversation),
        "conversation of a message": lambda: read_conversation(catalog, message),
        "page of a conversation": lambda: read_messages(catalog, conversation, limit=_READ),
        "page behind a message": lambda: read_messages(catalog, conversation, limit=_READ, behind=message),
        "message": lambda: read_message(catalog, message),
        "message and those around": lambda: read_around(catalog, message, before=_AROUND, after=_AROUND),
        "list of conversations": lambda: list_conversations(catalog, ConversationsAsked(), limit=_LISTED),
        "conversations of one assistant": lambda: list_conversations(catalog, ours, limit=_LISTED),
        "list of artifacts": lambda: list_artifacts(catalog, ArtifactsAsked(), limit=_LISTED),
        "artifacts of a kind": lambda: list_artifacts(catalog, ArtifactsAsked(kinds=("code",)), limit=_LISTED),
        "statistics": lambda: collect(snapshot, snapshot.store),
    }
    if artifact := catalog.value("SELECT id FROM artifacts ORDER BY message_ordinal, ordinal LIMIT 1"):
        found["artifact"] = lambda: read_artifact(catalog, artifact)
    if memory := catalog.value("SELECT message_id FROM memories ORDER BY message_ordinal LIMIT 1"):
        found["memory"] = lambda: read_memory(snapshot, memory)
    return found


def measure_statements(snapshot: Snapshot, operations: Operations, *, repeats: int = 3) -> StatementsReport:
    """Run each operation, hear what it asks the catalog, and profile it `repeats` times.

    Raises:
        StoreError: The catalog cannot carry a statement out.
    """
    tables = tables_of(snapshot.catalog)
    heard = {name: hear(snapshot, run) for name, run in operations.items()}
    profiles = {
        key: profile(snapshot.catalog, one.sql, one.parameters, repeats=repeats)
        for key, one in {_key(one): one for every in heard.values() for one in every}.items()
    }
    statements = [_statement(key, found, heard, tables) for key, found in profiles.items()]
    costs = {name: sum(one.times * profiles[_key(one)].milliseconds for one in every) for name, every in heard.items()}
    remarks = tuple(f"{name}: asks the catalog nothing" for name, every in heard.items() if not every)
    dearest = sorted(statements, key=lambda one: -one.profile.milliseconds)
    return StatementsReport(header(snapshot, {"repeats": repeats}), tuple(dearest), costs, remarks)


def hear(snapshot: Snapshot, run: Callable[[], object]) -> list[Heard]:
    """Run an operation and hear its statements, each text once, in the order of their first time."""
    found: dict[str, list[object]] = {}
    with snapshot.catalog.overheard(lambda sql, parameters: found.setdefault(sql, []).append(parameters)):
        run()
    return [Heard(sql, given[0], len(given)) for sql, given in found.items()]


def to_run(report: StatementsReport, name: str = "") -> Run:
    """The report as it is kept; `details` has the statements as plain values."""
    figures = [Figure(operation, cost, "ms", LOWER) for operation, cost in report.operations.items()]
    details = {
        "statements": [plain(one) for one in report.statements], "operations": dict(report.operations),
        "rules": {rule.name: rule.when for rule in RULES}, "remarks": list(report.remarks),
    }  # fmt: skip
    return Run.of(KIND, report.header, figures, name=name, details=details)


def plain(statement: Statement) -> dict[str, Any]:
    """A statement as plain values, with its steps by cost; those of a tenth of a percent of the time are left out."""
    found = statement.profile
    steps = [one for one in found.operators if found.share(one) >= 0.001]
    return {
        "name": statement.name, "operations": dict(statement.operations), "sql": statement.text,
        "milliseconds": found.milliseconds, "scanned": found.scanned, "returned": found.rows,
        "steps": [
            {"kind": one.kind, "table": one.table, "milliseconds": one.milliseconds, "share": found.share(one),
             "rows": one.rows, "scanned": one.scanned, "groups": one.groups, "all_groups": one.all_groups}
            for one in steps
        ],
        "advice": [asdict(one) for one in statement.advice],
    }  # fmt: skip


def lines(run: Run) -> Iterator[str]:
    """A kept report as text."""
    for one in run.details["statements"]:
        where = ", ".join(f"{name} (x{times})" if times > 1 else name for name, times in one["operations"].items())
        steps = ", ".join(
            f"{step['kind']} {step['table']}".strip() + f" {step['share']:.0%}" for step in one["steps"][:3]
        )
        yield ""
        yield f"{one['name']}: {one['milliseconds']:.2f} ms, {one['scanned']:,} rows read, {one['returned']:,} returned"
        yield f"  in: {where}"
        yield f"  {one['sql'] if len(one['sql']) <= _SHOWN else one['sql'][: _SHOWN - 1] + '…'}"
        if steps:
            yield f"  steps: {steps}"
        for said in one["advice"]:
            yield f"  -> {said['rule']}: {said['finding']}; {said['todo']}"
        if not one["advice"]:
            yield "  nothing to advise"
    yield ""
    yield from run.details["remarks"]


def _key(one: Heard) -> tuple[str, str]:
    return one.sql, repr(one.parameters)


def _statement(key: tuple[str, str], found: Profile, heard: Mapping[str, Sequence[Heard]], tables: Tables) -> Statement:
    operations = {name: one.times for name, every in heard.items() for one in every if _key(one) == key}
    return Statement(_name(found, tables), operations, found, advice(found, tables, max(operations.values())))


def _name(found: Profile, tables: Tables) -> str:
    """What it reads, like "messages by id"; what it computes where it reads nothing."""
    by = conditions(found, tables)
    parts = [f"{table} by {', '.join(columns)}" if columns else table for table, columns in by.items()]
    return " + ".join(parts) or found.plan.kind.lower().replace("_", " ")
