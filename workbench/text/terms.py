"""Words for the lexical index and for queries, in every script."""

from __future__ import annotations

import re

# Han, Hiragana, Katakana, Hangul: words are not set apart by spaces (in Korean they are, but particles are not).
_UNSPACED = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+"
)
_WORD = re.compile(r"\w+", re.UNICODE)

# Words that say nothing about what a message is about. Left out of queries only: BM25 over them costs four times the
# rest of the query (0.87 against 0.21 ms on 250,000 messages) and finds nothing.
STOP_WORDS = frozenset(
    """a about am an and any are as at be been but by can could did do does for from had has have he her him his how i
    if in into is it its just me my of on or our she should so some than that the their them then there these they
    this to us was we were what when where which who why will with would you your
    aber als am an auf aus bei bin bist da das dass dem den der des die dir doch du ein eine einem einen einer er es
    für hat ich im in ist kann man mein meine mich mir mit nach nicht noch nur oder sich sie sind um und uns von war
    was wenn wie wir wo zu zum zur""".split()
)


def spaced(text: str) -> str:
    """`text` with every run of unspaced script written as its characters and character pairs, set apart by spaces.

    "東京都" becomes "東 京 都 東京 京都": a query of one character finds it, a query of two finds it in order.
    """
    return _UNSPACED.sub(lambda match: f" {' '.join(_grams(match.group()))} ", text)


def _grams(run: str) -> list[str]:
    return [*run, *(run[i : i + 2] for i in range(len(run) - 1))]


def query_terms(text: str) -> list[str]:
    """The words of a query worth looking up, in order, lower-cased, each once.

    Stop words are left out unless nothing else remains. A run of unspaced script counts as its character pairs (a
    lone character as itself).
    """
    words: list[str] = []
    for match in _WORD.finditer(text.lower()):
        words.extend(_split_scripts(match.group()))
    wanted = [word for word in words if word not in STOP_WORDS] or words
    return list(dict.fromkeys(wanted))


def _split_scripts(word: str) -> list[str]:
    pieces: list[str] = []
    last = 0
    for run in _UNSPACED.finditer(word):
        pieces.append(word[last : run.start()])
        characters = run.group()
        pieces.extend(characters[i : i + 2] for i in range(max(1, len(characters) - 1)))
        last = run.end()
    pieces.append(word[last:])
    return [piece for piece in pieces if piece]
