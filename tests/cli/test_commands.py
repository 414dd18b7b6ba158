from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from building import claude_export
from click.testing import CliRunner, Result

from workbench.cli import main

CHATS = {
    "bread": ("My loaf came out flat", "Let the dough proof longer."),
    "[red]odd": ("<b>bold</b> [/] markup?", "ok"),
}


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in an empty folder, so that none finds, or leaves, anything in the project's."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    result = call("ingest", claude_export(folder / "conversations.json", CHATS), "--store", folder / "store")
    assert result.exit_code == 0, result.output
    assert "kept 2 conversations (2 new), 4 messages" in result.output
    assert "Published generation 1" in result.output
    return folder / "store"


@pytest.mark.parametrize("name", sorted(set(main.commands) - {"serve", "mcp"}))  # these answer requests
def test_every_command_explains_itself_and_has_json(name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "--json" in result.output
    assert len(main.commands[name].help or "") > 20


def test_search_prints_hits_with_scores_and_where_they_are(store: Path) -> None:
    result = call("search", "flat", "loaf", "--store", store, "--explain")
    assert result.exit_code == 0
    first = result.output.splitlines()[0]
    assert "Claude" in first
    assert "bread" in first
    assert "2024-03-01" in first
    assert "lexical +" in result.output
    assert "compared" in result.output


def test_markup_in_messages_is_printed_as_it_is(store: Path) -> None:
    assert "<b>bold</b> [/] markup?" in call("search", "bold markup", "--store", store).output
    assert "[red]odd" in call("search", "bold markup", "--store", store).output


def test_search_as_json_is_one_document(store: Path) -> None:
    found = json.loads(call("search", "flat loaf", "--store", store, "--json").output)
    assert found["hits"][0]["title"] == "bread"
    assert found["generation"] == 1


def test_show_prints_a_conversation_by_part_of_its_id_or_by_a_message(store: Path) -> None:
    hit = json.loads(call("search", "flat loaf", "--store", store, "--json").output)["hits"][0]
    for identifier in (hit["conversation_id"], hit["conversation_id"][:8], hit["message_id"]):
        result = call("show", identifier, "--store", store)
        assert "My loaf came out flat" in result.output
        assert "Let the dough proof longer." in result.output
    assert json.loads(call("show", hit["conversation_id"], "--store", store, "--json").output)["messages"]


def test_stats_and_verify_and_doctor_agree_with_the_store(store: Path) -> None:
    assert json.loads(call("stats", "--store", store, "--json").output)["counts"]["messages"] == 4
    assert "Claude" in call("stats", "--store", store).output
    verified = call("verify", "--store", store)
    assert verified.exit_code == 0
    assert "checks hold" in verified.output
    doctor = call("doctor", "--store", store, "--json")
    assert doctor.exit_code == 0, doctor.output
    assert json.loads(doctor.output)["ok"]


def test_a_dry_run_says_what_would_be_written(store: Path, tmp_path: Path) -> None:
    more = claude_export(tmp_path / "more.json", {"tea": ("how hot?",)})
    result = call("ingest", more, "--store", store, "--dry-run")
    assert "rows would be written" in result.output
    assert json.loads(call("stats", "--store", store, "--json").output)["counts"]["messages"] == 4


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("search", "x", "--store", "nowhere"), 1, "workbench ingest PATH"),
        (("search", "x", "--alpha", "3"), 2, "from 0 (words only)"),
        (("show", "c_0000"), 1, "there is no conversation 'c_0000'"),
        (("ingest", "no-such-file.zip", "--store", "nowhere"), 1, "no-such-file.zip"),
        (("lab", "--notebooks", "nowhere"), 2, "there is no folder nowhere"),
        (("verify", "--store", "nowhere"), 1, "the record is there"),
    ],
)
def test_a_foreseeable_mistake_gives_a_sentence_and_a_status(
    store: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    arguments = arguments if "--store" in arguments or arguments[0] == "lab" else (*arguments, "--store", str(store))
    result = call(*arguments)
    assert result.exit_code == status
    assert message in result.output + result.stderr
    assert "Traceback" not in result.output + result.stderr
    assert not Path("nowhere").exists()


def test_an_error_as_json_is_json(store: Path) -> None:
    result = call("search", "x", "--store", "nowhere", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["kind"] == "StoreMissingError"


def test_a_partial_import_has_a_status_of_its_own(tmp_path: Path) -> None:
    export = claude_export(tmp_path / "conversations.json", CHATS)
    export.write_text(export.read_text(encoding="utf-8").replace("[", "[null, ", 1), encoding="utf-8")
    result = call("ingest", export, "--store", tmp_path / "store")
    assert result.exit_code == 3
    assert "skipped" in result.output


def test_lab_says_what_it_would_start(tmp_path: Path) -> None:
    found = json.loads(call("lab", "--notebooks", tmp_path, "--json").output)
    assert found["command"][1:3] == ["-m", "jupyterlab"]


COLD = """
import sys
from workbench.cli import main
try:
    main(["search", "flat loaf", "--store", sys.argv[1], "--json"])
except SystemExit as end:
    assert not end.code
heavy = ("torch", "transformers", "ray", "pandas", "polars", "plotly", "IPython")
print([name for name in heavy if name in sys.modules])
"""


def test_a_search_from_a_cold_process_loads_no_heavy_library(store: Path) -> None:
    done = subprocess.run([sys.executable, "-c", COLD, str(store)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_nothing_but_the_answer_goes_to_a_pipe(store: Path) -> None:
    command = [sys.executable, "-m", "workbench", "search", "flat loaf", "--store", str(store)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_search_goes_by_mode_pages_groups_and_counts(store: Path) -> None:
    def found(*options: object) -> dict[str, Any]:
        result = call("search", "bread", *options, "--store", store, "--json")
        assert result.exit_code == 0, result.output
        answer: dict[str, Any] = json.loads(result.output)
        return answer

    lexical = found("--mode", "lexical")
    assert lexical["query"]["alpha"] == 0.0
    first = found("-k", 1)
    second = found("-k", 1, "--cursor", first["cursor"])
    assert second["hits"][0]["rank"] == 2
    assert second["hits"][0]["message_id"] != first["hits"][0]["message_id"]
    grouped = found("--by-conversation")["hits"]
    assert len({hit["conversation_id"] for hit in grouped}) == len(grouped)
    assert found("--facets")["facets"]["assistant"]
    alike = call("search", first["hits"][0]["message_id"], "--like", "--store", store, "--json")
    assert first["hits"][0]["message_id"] not in {hit["message_id"] for hit in json.loads(alike.output)["hits"]}


def test_a_filter_that_is_misspelt_is_shown_with_its_place(store: Path) -> None:
    result = call("search", "assistant:cluade bread", "--store", store)
    assert result.exit_code == 2
    assert "Did you mean claude?" in result.output
    assert "^" in result.output
