from __future__ import annotations

import pytest

from workbench.sources.takeout_times import parse_time


@pytest.mark.parametrize(
    ("line", "utc"),
    [
        ("May 19, 2026, 7:07:02\u202fPM GMT-03:00", "2026-05-19T22:07:02"),
        ("May 19, 2026, 12:07:02 AM EDT", "2026-05-19T04:07:02"),
        ("18 Sept 2025, 12:02:52 CET", "2025-09-18T11:02:52"),
        ("18.04.2026, 17:38:51 MESZ", "2026-04-18T15:38:51"),
        ("2 sept. 2026, 09:00:00 UTC+02:00", "2026-09-02T07:00:00"),
        ("3 févr. 2026, 08:00:00 CET", "2026-02-03T07:00:00"),
        ("10 de mai. de 2026, 03:46:09 BRT", "2026-05-10T06:46:09"),
        ("4 juli 2026 09:15:00 CEST", "2026-07-04T07:15:00"),
        ("12. 1. 2026 19:01:56 SEČ", "2026-01-12T18:01:56"),
        ("12. 7. 2026 19:01:56 SELČ", "2026-07-12T17:01:56"),
        ("2026年6月19日 12:23:08 CST", "2026-06-19T04:23:08"),
        ("2026年6月19日 下午3:23:08 GMT+8", "2026-06-19T07:23:08"),
        ("2026/05/19 19:07:02 JST", "2026-05-19T10:07:02"),
        ("Jun 19, 2026, 12:23:08 PM CST", "2026-06-19T18:23:08"),
    ],
)
def test_a_time_is_read_in_its_language_and_zone(line: str, utc: str) -> None:
    found = parse_time(line)
    assert found is not None
    assert (found[0].replace(tzinfo=None).isoformat(), found[1]) == (utc, True)


@pytest.mark.parametrize("line", ["", "In 2026 at 12:00:00", "31.02.2026, 10:00:00 MEZ", "May 19, 2026", "x" * 500])
def test_what_is_no_time_is_none(line: str) -> None:
    assert parse_time(line) is None


def test_a_zone_that_is_not_known_is_said_so() -> None:
    found = parse_time("May 19, 2026, 7:07:02 PM QQT")
    assert found is not None
    assert found[1] is False
