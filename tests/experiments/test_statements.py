"""Statements of the catalog are overheard where they run, profiled, and advised on by rules that hold what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from building import publish_embedded, transcript
from click.testing import CliRunner

from workbench.cli.bench.statements import statements as verb
from workbench.embedding import Embedder
from workbench.errors import UsageError
from workbench.experiments.runs import read_run
from workbench.experiments.tuning.statement_profile import profile, tables_of
from workbench.experiments.tuning.statement_rules import (
    FULL_SCAN,
    REPEATED,
    RULES,
    SORTED,
    STORED,
    UNPRUNED,
    WIDE,
    advice,
)
from workbench.experiments.tuning.statements import hear, lines, measure_statements, operations_of, to_run
from workbench.record import Database, open_record, scratch_record
from workbench.snapshot import Snapshot, open_snapshot

ROWS = 130_000  # more than one row group


@pytest.fixture(scope="module")
def catalog() -> Database:
    """A large table like the catalog's messages: in the order of `ordinal`, with long contents and scattered hashes."""
    database = scratch_record()
    database.run("DROP TABLE IF EXISTS messages CASCADE")
    database.run(
        f"""CREATE TABLE messages AS SELECT i AS ordinal, md5(i::VARCHAR) AS id, 'c' || lpad((i // 10)::VARCHAR, 6, '0')
            AS conversation_id, md5((i * 7)::VARCHAR) AS content_hash, repeat('word ', 60) AS content
            FROM range({ROWS}) r(i)"""
    )
    return database


def advised(catalog: Database, sql: str, parameters: object = None, times: int = 1) -> list[str]:
    found = advice(profile(catalog, sql, parameters, repeats=1), tables_of(catalog), times)
    return [one.rule for one in found]


@pytest.mark.parametrize(
    ("rule", "breaks", "keeps"),
    [
        pytest.param(
            FULL_SCAN, "SELECT ordinal FROM messages WHERE id = md5('77777')",
            "SELECT id FROM messages WHERE ordinal = 77777", id="a scan for one id",
        ),
        pytest.param(
            UNPRUNED, "SELECT ordinal FROM messages WHERE content_hash = md5('777')",
            "SELECT ordinal FROM messages WHERE content_hash = md5('777') AND ordinal < 1000", id="a scattered column",
        ),
        pytest.param(
            WIDE, "SELECT conversation_id, max(content) FROM messages WHERE conversation_id < 'c001000' "
            "GROUP BY ALL ORDER BY 1 LIMIT 3",
            "SELECT conversation_id, max(id) FROM messages WHERE conversation_id < 'c001000' "
            "GROUP BY ALL ORDER BY 1 LIMIT 3", id="long texts of what is not returned",
        ),
        pytest.param(
            SORTED, "SELECT id FROM messages ORDER BY id LIMIT 5",
            "SELECT id FROM messages WHERE ordinal < 5000 ORDER BY id LIMIT 5", id="all in order for five",
        ),
        pytest.param(
            STORED, "SELECT ordinal, id FROM messages ORDER BY ordinal", "SELECT ordinal, id FROM messages",
            id="an order that is there",
        ),
    ],
)  # fmt: skip
def test_a_rule_speaks_of_what_it_is_for_and_of_nothing_else(
    catalog: Database, rule: str, breaks: str, keeps: str
) -> None:
    assert advised(catalog, breaks) == [rule]
    assert advised(catalog, keeps) == []


def test_a_statement_that_an_operation_runs_over_and_over_is_named(catalog: Database) -> None:
    one = "SELECT id FROM messages WHERE ordinal = ?"
    assert advised(catalog, one, [5], times=5) == [REPEATED]
    assert advised(catalog, one, [5], times=4) == []


def test_advice_says_how_much_was_read_for_how_much_and_what_avoids_it(catalog: Database) -> None:
    found = profile(catalog, "SELECT ordinal FROM messages WHERE id = md5('77777')", repeats=1)
    [said] = advice(found, tables_of(catalog))
    assert said.finding.startswith(f"{ROWS:,} rows of messages are read to find 1 by id (")
    assert "texts/ids.npy" in said.todo


def test_a_text_in_a_condition_is_not_taken_for_a_column(catalog: Database) -> None:
    assert advised(catalog, "SELECT ordinal FROM messages WHERE content_hash = '8 id'") == [UNPRUNED]


def test_an_order_that_a_join_may_have_upset_is_not_advised_to_be_left_out(catalog: Database) -> None:
    joined = "SELECT a.ordinal FROM messages a JOIN messages b ON a.id = b.id ORDER BY a.ordinal"
    assert STORED not in advised(catalog, joined)


