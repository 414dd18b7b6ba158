"""What DuckDB says of a statement that it ran: EXPLAIN (ANALYZE, FORMAT JSON), as values.

The names of the JSON are those of DuckDB 2.0: an operator has `timing` (seconds, without its children),
`intermediate_rows` (rows it gave), and a scan `rows_scanned`, `row_groups_scanned` and `total_row_groups_to_scan`.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from workbench.record import Database

_EXPLAIN = "EXPLAIN (ANALYZE, FORMAT JSON) "
_OURS = ("RESULT_COLLECTOR", "EXPLAIN_ANALYZE")  # operators of the profiling itself
_SAMPLED = 2_000  # rows that the widths of columns are measured on
# Texts; and what DuckDB adds as it runs: the bound of a LIMIT, the keys of the other side of a join.
_NO_CONDITION = re.compile(r"'(?:[^']|'')*'|(?:Dynamic Filter |PRF)\([^)]*\)")
_MOST_VALUES = 10_000  # rows that are taken as Python values, as pages are; more are taken as Arrow, as frames are
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of a plan. `milliseconds` are its own; `rows` is what it gave.

    Of a scan: `table`, the `columns` it took from it, and the rows and row groups that it read (`scanned`, `groups`),
    of `all_groups`. `condition` is what it let pass, as DuckDB writes it.
    """

    kind: str
    milliseconds: float
    rows: int
    children: tuple[Operator, ...] = ()
    table: str = ""
    columns: tuple[str, ...] = ()
    condition: str = ""
    scanned: int = 0
    groups: int = 0
    all_groups: int = 0

    @property
    def taken(self) -> int:
        """How many rows came in from the steps below."""
        return sum(child.rows for child in self.children)

    def walk(self, above: tuple[Operator, ...] = ()) -> Iterator[tuple[Operator, tuple[Operator, ...]]]:
        """This operator and all below it, each with those above it, the nearest last."""
        yield self, above
        for child in self.children:
            yield from child.walk((*above, self))

    @property
    def names(self) -> frozenset[str]:
        """The names in its condition: columns, functions, words of SQL."""
        return frozenset(_NAME.findall(_NO_CONDITION.sub("", self.condition)))


NO_PLAN = Operator("STATISTICS_OF_THE_TABLE", 0.0, 1)


@dataclass(frozen=True, slots=True)
class Profile:
    """A statement as it ran: the median `milliseconds` of `repeats` runs, what it returned, and its plan."""

    sql: str
    milliseconds: float
    repeats: int
    rows: int
    plan: Operator

    @property
    def operators(self) -> list[Operator]:
        """All steps, the dearest first."""
        return sorted((one for one, _ in self.plan.walk()), key=lambda one: -one.milliseconds)

    @property
    def scans(self) -> list[Operator]:
        """Those that read a table, as they stand in the plan."""
        return [one for one, _ in self.plan.walk() if one.table]

    @property
    def scanned(self) -> int:
        """Rows read from tables."""
        return sum(one.scanned for one in self.scans)

    def share(self, operator: Operator) -> float:
        """Of the time of all steps, what `operator` took."""
        total = sum(one.milliseconds for one, _ in self.plan.walk())
        return operator.milliseconds / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of a table: its rows, and the mean width of its columns of text in bytes."""

    rows: int
    widths: Mapping[str, float]
    columns: frozenset[str]


def profile(database: Database, sql: str, parameters: object = None, *, repeats: int = 3) -> Profile:
    """Run a statement `repeats` times for its time, and twice more for its size and its plan.

    Raises:
        UsageError: It cannot be run.
        StoreError: The database cannot carry it out.
    """
    seconds = []
    with database.cursor() as cursor:
        rows = cursor.arrow(sql, parameters).num_rows
        taken = cursor.rows if rows <= _MOST_VALUES else cursor.arrow
        for _ in range(repeats):
            begun = time.perf_counter()
            taken(sql, parameters)
            seconds.append(time.perf_counter() - begun)
        [(_, text)] = cursor.rows(_EXPLAIN + sql, parameters)
    return Profile(sql, 1000 * statistics.median(seconds), repeats, rows, plan_of(orjson.loads(text)))


def plan_of(explained: Mapping[str, Any]) -> Operator:
    """The plan in what EXPLAIN gave, without the operators of the profiling itself.

    A count that the statistics of a table answer has none: it is NO_PLAN.
    """
    if "operator" not in explained:
        return NO_PLAN
    [top] = explained["operator"]
    while top["type"] in _OURS:
        [top] = top["children"]
    return _operator(top)


def tables_of(database: Database) -> dict[str, Table]:
    """What is known of each table of the database."""
    with database.cursor() as cursor:
        described = cursor.rows(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal AND table_name IN "
            "(SELECT table_name FROM duckdb_tables()) ORDER BY ALL"
        )
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in described:
            columns.setdefault(table, []).append((column, kind))
        return {name: _table(cursor, name, found) for name, found in columns.items()}


def _table(cursor: Database, name: str, columns: Sequence[tuple[str, str]]) -> Table:
    texts = [column for column, kind in columns if kind == "VARCHAR"]
    means = ", ".join(f'coalesce(avg(strlen("{column}")), 0)' for column in texts) or "0"
    sample = f'(SELECT * FROM "{name}" LIMIT {_SAMPLED})'
    [measured] = cursor.rows(f"SELECT {means} FROM {sample}")
    rows = int(cursor.value(f'SELECT count(*) FROM "{name}"'))
    return Table(rows, dict(zip(texts, map(float, measured), strict=False)), frozenset(one for one, _ in columns))


def _operator(found: Mapping[str, Any]) -> Operator:
    extra = found["extra_info"]
    table = str(extra.get("Table", ""))
    condition = [extra.get(name, "") for name in ("Filters", "Dynamic Filters", "Expression")]
    return Operator(
        kind=found["type"],
        milliseconds=1000 * float(found["timing"]),
        rows=int(found["intermediate_rows"]),
        children=tuple(_operator(child) for child in found.get("children", ())),
        table=table.rsplit(".", 1)[-1].strip('"'),
        columns=tuple(_list(extra.get("Projections", []))) if table else (),
        condition=" AND ".join(part for value in condition for part in _list(value) if part),
        scanned=int(found.get("rows_scanned", 0)),
        groups=int(found.get("row_groups_scanned", 0)),
        all_groups=int(found.get("total_row_groups_to_scan", 0)),
    )


def _list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
