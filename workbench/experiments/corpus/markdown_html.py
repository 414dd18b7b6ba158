"""The Markdown of the scripts as the HTML that Gemini's activity records hold."""

from __future__ import annotations

import html
import re

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?!\s)(.+?)(?<!\s)\*(?![\w*])")
_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_HEADING = re.compile(r"(#{1,6}) (.*)")
_ITEM = re.compile(r"( *)(?:[-*]|(\d+)\.) (.*)")
_RULE = re.compile(r"\|?[ :|-]+\|[ :|-]*$")


def to_html(text: str) -> str:
    """Render paragraphs, headings, lists (nested by indentation), tables, quotes and fenced code."""
    lines = text.split("\n")
    out: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        stripped = line.strip()
        if not stripped:
            at += 1
        elif stripped.startswith("```"):
            at = _code(lines, at, out)
        elif _ITEM.match(line):
            at = _list(lines, at, out)
        elif stripped.startswith("|") and at + 1 < len(lines) and _RULE.match(lines[at + 1].strip()):
            at = _table(lines, at, out)
        elif heading := _HEADING.match(line):
            level = len(heading[1])
            out.append(f"<h{level}>{_inline(heading[2])}</h{level}>")
            at += 1
        elif stripped.startswith(">"):
            at = _quote(lines, at, out)
        else:
            at = _paragraph(lines, at, out)
    return "\n".join(out)


def _inline(text: str) -> str:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return _marked(text)
    rendered = [f"<code>{html.escape(p, quote=False)}</code>" if n % 2 else _marked(p) for n, p in enumerate(pieces)]
    return "".join(rendered)


def _marked(text: str) -> str:
    text = html.escape(text, quote=False)
    if "*" in text:
        text = _EMPHASIS.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", text))
    return _LINK.sub(r'<a href="\2">\1</a>', text) if "](" in text else text


def _code(lines: list[str], at: int, out: list[str]) -> int:
    language = lines[at].strip()[3:].strip()
    end = at + 1
    while end < len(lines) and not lines[end].strip().startswith("```"):
        end += 1
    body = html.escape("\n".join(lines[at + 1 : end]), quote=False)
    mark = f' class="language-{language}"' if language else ""
    out.append(f"<pre><code{mark}>{body}\n</code></pre>")
    return end + 1


def _list(lines: list[str], at: int, out: list[str]) -> int:
    """Render one list and the lists within it; text indented below an item belongs to the item."""
    first = _ITEM.match(lines[at])
    assert first is not None  # the caller saw an item there
    indent, numbered = len(first[1]), first[2]
    tag = "ol" if numbered else "ul"
    out.append(f'<ol start="{numbered}">' if numbered and numbered != "1" else f"<{tag}>")
    while at < len(lines):
        item = _ITEM.match(lines[at])
        if item is None or len(item[1]) != indent or bool(item[2]) != bool(numbered):
            break
        at += 1
        inner = [_inline(item[3])]
        at = _item_rest(lines, at, indent, inner)
        out.append("<li>" + "\n".join(inner) + "</li>")
    out.append(f"</{tag}>")
    return at


def _item_rest(lines: list[str], at: int, indent: int, inner: list[str]) -> int:
    while at < len(lines) and lines[at].strip():
        depth = len(lines[at]) - len(lines[at].lstrip())
        if depth <= indent:
            break
        if lines[at].strip().startswith("```"):
            at = _code(lines, at, inner)
        elif _ITEM.match(lines[at]):
            at = _list(lines, at, inner)
        else:
            inner.append(_inline(lines[at].strip()))
            at += 1
    return at


def _table(lines: list[str], at: int, out: list[str]) -> int:
    head = "".join(f"<th>{_inline(cell)}</th>" for cell in _cells(lines[at]))
    rows: list[str] = []
    at += 2
    while at < len(lines) and lines[at].strip().startswith("|"):
        rows.append("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in _cells(lines[at])) + "</tr>")
        at += 1
    out.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>")
    return at


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _quote(lines: list[str], at: int, out: list[str]) -> int:
    inner: list[str] = []
    while at < len(lines) and lines[at].strip().startswith(">"):
        inner.append(_inline(lines[at].strip()[1:].strip()))
        at += 1
    out.append(f"<blockquote><p>{'<br>'.join(inner)}</p></blockquote>")
    return at


def _paragraph(lines: list[str], at: int, out: list[str]) -> int:
    start = at
    while at < len(lines) and lines[at].strip() and (at == start or not _opens_block(lines[at])):
        at += 1
    out.append(f"<p>{'<br>'.join(_inline(line.strip()) for line in lines[start:at])}</p>")
    return at


def _opens_block(line: str) -> bool:
    stripped = line.lstrip()
    return stripped.startswith(("```", "|", ">", "#")) or _ITEM.match(line) is not None
