from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.search.language.dates import parse_date

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 11, 21, 15, 30, tzinfo=BERLIN)  # a Friday


def span(text: str, *, point: bool = False) -> tuple[str, str] | None:
    period = parse_date(text, NOW, point=point)
    return (f"{period.start:%Y-%m-%d}", f"{period.end:%Y-%m-%d}") if period else None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("today", "2025-11-21", "2025-11-22"),
        ("Yesterday", "2025-11-20", "2025-11-21"),
        ("this week", "2025-11-17", "2025-11-24"),
        ("last week", "2025-11-10", "2025-11-17"),
        ("last month", "2025-10-01", "2025-11-01"),
        ("last quarter", "2025-07-01", "2025-10-01"),
        ("last year", "2024-01-01", "2025-01-01"),
        ("past year", "2024-11-21", "2025-11-22"),
        ("last 3 months", "2025-08-21", "2025-11-22"),
        ("past two weeks", "2025-11-07", "2025-11-22"),
        ("3 days ago", "2025-11-18", "2025-11-19"),
        ("2 months ago", "2025-09-01", "2025-10-01"),
        ("March 2025", "2025-03-01", "2025-04-01"),
        ("march", "2025-03-01", "2025-04-01"),
        ("December", "2024-12-01", "2025-01-01"),
        ("5 March 2025", "2025-03-05", "2025-03-06"),
        ("March 5th, 2025", "2025-03-05", "2025-03-06"),
        ("2025", "2025-01-01", "2026-01-01"),
        ("2025-03", "2025-03-01", "2025-04-01"),
        ("2025-12", "2025-12-01", "2026-01-01"),
        ("2025-03-31", "2025-03-31", "2025-04-01"),
        ("31.3.2025", "2025-03-31", "2025-04-01"),
        ("Q1 2025", "2025-01-01", "2025-04-01"),
        ("2025-Q4", "2025-10-01", "2026-01-01"),
        ("monday", "2025-11-17", "2025-11-18"),
        ("last friday", "2025-11-14", "2025-11-15"),
        ("since March", "2025-03-01", "9999-12-30"),
        ("2025-01..2025-03", "2025-01-01", "2025-04-01"),
        ("January to March 2024", "2024-01-01", "2024-04-01"),
        ("between 2023 and 2024", "2023-01-01", "2025-01-01"),
        ("März 2024", "2024-03-01", "2024-04-01"),
    ],
)
def test_a_date_is_understood_as_people_mean_it(text: str, start: str, end: str) -> None:
    assert span(text) == (start, end)


def test_after_a_number_of_months_means_from_that_day_on() -> None:
    assert span("2 months ago", point=True) == ("2025-09-21", "2025-09-22")
    assert span("9 months ago", point=True) == ("2025-02-21", "2025-02-22")


def test_a_day_begins_where_the_person_is() -> None:
    period = parse_date("2025-07-01", NOW)
    assert period is not None
    assert period.start.isoformat() == "2025-07-01T00:00:00+02:00"


def test_a_moment_is_taken_as_written() -> None:
    period = parse_date("2025-03-31T14:00Z", NOW)
    assert period is not None
    assert period.start.isoformat() == "2025-03-31T14:00:00+00:00"


@pytest.mark.parametrize(
    "text", ["", "bread", "2025-02-30", "2025-13", "03/04/2025", "0000", "the month", "3", "99999 years ago"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text, NOW) is None


@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)),
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
)
def test_spans_of_one_kind_follow_each_other(moment: datetime, unit: str) -> None:
    now = moment.replace(tzinfo=BERLIN)
    this, last = parse_date(f"this {unit}", now), parse_date(f"last {unit}", now)
    assert this is not None
    assert last is not None
    assert last.end == this.start <= now < this.end


@given(st.text(max_size=40))
def test_no_text_is_too_odd(text: str) -> None:
    period = parse_date(text, NOW)
    assert period is None or period.start < period.end
