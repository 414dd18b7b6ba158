"""HTML of an answer as readable text: Markdown for what Markdown can say."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

_BLOCK_TAGS = (
    "address article aside blockquote code-block dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr li main "
    "nav ol p pre response-element section table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_SILENT = frozenset({"script", "style", "head", "title", "noscript", "template", "button", "svg"})
_DEEPEST = 150
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_FENCED = re.compile(r"((?:^|\n) *```[^`\n]*\n[\s\S]*?\n *```(?=\n|$))")
_LANGUAGE = re.compile(r"(?:language|lang)-(\S+)")


@dataclass(frozen=True, slots=True)
class Image:
    """An image shown within HTML."""

    reference: str
    description: str


def readable(markup: str) -> str:
    """`markup` as text with paragraphs, lists, links, tables as rows, and code in fences."""
    if "<" not in markup:
        return _SPACES.sub(" ", html.unescape(markup)).strip()
    body = LexborHTMLParser(markup).body
    return _tidy(_inside(body, 0)) if body is not None else ""


def images(markup: str) -> list[Image]:
    """The images of `markup` in order."""
    if "<img" not in markup:
        return []
    nodes = LexborHTMLParser(markup).css("img")
    found = [Image(node.attributes.get("src") or "", node.attributes.get("alt") or "") for node in nodes]
    return [image for image in found if image.reference and not image.reference.startswith("data:")]


def plain_link(url: str) -> str:
    """The address that a redirect of Google leads to; any other as it is."""
    parts = urlsplit(url) if url.startswith("https://www.google.com/url?") else None
    target = parse_qs(parts.query).get("q") if parts else None
    return target[0] if target else url


def _tidy(words: str) -> str:
    """At most one empty line between blocks; what is within fences stays as it is."""
    pieces = _FENCED.split(words)
    for number in range(0, len(pieces), 2):
        lines = "\n".join(line.rstrip() for line in pieces[number].split("\n"))
        pieces[number] = _BLANK_LINES.sub("\n\n", lines)
        if number + 1 < len(pieces):
            pieces[number] = pieces[number].rstrip("\n") + "\n"
    return "".join(pieces).strip()


def _inside(node: LexborNode, depth: int) -> str:
    """The text of what is within `node`; each block begins and ends with an empty line."""
    if depth > _DEEPEST:
        return node.text() or ""
    return "".join(_node(child, depth + 1) for child in node.iter(include_text=True))


def _node(node: LexborNode, depth: int) -> str:
    tag = node.tag or ""
    if tag == "-text":
        return _SPACES.sub(" ", node.text_content or "")
    if tag in _SILENT or tag.startswith("-") or tag.startswith("!"):
        return ""
    if tag == "br":
        return "\n"
    if tag == "pre":
        return _fenced(node)
    if tag in ("ul", "ol"):
        return _list(node, tag, depth)
    if tag == "table":
        return _table(node, depth)
    if tag in _BLOCKS:
        return _block(node, tag, depth)
    return _inline(node, tag, depth)


def _inline(node: LexborNode, tag: str, depth: int) -> str:
    if tag == "code":
        return f"`{node.text() or ''}`"
    words = _inside(node, depth)
    if tag in ("b", "strong") and words.strip():
        return f"**{words.strip()}**"
    if tag in ("i", "em") and words.strip():
        return f"*{words.strip()}*"
    if tag == "a":
        url = plain_link(node.attributes.get("href") or "")
        if url.startswith(("http://", "https://")) and words.strip() not in ("", url):
            return f"[{words.strip()}]({url})"
    return words


def _block(node: LexborNode, tag: str, depth: int) -> str:
    words = _inside(node, depth).strip(" ")
    if tag == "hr":
        return "\n\n---\n\n"
    if tag[0] == "h" and tag[1:].isdigit():
        return f"\n\n{'#' * int(tag[1:])} {words.strip()}\n\n"
    if tag == "blockquote":
        quoted = "\n".join(f"> {line}".rstrip() for line in words.strip().split("\n"))
        return f"\n\n{quoted}\n\n"
    return f"\n\n{words}\n\n" if words.strip() else "\n\n"


def _fenced(node: LexborNode) -> str:
    code = node.css_first("code")
    classes = " ".join(filter(None, (part.attributes.get("class") for part in (code, node) if part is not None)))
    language = _LANGUAGE.search(classes)
    words = (node.text() or "").strip("\n")
    fence = "````" if "```" in words else "```"
    return f"\n\n{fence}{language[1] if language else ''}\n{words}\n{fence}\n\n"


def _list(node: LexborNode, tag: str, depth: int) -> str:
    lines: list[str] = []
    start = node.attributes.get("start") or "1"
    number = int(start) if start.isdecimal() and len(start) < 9 else 1
    for item in node.iter():
        if item.tag != "li":
            lines.append(_node(item, depth + 1).strip("\n"))
            continue
        mark = f"{number}. " if tag == "ol" else "- "
        number += 1
        words = _BLANK_LINES.sub("\n\n", _inside(item, depth + 1)).strip()
        if "```" not in words:
            words = words.replace("\n\n", "\n")
        lines.append(mark + words.replace("\n", "\n" + " " * len(mark)))
    return "\n\n" + "\n".join(filter(None, lines)) + "\n\n"


def _table(node: LexborNode, depth: int) -> str:
    rows = []
    for row in node.css("tr"):
        cells = [_SPACES.sub(" ", _inside(cell, depth + 1)).strip() for cell in row.css("td, th")]
        rows.append("| " + " | ".join(cells) + " |")
        if len(rows) == 1:
            rows.append("|" + " --- |" * len(cells))
    return "\n\n" + "\n".join(rows) + "\n\n"
