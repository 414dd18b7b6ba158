from __future__ import annotations

from workbench.model import ArtifactKind
from workbench.sources.htmltext import readable
from workbench.sources.pieces import code_pieces
from workbench.text.markdown import fenced_blocks, language_name


def test_fences_within_lists_longer_fences_and_open_ends_are_code() -> None:
    words = "1. do\n   ```py\n   x = 1\n   ```\n````\n```\ninner\n```\n````\n~~~sh\nls"
    assert [(block.language, block.code) for block in fenced_blocks(words)] == [
        ("python", "x = 1"),
        (None, "```\ninner\n```"),
        ("shell", "ls"),
    ]


def test_languages_have_one_name_each() -> None:
    assert [language_name(raw) for raw in ("Python3", "js", "bash", "C++", "", "zig")] == [
        "python",
        "javascript",
        "shell",
        "cpp",
        None,
        "zig",
    ]


def test_drawings_given_as_text_are_charts_and_outputs_are_results() -> None:
    kinds = [piece.kind for piece in code_pieces("```mermaid\na-->b\n```\n```output\n1\n```\n```\n\n```")]
    assert kinds == [ArtifactKind.CHART, ArtifactKind.EXECUTION_RESULT]


def test_html_becomes_markdown_a_person_can_read() -> None:
    markup = (
        "<h2>Head</h2><p>One<br>two &amp; <i>three</i></p><ol start='3'><li>a</li><li>b<ul><li>c</li></ul></li></ol>"
        "<table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table><blockquote><p>said</p></blockquote>"
    )
    assert readable(markup) == (
        "## Head\n\nOne\ntwo & *three*\n\n3. a\n4. b\n   - c\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n\n> said"
    )


def test_deeply_nested_html_is_read() -> None:
    assert "deep" in readable("<div>" * 3000 + "deep")