def test_a_profile_counts_rows_and_sums_its_steps(catalog: Database) -> None:
    found = profile(catalog, "SELECT max(id) FROM messages WHERE length(id) + ordinal > 3", repeats=1)
    assert (found.rows, found.scanned) == (1, ROWS)
    assert sum(found.share(step) for step, _ in found.plan.walk()) == pytest.approx(1.0)
    [scan] = found.scans
    assert (scan.table, scan.groups, scan.all_groups) == ("messages", 2, 2)
    with pytest.raises(UsageError):
        profile(catalog, "SELECT nothing FROM nowhere")


def test_columns_are_measured(catalog: Database) -> None:
    table = tables_of(catalog)["messages"]
    assert table.rows == ROWS
    assert table.widths["content"] == 300.0
    assert "ordinal" not in table.widths
    assert "ordinal" in table.columns


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    folder = tmp_path_factory.mktemp("store")
    with open_record(folder) as record:
        talks = [transcript(f"talk {n}", f"the bread number {n} did not rise", "warm it up") for n in range(30)]
        publish_embedded(record, folder, embedder, *talks)
    return folder


@pytest.fixture
def snapshot(store: Path) -> Snapshot:
    return open_snapshot(store)


def test_statements_are_heard_from_every_cursor_while_an_operation_runs_and_not_after(snapshot: Snapshot) -> None:
    one = "SELECT 1"
    heard = hear(snapshot, lambda: [snapshot.catalog.cursor().rows(one), snapshot.catalog.arrow("SELECT 2")])
    assert [(said.sql, said.times) for said in heard] == [(one, 1), ("SELECT 2", 1)]
    assert hear(snapshot, lambda: None) == []
    found = []
    with snapshot.catalog.overheard(lambda sql, parameters: found.append((sql, parameters))):
        snapshot.catalog.cursor().value("SELECT ?", [3])
    snapshot.catalog.value("SELECT 4")
    assert found == [("SELECT ?", [3])]


def test_every_operation_of_a_store_is_profiled_and_a_search_asks_the_catalog_nothing(
    snapshot: Snapshot, embedder: Embedder
) -> None:
    report = measure_statements(snapshot, operations_of(snapshot, embedder), repeats=1)
    assert "search: asks the catalog nothing" in report.remarks
    assert report.operations["search"] == 0.0
    assert report.operations["conversation"] > 0.0
    shared = {name for one in report.statements for name in one.operations if len(one.operations) > 1}
    assert {"conversation", "conversation of a message"} <= shared
    assert len({one.name for one in report.statements}) > 5
    assert all(one.advice == () for one in report.statements), "60 messages are nothing to remark on"


def test_a_statement_for_every_row_is_found_in_a_real_operation(snapshot: Snapshot) -> None:
    ids = [f"m{n}" for n in range(6)]
    ask = "SELECT content FROM messages WHERE id = ?"
    report = measure_statements(snapshot, {"loop": lambda: [snapshot.catalog.rows(ask, [one]) for one in ids]})
    [one] = report.statements
    assert one.operations == {"loop": 6}
    assert [said.rule for said in one.advice] == [REPEATED]
    assert report.operations["loop"] == pytest.approx(6 * one.profile.milliseconds)


def test_the_verb_prints_and_keeps_what_it_found(store: Path, tmp_path: Path) -> None:
    arguments = ["--store", str(store), "--runs", str(tmp_path), "--repeats", "1", "--name", "small", "--json"]
    answered = CliRunner().invoke(verb, arguments)
    assert answered.exit_code == 0, answered.output
    [path] = (tmp_path / "history").glob("*-statements-*.json")
    kept = read_run(path)
    assert kept.name == "small"
    assert kept.figure("conversation") == kept.details["operations"]["conversation"]
    assert set(kept.details["rules"]) == {rule.name for rule in RULES}
    assert json.loads(answered.stdout)["id"] == kept.id
    assert "  nothing to advise" in list(lines(kept))


def test_a_run_names_what_each_statement_read(snapshot: Snapshot) -> None:
    count = "SELECT count(*) FROM messages"
    run = to_run(measure_statements(snapshot, {"count": lambda: snapshot.catalog.value(count)}, repeats=1))
    [one] = run.details["statements"]
    assert (one["sql"], one["returned"], one["operations"]) == (count, 1, {"count": 1})
    assert one["name"] == "statistics of the table"
    assert one["advice"] == []
