"""Which reading of an export is the later one, where the export itself is the same.

A parser that reads the same export differently has a higher number, and its rows replace those of the parser before.
So must the rows of another policy on secrets, in both directions: the record counts how often the policy changed, and
that comes before the parser's number. Odd turns mask secrets, even ones keep them: a record from before there were
policies is in turn 0.
"""

from __future__ import annotations

from workbench.record.database import Database

_FACT = "secrets_turn"
_PARSERS = 1_000  # more revisions than the parsers will ever have


def reading_revision(database: Database, parser: int, *, masked: bool, dry_run: bool = False) -> int:
    """The revision of rows that are read now; with `dry_run` a change of the policy is not noted."""
    turn = int(database.value("SELECT coalesce(max(value), 0) FROM facts WHERE name = ?", [_FACT]))
    if bool(turn % 2) != masked:
        turn += 1
        if not dry_run:
            database.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", [_FACT, turn])
    return turn * _PARSERS + parser
