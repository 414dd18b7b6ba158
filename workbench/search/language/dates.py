"""Natural dates: what span of time "last month", "March 2025" or "3 days ago" is, seen from a given moment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from workbench.model import Period

EXAMPLES = "2025, 2025-03, 2025-03-31, March 2025, yesterday, last month, 3 days ago or 2025-01..2025-03"
LONGEST = 5  # words of a date
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan januar|february feb februar|march mar märz mrz|april apr|may mai|june jun juni|july jul juli|"
        "august aug|september sep sept|october oct oktober okt|november nov|december dec dezember dez".split("|"),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        "monday mon montag|tuesday tue dienstag|wednesday wed mittwoch|thursday thu donnerstag|friday fri freitag|"
        "saturday sat samstag|sunday sun sonntag".split("|")
    )
    for name in names.split()
}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<year>\d{4})"
_COUNT = rf"(?P<count>\d{{1,4}}|{'|'.join(_COUNTS)})"
_UNIT = r"(?P<unit>day|week|month|quarter|year)s?"


def parse_date(text: str, now: datetime, *, point: bool = False) -> Period | None:
    """The span of time that `text` names, in the time zone of `now`. None: it names none.

    A month, day or weekday without a year is the latest that has begun. With `point` "2 months ago" is the day, not the
    whole month, as one means it in "after 2 months ago".
    """
    plain = " ".join(text.casefold().replace(",", " ").split())
    try:
        return _range(plain, now) or _single(plain, now, point=point)
    except (ValueError, OverflowError):  # no such day (2025-02-30), or one beyond the calendar
        return None


def _range(text: str, now: datetime) -> Period | None:
    """Spans with two ends, or with one that is open."""
    if found := re.fullmatch(r"(?:since|from|after) (.+)", text):
        begun = _single(found[1], now, point=True)
        return Period(begun.start, _LAST) if begun else None
    if found := re.fullmatch(r"(before|until|till|to) (.+)", text):
        ended = _single(found[2], now, point=True)
        return Period(_FIRST, ended.start if found[1] == "before" else ended.end) if ended else None
    for between in (r"(.+?)\.\.+(.+)", r"between (.+) and (.+)", r"(?:from )?(.+) (?:to|until|till|-|–) (.+)"):
        if found := re.fullmatch(between, text):
            low, high = found[1].strip(), found[2].strip()
            if (year := re.search(r" \d{4}$", high)) and not re.search(r"\d{4}", low):  # January to March 2024
                low += year.group()
            first, last = _single(low, now, point=True), _single(high, now, point=True)
            return Period(first.start, last.end) if first and last and first.start < last.end else None
    return None


def _single(text: str, now: datetime, *, point: bool) -> Period | None:
    for pattern, span in _FORMS:
        if found := pattern.fullmatch(text):
            return span(found, now, point)
    return None


def _days(first: date, until: date, now: datetime) -> Period:
    """From the beginning of one day to the beginning of another."""
    zone = now.tzinfo or UTC
    return Period(datetime.combine(first, time.min, zone), datetime.combine(until, time.min, zone))


def _month(year: int, month: int, now: datetime, *, months: int = 1) -> Period:
    """A number of whole months; `month` may be below 1 or above 12."""
    first, last = (12 * year + month - 1 + after for after in (0, months))
    return _days(date(first // 12, first % 12 + 1, 1), date(last // 12, last % 12 + 1, 1), now)


def _unit(unit: str, now: datetime, back: int, *, count: int = 1) -> Period:
    """`count` whole days, weeks, months, quarters or years, the first of them `back` before the current one."""
    today = now.date()
    if unit in ("day", "week"):
        length = 1 if unit == "day" else 7
        start = today - timedelta(days=back * length + (today.weekday() if unit == "week" else 0))
        return _days(start, start + timedelta(days=count * length), now)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    current = (today.month - 1) // months * months + 1
    return _month(today.year, current - back * months, now, months=count * months)


def _iso(found: re.Match[str], now: datetime, point: bool) -> Period:
    year, month, day = (int(found[name]) if found[name] else None for name in ("year", "month", "day"))
    if year is None:
        raise ValueError(found.group())
    if month is None:
        return _month(year, 1, now, months=12)
    if day is None:
        return _month(date(year, month, 1).year, month, now)
    first = date(year, month, day)
    return _days(first, first + timedelta(days=1), now)


def _moment(found: re.Match[str], now: datetime, point: bool) -> Period:
    """A time of day: the minute, or the second if one is given."""
    start = datetime.fromisoformat(found.group().upper().replace(" ", "T"))
    start = start if start.tzinfo else start.replace(tzinfo=now.tzinfo or UTC)
    return Period(start, start + timedelta(seconds=1 if found["second"] else 60))


def _named_month(found: re.Match[str], now: datetime, point: bool) -> Period:
    groups = found.groupdict()
    month, day = _MONTHS[groups["month"]], groups.get("day")
    year = int(groups["year"]) if groups.get("year") else None
    if day is None:
        latest = now.year if month <= now.month else now.year - 1
        return _month(year or latest, month, now)
    first = date(year or now.year, month, int(day))
    if year is None and first > now.date():
        first = first.replace(year=now.year - 1)
    return _days(first, first + timedelta(days=1), now)


def _weekday(found: re.Match[str], now: datetime, point: bool) -> Period:
    back = (now.weekday() - _WEEKDAYS[found["weekday"]]) % 7
    return _unit("day", now, back or (7 if found["last"] else 0))


def _quarter(found: re.Match[str], now: datetime, point: bool) -> Period:
    quarter = int(found["quarter"])
    year = int(found["year"]) if found["year"] else now.year - (3 * quarter - 2 > now.month)
    return _month(year, 3 * quarter - 2, now, months=3)


def _ago(found: re.Match[str], now: datetime, point: bool) -> Period:
    count, unit = _count(found), found["unit"]
    if not point or unit in ("day", "week"):
        return _unit("day", now, 7 * count) if point and unit == "week" else _unit(unit, now, count)
    months = 12 * now.year + now.month - 1 - count * {"month": 1, "quarter": 3, "year": 12}[unit]
    year, month = months // 12, months % 12 + 1
    longest = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    first = date(year, month, min(now.day, longest))
    return _days(first, first + timedelta(days=1), now)


def _recent(found: re.Match[str], now: datetime, point: bool) -> Period:
    """The last so many days, weeks, months or years, up to and with today."""
    begun = _ago(found, now, True).start.date()
    return _days(begun, now.date() + timedelta(days=1), now)


def _count(found: re.Match[str]) -> int:
    return _COUNTS.get(found["count"]) or int(found["count"] or 1)


def _this(unit: str, back: int, *, count: int = 1) -> Callable[[re.Match[str], datetime, bool], Period]:
    return lambda found, now, point: _unit(unit, now, back, count=count)


_FORMS: list[tuple[re.Pattern[str], Callable[[re.Match[str], datetime, bool], Period]]] = [
    (re.compile(pattern), span)
    for pattern, span in (
        (rf"{_YEAR}(?:[-/](?P<month>\d{{1,2}})(?:[-/](?P<day>\d{{1,2}}))?)?", _iso),
        (rf"(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?{_YEAR}", _iso),
        (r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?P<second>:\d\d(?:\.\d{1,6})?)?(?:z|[+-]\d\d:?\d\d)?", _moment),
        (rf"{_MONTH}(?: {_YEAR})?", _named_month),
        (rf"{_MONTH} {_DAY}(?: {_YEAR})?", _named_month),
        (rf"{_DAY}(?: of)? {_MONTH}(?: {_YEAR})?", _named_month),
        (rf"(?:q(?P<quarter>[1-4])[ /-]?)(?:{_YEAR})?", _quarter),
        (rf"{_YEAR}[ /-]?q(?P<quarter>[1-4])", _quarter),
        (r"today|heute", _this("day", 0)),
        (r"yesterday|gestern", _this("day", 1)),
        (r"(?:the )?day before yesterday|vorgestern", _this("day", 2)),
        (r"tomorrow", _this("day", -1)),
        (rf"(?P<last>last |past )?(?P<weekday>{'|'.join(_WEEKDAYS)})", _weekday),
        (rf"(?:this|the current|current) {_UNIT}", lambda found, now, point: _unit(found["unit"], now, 0)),
        (rf"(?:the )?past (?P<count>){_UNIT}", _recent),
        (rf"(?:the )?(?:last|previous) {_UNIT}", lambda found, now, point: _unit(found["unit"], now, 1)),
        (rf"(?:the )?(?:last|previous|past) {_COUNT} {_UNIT}", _recent),
        (rf"{_COUNT} {_UNIT} ago", _ago),
    )
]
