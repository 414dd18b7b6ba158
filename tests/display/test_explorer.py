from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from building import claude_export

from workbench.display.explorer import Explorer
from workbench.embedding import Embedder
from workbench.settings import Settings
from workbench.workspace import Workbench

BREAD = [
    "My sourdough bread stays flat, why?",
    "Let the bread dough rise longer.",
    "And how warm?",
    "At 25 degrees.",
]
RAIN = ["How do I measure rain?", "With a tipping bucket gauge."]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, cache: Path, embedder: Embedder) -> Workbench:
    """A store that is only read."""
    folder = tmp_path_factory.mktemp("explorer")
    memory = Workbench(Settings(store=folder / "store", cache=cache, ray="off"))
    old = claude_export(folder / "old.json", {"Bread": BREAD})
    new = claude_export(folder / "new.json", {"Rain": RAIN, "Bread again": ["Bread, again?", "Yes."]}, days=30)
    memory.ingest(old, new)
    return memory


def test_it_shows_the_hits_of_its_question_at_once(filled: Workbench) -> None:
    box = Explorer(filled, "sourdough bread")
    assert BREAD[0] in [hit.content for hit in box.hits[:2]]
    assert len(box._hits.children) == len(box.hits)
    assert "candidates" in box.status.value


def test_a_changed_text_is_searched_anew(filled: Workbench) -> None:
    box = Explorer(filled, "sourdough bread")
    box.text.value = "measuring rain"
    assert box.hits[0].content in RAIN
    assert "Rain" in box._hits.children[0].children[1].value


def test_rows_are_used_again_when_there_are_fewer_hits(filled: Workbench) -> None:
    box = Explorer(filled, "bread")
    before = list(box._hits.children)
    box.k.value = 1
    assert list(box._hits.children) == before[:1]


def test_reading_a_hit_opens_its_conversation_at_the_message(filled: Workbench) -> None:
    box = Explorer(filled, '"25 degrees"')
    box._rows[0].button.click()
    assert "At 25 degrees." in box.reader.value
    assert "3 earlier messages" in box.reader.value
    box.text.value = "rain"
    assert box.reader.value == ""


def test_a_role_that_is_switched_off_is_left_out(filled: Workbench) -> None:
    box = Explorer(filled, "bread")
    assert {str(hit.role) for hit in box.hits} == {"user", "assistant"}
    box.roles["user"].value = False
    assert {str(hit.role) for hit in box.hits} == {"assistant"}


def test_the_last_day_of_a_range_is_within_it(filled: Workbench) -> None:
    box = Explorer(filled, "bread")
    box.after.value = date(2024, 3, 31)
    box.before.value = date(2024, 3, 31)
    assert {hit.title for hit in box.hits} == {"Bread again", "Rain"}  # of that day, "Bread" is of weeks before
    box.before.value = date.max
    assert box.hits


def test_an_empty_box_and_switched_off_assistants_are_met_with_a_hint(filled: Workbench) -> None:
    box = Explorer(filled)
    assert box.hits == ()
    assert "what to look for" in box.status.value
    box.text.value = "bread"
    box.assistants["claude"].value = False
    assert "No assistant is switched on" in box.status.value
    assert box.hits == ()


def test_what_cannot_be_searched_is_said_in_words(filled: Workbench) -> None:
    box = Explorer(filled, "bread")
    box.text.value = "x" * 10_001
    assert "10,001 characters" in box.status.value
    box.text.value = "bread"
    box.after.value, box.before.value = date(2025, 1, 1), date(2024, 1, 1)
    assert "both after and before" in box.status.value
    assert box.hits == ()


def test_a_store_with_nothing_in_it_says_so(memory: Workbench) -> None:
    box = Explorer(memory, "bread")
    assert "import" in box.status.value.lower()
    assert "import" in repr(box).lower()


def test_without_a_front_end_it_shows_the_same_on_every_run(filled: Workbench) -> None:
    first, second = (Explorer(filled, "bread <b>")._repr_mimebundle_() for _ in range(2))
    assert first["text/html"] == second["text/html"]
    assert first["text/plain"] == second["text/plain"]
    assert "sourdough" in first["text/html"]
    assert "bread &lt;b&gt;" in first["text/html"]
    assert first["text/plain"].splitlines()[1].endswith(("[claude, user]", "[claude, assistant]"))
    assert "application/vnd.jupyter.widget-view+json" in first
