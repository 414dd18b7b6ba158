"""From the text of a query to words and filters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from workbench.errors import QueryError
from workbench.model import Filters, Period, Selection, Words
from workbench.search.language.dates import EXAMPLES, LONGEST, parse_date
from workbench.search.language.faults import fault
from workbench.search.language.pieces import FIELDS, Kind, Piece, Value, pieces
from workbench.search.names import SELECTED, Names
from workbench.text.identifiers import identifiers
from workbench.text.terms import STOP_WORDS

_SIGNS = ".,:;!?()[]{}'\" "
_LITERAL = 'To look for the text itself, put it in quotes: "{}"'


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query as it was understood. `notes` says what was read otherwise than it may have been meant."""

    words: Words
    filters: Filters = field(default_factory=Filters)
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is looked for, without operators: for vectors, for snippets. Empty where there are only filters."""
        return self.words.text


def parse(text: str, *, now: datetime, known: Names | None = None) -> ParsedQuery:
    """Understand a query. `now` has the time zone in which dates are meant; names are looked up among `known`.

    Without `known` names stay as they are written.

    Raises:
        QueryError: A name or date is not understood; it says where, and what to write instead.
    """
    reader = _Reader(text, now, known)
    skip_to = 0
    for piece in pieces(text):
        if piece.start >= skip_to:
            skip_to = reader.take(piece)
    return reader.parsed()


class _Reader:
    """What has been read of one query."""

    def __init__(self, text: str, now: datetime, known: Names | None) -> None:
        self._text, self._now, self._known = text, now, known
        self._wanted: list[str] = []
        self._phrases: list[str] = []
        self._prefixes: list[str] = []
        self._excluded: list[str] = []
        self._excluded_prefixes: list[str] = []
        self._named: dict[str, list[str]] = {name: [] for name in SELECTED.values()}
        self._unnamed: dict[str, list[str]] = {name: [] for name in SELECTED.values()}
        self._periods: list[Period] = []
        self._excluded_periods: list[Period] = []
        self._after: datetime | None = None
        self._before: datetime | None = None
        self._notes: list[str] = []
        self._plain = True  # nothing but words so far, so that the text can be kept as it is

    def take(self, piece: Piece) -> int:
        """Read one piece; gives where it ends, which for a date of several words is behind the last."""
        self._plain &= piece.kind is Kind.WORD and not piece.excluded
        if piece.kind is Kind.FIELD:
            return self._field(piece)
        if piece.unclosed and not any("quote" in note for note in self._notes):
            self._notes.append("A quote is never closed, so what follows is taken as words, not as a phrase.")
        if not _says_something(piece.text):
            if not piece.excluded:
                self._wanted.append(piece.text)
        elif piece.kind is not Kind.WORD and _too_common(piece.text) and not piece.excluded:
            self._wanted.append(piece.text)
        elif piece.excluded and _too_common(piece.text):
            self._notes.append(f"{piece.text!r} is in nearly every message, so it is not left out.")
        elif piece.excluded:
            (self._excluded_prefixes if piece.kind is Kind.PREFIX else self._excluded).append(piece.text)
        else:
            self._wanted.append(piece.text)
            if piece.kind is Kind.PHRASE:
                self._phrases.append(piece.text)
            elif piece.kind is Kind.PREFIX:
                self._prefixes.append(piece.text)
        return piece.end

    def parsed(self) -> ParsedQuery:
        """What all of it means."""
        if self._plain:
            return ParsedQuery(Words(self._text.strip()), notes=tuple(self._notes))
        words = Words(
            " ".join(self._wanted),
            _unique(self._phrases),
            _unique(self._prefixes),
            _unique(self._excluded),
            _unique(self._excluded_prefixes),
        )
        return ParsedQuery(words, self._filters(), tuple(self._notes))

    def _filters(self) -> Filters:
        wanted: dict[str, Any] = {name: _unique(values) for name, values in self._named.items()}
        unwanted = {name: _unique(values) for name, values in self._unnamed.items()}
        excluded = Selection(**unwanted, periods=_once(self._excluded_periods))
        limits = Filters(after=self._after, before=self._before, periods=_once(self._periods), excluded=excluded)
        return replace(limits, **wanted)

    def _field(self, piece: Piece) -> int:
        name = FIELDS[piece.text.lower()]
        dated = piece.text.lower() == "from" and piece.values and self._date(piece.values[-1], point=True)[0]
        if name in SELECTED and not dated:
            for value in piece.values:
                self._select(piece, SELECTED[name], name, value)
            return piece.end
        end = piece.end
        for number, value in enumerate(piece.values, start=1):
            period, stop = self._date(value, point=name != "during", may_extend=number == len(piece.values))
            if period is None:
                raise self._fault(value, piece, f"{value.text!r} is not a date", f"write {EXAMPLES}")
            self._limit("after" if dated else name, period, piece, value)
            end = max(end, stop)
        return end

    def _select(self, piece: Piece, field_name: str, kind: str, value: Value) -> None:
        found: tuple[str, ...] = (value.text,)
        if not value.text:
            raise self._fault(value, piece, f"{piece.text}: has an empty value", f"write a name behind {piece.text}:")
        if self._known is not None:
            try:
                in_conversation = kind == "conversation"
                known = self._known
                found = known.conversation_ids(value.text) if in_conversation else known.matching(kind, value.text)
            except QueryError as error:
                raise self._fault(value, piece, error.what, error.todo) from None
        (self._unnamed if piece.excluded else self._named)[field_name].extend(found)

    def _date(self, value: Value, *, point: bool, may_extend: bool = True) -> tuple[Period | None, int]:
        """The longest date that begins with a value, and where it ends: `after:last month` needs no quotes."""
        best, end = parse_date(value.text, self._now, point=point), value.end
        if value.quoted or not may_extend:
            return best, end
        following = self._text[value.end : value.end + 100].split("\n")[0]
        stop = value.end
        for word in following.split()[: LONGEST - 1]:
            stop = self._text.index(word, stop) + len(word)
            longer = parse_date(self._text[value.start : stop], self._now, point=point)
            if longer is not None:
                best, end = longer, stop
        return best, end

    def _limit(self, name: str, period: Period, piece: Piece, value: Value) -> None:
        """Take a date as a limit. Of several limits of one kind the narrowest counts."""
        if name == "during":
            (self._excluded_periods if piece.excluded else self._periods).append(period)
            return
        if piece.excluded:
            raise self._fault(value, piece, f"-{piece.text}: is the same as its opposite", "use after: and before:")
        if name == "after":
            self._after = max(period.start, self._after or period.start)
        else:
            until = period.end if name == "until" else period.start
            self._before = min(until, self._before or until)
        if self._after and self._before and self._after >= self._before:
            raise self._fault(value, piece, "no time is both after and before the dates given", "exchange them")

    def _fault(self, value: Value, piece: Piece, what: str, todo: str) -> QueryError:
        literal = _LITERAL.format(self._text[piece.start + piece.excluded : piece.end].replace('"', ""))
        return fault(
            self._text,
            value.start,
            max(value.end, value.start + 1),
            what,
            f"{todo}{'' if todo.endswith('?') else '.'} {literal}",
        )


def _says_something(text: str) -> bool:
    """Whether there is anything in it to look for: a letter, a digit, an emoji."""
    return any(one.isalnum() for one in text) or bool(identifiers(text))


def _too_common(text: str) -> bool:
    """Whether it is one word that stands in nearly every message, which neither a phrase nor an exclusion can mean."""
    return text.strip(_SIGNS).casefold() in STOP_WORDS


def _once(periods: list[Period]) -> tuple[Period, ...]:
    return tuple(dict.fromkeys(periods))


def _unique(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
