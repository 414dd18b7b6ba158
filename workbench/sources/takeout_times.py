"""Times as Takeout writes them for people, in the language and the zone of their account."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

_HOURS = {
    "GMT UTC WET Z": 0,
    "BST MEZ CET SEČ WAT WEST": 1,
    "MESZ CEST SELČ EET SAST CAT OEZ": 2,
    "EEST OESZ MSK TRT EAT": 3,
    "GST": 4,
    "PKT": 5,
    "IST": 5.5,
    "WIB ICT": 7,
    "SGT HKT PHT AWST": 8,
    "JST KST": 9,
    "ACST": 9.5,
    "AEST": 10,
    "ACDT": 10.5,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "BRST": -2,
    "BRT ART CLST UYT ADT HAA": -3,
    "NDT": -2.5,
    "NST": -3.5,
    "EDT HAE AST CLT BOT VET HNA": -4,
    "EST HNE CDT HAC COT PET": -5,
    "CST HNC MDT HAR": -6,
    "MST HNR PDT HAP": -7,
    "PST HNP AKDT": -8,
    "AKST HDT": -9,
    "HST": -10,
}
_ZONES = {zone: hours for zones, hours in _HOURS.items() for zone in zones.split()}
_CHINA = 8  # CST beside a Chinese date is China's, elsewhere America's

_MONTHS = """
january february march april may june july august september october november december
januar februar märz april mai juni juli august september oktober november dezember
jänner feber marz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
januari februari mars april maj juni juli augusti september oktober november december
januari februari maart april mei juni juli augustus september oktober november december
ledna února března dubna května června července srpna září října listopadu prosince
led úno bře dub kvě čvn čvc srp zář říj lis pro
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
"""
_NAMES = [(name, number) for line in _MONTHS.split("\n") for number, name in enumerate(line.split(), start=1)]

_TIME = re.compile(r"(?<![\d.:])(\d{1,2})[:.](\d{2})[:.](\d{2})(?!\d)(?:[.,]\d+)?\s*([AaPp])?(?(4)\.?\s?[Mm]\.?)")
_CJK_TIME = re.compile(r"(午前|午後|上午|下午|오전|오후)?\s*(\d{1,2})[時时시:]\s*(\d{1,2})[分분:]\s*(\d{1,2})")
_CJK_DATE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_YEAR_FIRST = re.compile(r"\b(\d{4})[-/.]\s?(\d{1,2})[-/.]\s?(\d{1,2})\b")
_DAY_FIRST = re.compile(r"\b(\d{1,2})[./-]\s?(\d{1,2})[./-]\s?(\d{4})\b")
_DAY_NAMED = re.compile(r"\b(\d{1,2})\.?\s+(?:de\s+)?([^\W\d_]{3,})\.?,?\s+(?:de\s+)?(\d{4})\b")
_NAMED_DAY = re.compile(r"\b([^\W\d_]{3,})\.?\s+(\d{1,2}),\s+(\d{4})\b")
_OFFSET = re.compile(r"(?:GMT|UTC)\s*([+\-−])\s*(\d{1,2})(?::?(\d{2}))?\s*$")
_ABBREVIATION = re.compile(r"(?:^|[\s\d])([A-ZČŠŽ]{1,5})\s*$")
_LONGEST = 80


def parse_time(line: str) -> tuple[datetime, bool] | None:
    """The instant that a line of Takeout tells, and whether its zone was understood (else it is taken as UTC).

    None where the line is not a date with a time.
    """
    if len(line) > _LONGEST:
        return None
    line = unicodedata.normalize("NFKC", line).strip()
    date, clock = _date(line), _clock(line)
    if date is None or clock is None:
        return None
    zone = _zone(line)
    try:
        return datetime(*date, *clock, tzinfo=zone or UTC).astimezone(UTC), zone is not None
    except (ValueError, OverflowError):
        return None


def _date(line: str) -> tuple[int, int, int] | None:
    if found := _CJK_DATE.search(line) or _YEAR_FIRST.search(line):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _DAY_FIRST.search(line):
        return int(found[3]), int(found[2]), int(found[1])
    if (found := _DAY_NAMED.search(line)) and (month := _month(found[2])):
        return int(found[3]), month, int(found[1])
    if (found := _NAMED_DAY.search(line)) and (month := _month(found[1])):
        return int(found[3]), month, int(found[2])
    return None


def _month(name: str) -> int | None:
    """The month whose name, in any known language, is `name` or begins with it."""
    name = name.lower()
    exact = {number for known, number in _NAMES if known == name}
    months = exact or {number for known, number in _NAMES if known.startswith(name)}
    if not months and name.startswith("sept"):
        return 9
    return months.pop() if len(months) == 1 else None


def _clock(line: str) -> tuple[int, int, int] | None:
    if found := _TIME.search(line):
        hour, half = int(found[1]), (found[4] or "").lower()
        if half and hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
        if not any(mark in line for mark in ("午", "오")):
            return hour, int(found[2]), int(found[3])
    if found := _CJK_TIME.search(line):
        hour = int(found[2])
        if found[1]:
            hour = hour % 12 + (12 if found[1] in ("午後", "下午", "오후") else 0)
        return hour, int(found[3]), int(found[4])
    return None


def _zone(line: str) -> timezone | None:
    if found := _OFFSET.search(line):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes)) if minutes < 24 * 60 else None
    found = _ABBREVIATION.search(line)
    if found is None:
        return None
    hours: float | None = _ZONES.get(found[1])
    if found[1] == "CST" and _CJK_DATE.search(line):
        hours = _CHINA
    return None if hours is None else timezone(timedelta(hours=hours))
