"""Advice on statements of the catalog, by stated rules. What no rule finds fault with needs no advice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from workbench.experiments.tuning.statement_profile import Operator, Profile, Table

MANY = 10_000  # rows below which reading all of them costs nothing worth a remark
_ALL = 0.9  # share of a table that counts as all of it
_FEW = 0.1  # share of what was read that counts as few
_OF_MANY = 0.01  # as above, where a sort is meant
_WIDE = 200  # bytes: mean width of a column that is dear to read
_WIDE_ROWS, _WIDE_RATIO = 1_000, 10
_OFTEN = 5
_WORTH = 0.05  # share of the time below which a step deserves no remark
_PASSING = ("FILTER", "PROJECTION")

_STORED_BY = {
    "messages": "ordinal", "conversations": "ordinal", "artifacts": "message_ordinal", "memories": "message_ordinal",
}  # fmt: skip
_ORDER = re.compile(r"\bORDER\s+BY\s+(?:\w+\.)?(\w+)(?:\s+ASC)?\s*;?\s*$", re.IGNORECASE)

Tables = Mapping[str, Table]

# What a snapshot keeps outside of its catalog, by table and column.
_ARRAYS = {
    ("messages", "id"): "texts/ids.npy has every id in the order of ordinals: look the ordinal up there and ask WHERE "
    "ordinal = ?, which the unique index answers",
    ("messages", "conversation_id"): "columns/conversation.npy is sorted: np.searchsorted gives the ordinals of a "
    "conversation, and how many they are, without a statement",
    ("conversations", "id"): "texts/conversation_ids.npy is sorted: np.searchsorted gives the ordinal",
    **{
        ("messages", column): f"columns/{array}.npy has it of every message: take from there which or how many they are"
        for column, array in (("assistant", "assistant"), ("role", "role"), ("created_at", "time"), ("model", "model"))
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Advice:
    """What rule `rule` found in a statement, and what would avoid it."""

    rule: str
    finding: str
    todo: str


@dataclass(frozen=True, slots=True)
class Rule:
    """`when` says in words what `find` looks for, given how often the statement ran in one operation."""

    name: str
    when: str
    find: Callable[[Profile, Tables, int], Iterator[Advice]]


def advice(profile: Profile, tables: Tables, times: int = 1) -> tuple[Advice, ...]:
    """What all rules say of a statement that ran `times` times in one operation; empty: nothing to advise."""
    return tuple(found for rule in RULES for found in rule.find(profile, tables, times))


def conditions(profile: Profile, tables: Tables) -> dict[str, tuple[str, ...]]:
    """The columns that a statement narrows each of its tables by."""
    found: dict[str, tuple[str, ...]] = {}
    for scan, above in profile.plan.walk():
        if not scan.table:
            continue
        columns = () if _by_row_number(scan) else _narrowed_by(scan, above, tables)
        found[scan.table] = tuple(dict.fromkeys((*found.get(scan.table, ()), *columns)))
    return found


def _full_scan(profile: Profile, tables: Tables, times: int) -> Iterator[Advice]:
    for scan, kept, columns in _full_scans(profile, tables):
        for column in columns:
            if (scan.table, column) in _ARRAYS:
                yield Advice(FULL_SCAN, _read(profile, scan, kept, column), _ARRAYS[scan.table, column])


def _unpruned(profile: Profile, tables: Tables, times: int) -> Iterator[Advice]:
    for scan, kept, columns in _full_scans(profile, tables):
        if columns and not any((scan.table, column) in _ARRAYS for column in columns):
            names = " and ".join(columns)
            finding = f"{_read(profile, scan, kept, names)}; the zone maps of {names} skipped nothing"
            order = "ordinal" if "ordinal" in tables[scan.table].columns else "the column it is stored in the order of"
            yield Advice(UNPRUNED, finding, f"narrow {scan.table} by {order} as well, or index {names}")


def _wide(profile: Profile, tables: Tables, times: int) -> Iterator[Advice]:
    for scan, above in _scans(profile):
        kept = _kept(scan, above)
        if kept < max(_WIDE_ROWS, _WIDE_RATIO * profile.rows) or scan.table not in tables:
            continue
        widths = tables[scan.table].widths
        if wide := [column for column in scan.columns if widths.get(column, 0.0) >= _WIDE]:
            sizes = ", ".join(f"{column} ({widths[column]:,.0f} bytes in the mean)" for column in wide)
            finding = f"{sizes} of {kept:,} rows of {scan.table} is read, {profile.rows:,} are returned"
            todo = "choose the rows first and read it of these alone, unless the choice depends on it"
            yield Advice(WIDE, finding + _cost(profile, scan), todo)


def _sorted(profile: Profile, tables: Tables, times: int) -> Iterator[Advice]:
    for step, _ in profile.plan.walk():
        if step.kind not in ("ORDER_BY", "TOP_N") or step.taken < MANY or profile.rows > _OF_MANY * step.taken:
            continue
        if profile.share(step) < _WORTH:
            continue
        how = "sorted" if step.kind == "ORDER_BY" else "passed to find the first ones"
        finding = f"{step.taken:,} rows are {how}, {profile.rows:,} are returned" + _cost(profile, step)
        yield Advice(
            SORTED, finding, "narrow before the order, or keep the order once in an array and begin at a place"
        )


def _stored_order(profile: Profile, tables: Tables, times: int) -> Iterator[Advice]:
    steps = [step for step, _ in profile.plan.walk()]
    order, scans = _ORDER.search(profile.sql), [step for step in steps if step.table]
    if order is None or len(scans) != 1 or any("JOIN" in step.kind for step in steps):
        return
    for step in steps:
        if step.kind == "ORDER_BY" and step.taken >= MANY and _STORED_BY.get(scans[0].table) == order[1]:
            finding = f"{step.taken:,} rows are sorted by {order[1]}, in the order of which they are stored"
            yield Advice(
                STORED, finding + _cost(profile, step),
                "leave ORDER BY out: DuckDB keeps the order of a table in what it reads from that table alone",
            )  # fmt: skip


def _repeated(profile: Profile, tables: Tables, times: int) -> Iterator[Advice]:
    if times >= _OFTEN:
        finding = f"ran {times} times in one operation"
        yield Advice(REPEATED, finding, "ask once with a list of values, or keep the answer")


def _full_scans(profile: Profile, tables: Tables) -> Iterator[tuple[Operator, int, tuple[str, ...]]]:
    """Scans that read all of a large table and keep few: with the rows kept, and the columns narrowed by."""
    for scan, above in _scans(profile):
        table, kept = tables.get(scan.table), _kept(scan, above)
        if table is None or table.rows < MANY or scan.scanned < _ALL * table.rows or kept > _FEW * scan.scanned:
            continue
        yield scan, kept, _narrowed_by(scan, above, tables)


def _scans(profile: Profile) -> Iterator[tuple[Operator, tuple[Operator, ...]]]:
    """Scans with what stands above them.

    Not those that fetch by row number what another step chose, nor those that cost next to nothing.
    """
    for scan, above in profile.plan.walk():
        if scan.table and not _by_row_number(scan) and profile.share(scan) >= _WORTH:
            yield scan, above


def _by_row_number(scan: Operator) -> bool:
    return "rowid" in scan.names


def _filters(above: tuple[Operator, ...]) -> Iterator[Operator]:
    """The filters straight above a scan."""
    for step in reversed(above):
        if step.kind not in _PASSING:
            return
        if step.kind == "FILTER":
            yield step


def _kept(scan: Operator, above: tuple[Operator, ...]) -> int:
    return min([scan.rows, *(step.rows for step in _filters(above))])


def _narrowed_by(scan: Operator, above: tuple[Operator, ...], tables: Tables) -> tuple[str, ...]:
    names = scan.names.union(*(step.names for step in _filters(above)))
    return tuple(sorted(names & tables[scan.table].columns)) if scan.table in tables else ()


def _read(profile: Profile, scan: Operator, kept: int, columns: str) -> str:
    what = f"{scan.scanned:,} rows of {scan.table} are read to find {kept:,} by {columns}"
    return what + _cost(profile, scan)


def _cost(profile: Profile, step: Operator) -> str:
    return f" ({step.milliseconds:.2f} ms, {profile.share(step):.0%} of the time)"


FULL_SCAN, UNPRUNED, WIDE, SORTED, STORED, REPEATED = (
    "full scan for few rows", "no zone map helps", "wide columns", "order of everything", "order as stored", "repeated",
)  # fmt: skip
WORTH = f"A step that takes less than {_WORTH:.0%} of the time of its statement is not remarked on."
RULES = (
    Rule(
        FULL_SCAN,
        f"At least {_ALL:.0%} of a table of {MANY:,} rows or more is read, at most {_FEW:.0%} of it kept, by a column "
        "that the snapshot also has as an array.",
        _full_scan,
    ),
    Rule(
        UNPRUNED,
        "As before, by columns that no array has: the table is not stored in their order, so that their zone maps "
        "(least and greatest value of each part) let everything through.",
        _unpruned,
    ),
    Rule(
        WIDE,
        f"A column of {_WIDE} bytes or more in the mean is read of {_WIDE_ROWS:,} rows or more, and of {_WIDE_RATIO} "
        "times as many as are returned.",
        _wide,
    ),
    Rule(
        SORTED,
        f"{MANY:,} rows or more are ordered, of which at most {_OF_MANY:.0%} are returned.",
        _sorted,
    ),
    Rule(
        STORED,
        f"{MANY:,} rows or more of one table, joined to nothing, are sorted by the column whose order it is stored in.",
        _stored_order,
    ),
    Rule(REPEATED, f"The same statement runs {_OFTEN} times or more in one operation.", _repeated),
)
