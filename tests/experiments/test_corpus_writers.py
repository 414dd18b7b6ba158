"""One logical conversation, written for each assistant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workbench.errors import UsageError
from workbench.experiments.corpus.chatgpt import chatgpt_conversation
from workbench.experiments.corpus.claude_writer import claude_conversation
from workbench.experiments.corpus.gemini import exchange_record, exchanges, german_html
from workbench.experiments.corpus.gemini.html_records import german_time
from workbench.experiments.corpus.judgements import resolve
from workbench.experiments.corpus.library import JudgedQuery, Judgement
from workbench.experiments.corpus.markdown_html import to_html
from workbench.experiments.corpus.script import Script
from workbench.experiments.corpus.script_format import read_script, read_sections

TEXT = """
A note that is no part of any script.

=== demo | A demo
assistant: chatgpt
start: 2025-01-02 10:00

@@ user
How many?
@@ assistant id=first after=5
@@ search "count of things"
@@ source title="Counting" url="https://counting.example/page"
There are two.
@@ words
There are **two**.[^1]
@@ run python chart="Two"
print(2)
@@ output
2
@@ assistant id=second parent=t0 time=none
Two.
"""


@pytest.fixture
def script() -> Script:
    return read_script(next(iter(read_sections(TEXT))))


def test_a_script_reads_turns_parents_and_times(script: Script) -> None:
    assert [(turn.label, turn.parent, turn.role) for turn in script.turns] == [
        ("t0", "root", "user"),
        ("first", "t0", "assistant"),
        ("second", "t0", "assistant"),
    ]
    assert [turn.at for turn in script.turns] == [
        datetime(2025, 1, 2, 10, 0, tzinfo=UTC),
        datetime(2025, 1, 2, 10, 0, 5, tzinfo=UTC),
        None,
    ]


def test_the_same_script_becomes_all_three_formats(script: Script) -> None:
    mapping = chatgpt_conversation(script, seed=1)["mapping"]
    authors = [node["message"]["author"] for node in mapping.values() if node["message"]]
    assert [author["name"] or author["role"] for author in authors] == [
        *("system", "user", "assistant", "web.run", "assistant"),
        *("assistant", "python", "assistant"),
    ]
    messages = claude_conversation(script, seed=1)["chat_messages"]
    assert [block["type"] for block in messages[1]["content"]] == [
        *("tool_use", "tool_result", "text", "tool_use", "tool_result"),
    ]
    assert messages[1]["parent_message_uuid"] == messages[2]["parent_message_uuid"] == messages[0]["uuid"]
    record = exchange_record(next(exchanges(script, seed=1)))
    assert record["title"] == "Prompted How many?"
    assert [item["html"].startswith("<p>T") for item in record["safeHtmlItem"]] == [True, True]


def test_a_claude_citation_covers_the_sentence_before_its_mark(script: Script) -> None:
    block = claude_conversation(script, seed=1)["chat_messages"][1]["content"][2]
    cited = block["citations"][0]
    assert block["text"][cited["start_index"] : cited["end_index"]] == "There are **two**."
    assert cited["details"]["url"] == "https://counting.example/page"


def test_the_german_page_escapes_what_the_person_typed(script: Script) -> None:
    text = TEXT.replace("How many?", "Is 1 < 2 & 3 > 2?\nReally?")
    odd = read_script(next(iter(read_sections(text))))
    page = german_html(list(exchanges(odd, seed=1)))
    assert "Eingegebener Prompt:\u00a0Is 1 &lt; 2 &amp; 3 &gt; 2?<br>Really?<br>02.01.2025, 11:00:00 MEZ<br>" in page


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        ("2026-03-29T00:59:59", "29.03.2026, 01:59:59 MEZ"),
        ("2026-03-29T01:00:00", "29.03.2026, 03:00:00 MESZ"),
        ("2026-10-25T00:59:59", "25.10.2026, 02:59:59 MESZ"),
        ("2026-10-25T01:00:00", "25.10.2026, 02:00:00 MEZ"),
    ],
)
def test_german_clocks_change_on_the_last_sundays(utc: str, local: str) -> None:
    assert german_time(datetime.fromisoformat(utc).replace(tzinfo=UTC)) == local


@pytest.mark.parametrize(
    ("markdown", "markup"),
    [
        ("One *two* **three** `<four>`", "<p>One <em>two</em> <strong>three</strong> <code>&lt;four&gt;</code></p>"),
        ("- a\n- b\n  1. c", "<ul>\n<li>a</li>\n<li>b\n<ol>\n<li>c</li>\n</ol></li>\n</ul>"),
        ("3. c\n4. d", '<ol start="3">\n<li>c</li>\n<li>d</li>\n</ol>'),
        ("```sql\nSELECT 1 < 2\n```", '<pre><code class="language-sql">SELECT 1 &lt; 2\n</code></pre>'),
        ("## Two", "<h2>Two</h2>"),
        ("> said\n> twice", "<blockquote><p>said<br>twice</p></blockquote>"),
        ("[a](https://b.example/c)", '<p><a href="https://b.example/c">a</a></p>'),
        (
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        ),
    ],
)
def test_markdown_becomes_html(markdown: str, markup: str) -> None:
    assert to_html(markdown) == markup


@pytest.mark.parametrize(
    "text",
    [
        "=== lost | No assistant\nstart: 2025-01-02 10:00\n",
        "=== odd | Unknown line\nassistant: claude\nstart: 2025-01-02 10:00\n@@ user\nHi\n@@ dance\n",
        "=== odd | Output of nothing\nassistant: claude\nstart: 2025-01-02 10:00\n@@ user\nHi\n@@ output\n2\n",
        "=== odd | Words first\nassistant: claude\nstart: 2025-01-02 10:00\nHi\n@@ user\nHi\n",
    ],
)
def test_a_script_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="script"):
        read_script(next(iter(read_sections(text))))


@pytest.mark.parametrize(("key", "quote"), [("demo", "Nowhere."), ("demo", "o"), ("other", "How many?")])
def test_a_judgement_without_exactly_one_message_is_refused(script: Script, key: str, quote: str) -> None:
    query = JudgedQuery("how many", "keyword", (Judgement(key, quote, 2),))
    with pytest.raises(UsageError):
        resolve([query], [script], seed=1)
