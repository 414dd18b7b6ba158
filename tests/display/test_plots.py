from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import plotly.graph_objects as go
import polars as pl
import pytest
from building import claude_export

from workbench.display import plots
from workbench.errors import UsageError
from workbench.model import Hit, MessageKind, Query, Role, SearchResult
from workbench.workspace import Workbench

START = datetime(2024, 3, 4, 9, 30)  # a Monday
MESSAGES = {
    "conversation_id": pl.String, "assistant": pl.String, "role": pl.String, "created_at": pl.Datetime("us"),
    "on_active_path": pl.Boolean, "searched": pl.Boolean,
}  # fmt: skip
ARTIFACTS = {"kind": pl.String, "language": pl.String, "assistant": pl.String}


def message(
    when: datetime | None = START, *, assistant: str = "claude", role: str = "user", conversation: str = "c",
    active: bool = True, searched: bool = True,
) -> tuple[object, ...]:  # fmt: skip
    return conversation, assistant, role, when, active, searched


def frame(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=MESSAGES, orient="row")


def artifacts(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=ARTIFACTS, orient="row")


def titles(figure: go.Figure) -> str:
    return f"{figure.layout.title.text} {figure.layout.title.subtitle.text}"


def notices(figure: go.Figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


def test_every_message_with_a_time_is_in_a_bar_of_its_assistant() -> None:
    figure = plots.messages_over_time(
        frame(message(), message(START + timedelta(days=1)), message(assistant="gemini"), message(None))
    )
    assert {bars.name: sum(bars.y) for bars in figure.data} == {"Claude": 2, "Gemini": 1}
    assert figure.data[0].marker.color == "#d97757"
    assert "3 messages" in titles(figure)
    assert "1 message without a time is left out" in titles(figure)


@pytest.mark.parametrize(("days", "noun", "bars"), [(20, "day", 2), (200, "week", 2), (900, "month", 2), (0, "day", 1)])
def test_a_bar_is_a_day_a_week_or_a_month_as_the_span_wants(days: int, noun: str, bars: int) -> None:
    figure = plots.messages_over_time(frame(message(), message(START + timedelta(days=days))))
    assert f"per {noun}" in figure.layout.yaxis.title.text
    assert len(figure.data[0].x) == bars


def test_a_week_begins_on_monday() -> None:
    figure = plots.messages_over_time(frame(message(), message(START + timedelta(days=100, hours=3))))
    assert [moment.weekday() for moment in figure.data[0].x] == [0, 0]


def test_the_heat_map_counts_what_the_person_wrote_by_weekday_and_hour() -> None:
    figure = plots.hours_of_the_week(
        frame(message(), message(), message(START + timedelta(days=6, hours=5)), message(role="assistant"))
    )
    grid = figure.data[0].z
    assert (len(grid), len(grid[0])) == (7, 24)
    assert (grid[0][9], grid[6][14]) == (2, 1)
    assert sum(map(sum, grid)) == 3
    assert "Monday from 09:00 to 10:00 UTC" in titles(figure)


def test_the_hour_before_midnight_ends_at_24() -> None:
    figure = plots.hours_of_the_week(frame(message(START.replace(hour=23))))
    assert "from 23:00 to 24:00 UTC" in titles(figure)


def test_artifacts_are_counted_by_kind_and_code_by_language() -> None:
    figure = plots.artifacts_and_languages(
        artifacts(
            ("code", "python", "claude"), ("code", "python", "chatgpt"), ("code", None, "claude"),
            ("tool_call", None, "claude"),
        )
    )  # fmt: skip
    counted = {(bars.name, bars.yaxis): dict(zip(bars.y, bars.x, strict=True)) for bars in figure.data}
    assert counted == {
        ("Claude", "y"): {"code": 2, "tool call": 1},
        ("ChatGPT", "y"): {"code": 1},
        ("Claude", "y2"): {"python": 1, "not said": 1},
        ("ChatGPT", "y2"): {"python": 1},
    }
    assert "4 artifacts, 3 of them code" in titles(figure)
    assert [bars.showlegend for bars in figure.data].count(True) == 2  # each assistant once, for both panels


def test_rare_languages_are_put_together() -> None:
    rows = [("code", f"language{i:02}", "claude") for i in range(20)]
    figure = plots.artifacts_and_languages(artifacts(*rows, *rows[:5]))
    languages = dict(zip(figure.data[1].y, figure.data[1].x, strict=True))
    assert len(languages) == 12
    assert languages["others"] == 9
    assert figure.layout.yaxis2.categoryarray[0] == "others"  # the lowest


def test_a_store_without_code_still_shows_its_artifacts() -> None:
    figure = plots.artifacts_and_languages(artifacts(("image", None, "gemini")))
    assert figure.data[0].x == (1,)
    assert notices(figure) == ["no code"]


def test_lengths_are_shares_of_each_assistants_conversations() -> None:
    rows = [message(conversation=c) for c in "aabbbc"] + [message(conversation="d", assistant="chatgpt")]
    figure = plots.conversation_lengths(frame(*rows))
    chatgpt, claude = figure.data
    assert list(claude.x) == ["1", "2", "3–4"]
    assert list(claude.customdata) == [1, 1, 1]
    assert list(chatgpt.y) == [1.0, 0.0, 0.0]
    assert claude.name == "Claude (3, median 2)"
    assert "4 conversations" in titles(figure)


def test_other_branches_and_hidden_messages_do_not_lengthen_a_conversation() -> None:
    figure = plots.conversation_lengths(frame(message(), message(active=False), message(searched=False)))
    assert list(figure.data[0].x) == ["1"]


def test_a_very_long_conversation_widens_the_last_bins() -> None:
    figure = plots.conversation_lengths(frame(*[message()] * 6_155, message(conversation="d")))
    assert figure.data[0].x[-1] == "4,097–8,192"


def hit(
    rank: int, when: datetime | None, *, assistant: str = "claude", role: Role = Role.USER, title: str = "t"
) -> Hit:
    return Hit(
        rank=rank, score=1.0 / rank, message_id=f"m_{rank}", conversation_id="c_1", assistant=assistant, role=role,
        kind=MessageKind.TEXT, title=title, position=0, created_at=when, snippet="crumb <b>and</b> crust",
        highlights=(), content="crumb and crust",
    )  # fmt: skip


def found(*hits: Hit, text: str = "bread") -> SearchResult:
    return SearchResult(Query(text), hits, 1, {"total": 1.0}, {}, len(hits))


def test_hits_lie_at_their_date_and_score() -> None:
    when = START.replace(tzinfo=UTC)
    figure = plots.hits_in_time(
        found(hit(1, when), hit(2, when, role=Role.ASSISTANT), hit(3, when, assistant="gemini"), hit(4, None))
    )
    claude, gemini = figure.data
    assert (list(claude.y), list(gemini.y)) == ([1.0, 0.5], [1.0 / 3])
    assert list(claude.marker.symbol) == ["circle", "diamond"]
    assert list(claude.customdata) == ["m_1", "m_2"]
    assert "best with Claude, 04 Mar 2024 3 messages" in titles(figure)
    assert "1 hit without a time left out" in titles(figure)


def test_what_a_message_says_cannot_become_markup_in_a_picture() -> None:
    figure = plots.hits_in_time(found(hit(1, START, title="<a href='x'>y</a>"), text="<i>q</i>"))
    assert "<a " not in figure.data[0].hovertext[0]
    assert "&lt;b&gt;and" in figure.data[0].hovertext[0]
    assert "<i>" not in titles(figure)


EMPTY: list[tuple[str, Callable[[], go.Figure], str]] = [
    ("time", lambda: plots.messages_over_time(frame()), "no messages"),
    ("hours", lambda: plots.hours_of_the_week(frame()), "no messages"),
    ("lengths", lambda: plots.conversation_lengths(frame()), "no conversations"),
    ("artifacts", lambda: plots.artifacts_and_languages(artifacts()), "No message carries"),
    ("hits", lambda: plots.hits_in_time(found()), "Nothing was found"),
    ("no times", lambda: plots.messages_over_time(frame(message(None), message(None))), "any of the 2 messages"),
    ("no hours", lambda: plots.hours_of_the_week(frame(message(None))), "any of the 1 message"),
    ("no hit times", lambda: plots.hits_in_time(found(hit(1, None))), "None of the 1 hit has a time"),
]


@pytest.mark.parametrize(("draw", "said"), [pytest.param(draw, said, id=name) for name, draw, said in EMPTY])
def test_where_there_is_nothing_to_see_the_figure_says_why(draw: Callable[[], go.Figure], said: str) -> None:
    figure = draw()
    assert len(figure.data) == 0
    assert said in notices(figure)[0]


def test_a_frame_of_something_else_is_refused() -> None:
    with pytest.raises(UsageError, match="no column conversation_id, assistant"):
        plots.messages_over_time(pl.DataFrame({"role": ["user"]}))


def test_an_assistant_that_nobody_knows_yet_has_a_name_and_a_colour() -> None:
    figure = plots.messages_over_time(frame(message(assistant="mistral")))
    assert figure.data[0].name == "Mistral"
    assert figure.data[0].marker.color not in ("", None)


def test_all_pictures_of_a_store_agree_with_it_and_can_be_shown(memory: Workbench, tmp_path: Path) -> None:
    code = "Here:\n\n```python\nprint(1)\n```"
    memory.ingest(
        claude_export(tmp_path / "conversations.json", {"Loops": ["How do I loop?", code], "Hi": ["Hi", "Yes"]})
    )
    over_time = plots.messages_over_time(memory)
    assert sum(sum(bars.y) for bars in over_time.data) == memory.messages().height == 4
    assert sum(map(sum, plots.hours_of_the_week(memory).data[0].z)) == 2
    assert list(plots.conversation_lengths(memory).data[0].customdata) == [2]
    assert plots.artifacts_and_languages(memory).data[1].y == ("python",)
    assert sum(len(marks.y) for marks in plots.hits_in_time(memory.search("loop")).data) > 0
    assert plots.messages_over_time(memory.messages(role="user")).data[0].y == (2,)
    assert '"type":"bar"' in over_time.to_json()


def test_importing_workbench_loads_neither_plotly_nor_widgets_nor_polars() -> None:
    heavy = ("plotly", "ipywidgets", "polars", "papermill")
    program = f"import sys, workbench; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
