"""日历: the supervisors' door to the calendar: a notice revises it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, func, select

import schemas as s
from schemas.envelope import Fact, Role
from schemas.text import tidied
from workflow.door import checked_name, listed, records, seen_version, stated, written
from workflow.errors import InvalidInput, StaleVersion
from workflow.ledger import Actor, Ledger
from workflow.rulebook import CALENDAR_SUBJECT
from workflow.storage.models import events

CALENDAR = CALENDAR_SUBJECT.partition("/")[2]
NOTICE_YEARS = range(2004, 2201)
"""Of which there can be a notice."""


@records(s.CalendarRevised, Role.SUPERVISOR)
def revise_calendar(
    ledger: Ledger,
    *,
    account: str,
    version: str,
    notice: str,
    working: Sequence[str] = (),
    off: Sequence[str] = (),
    published_year: int | None = None,
    replaces: int | None = None,
    expected_version: int | None = None,
) -> str:
    """按放假通知修订日历：哪些日子上班、哪些放假；未办结的时限随后重算。可替换先前录入的某年通知。"""
    days_working, days_off = _days("working", working), _days("off", off)
    if not (days_working or days_off or published_year or replaces):
        raise InvalidInput("working", "", "至少写一个上班日、放假日或已公布的年份")
    _plausible(days_working, days_off, notice)
    known_years(published_year=published_year, replaces=replaces)
    fact, _ = stated(
        s.CalendarRevised,
        {
            "calendar": CALENDAR,
            "version": version,
            "notice": notice,
            "working": days_working,
            "off": days_off,
            "published_year": published_year,
            "replaces": replaces,
        },
    )
    return _append(ledger, CALENDAR_SUBJECT, fact, account, expected_version)


def _plausible(working: list[str], off: list[str], notice: str) -> None:
    both = sorted(set(working) & set(off))
    if both:
        raise InvalidInput("off", both[0], "同一天不能既上班又放假")
    if not tidied(written("notice", notice)):
        raise InvalidInput("notice", notice, "须写明所依据的通知")


def known_years(**years: int | None) -> None:
    """Raises InvalidInput, by its field, for a year of which no notice can be."""
    for field, year in years.items():
        if year is not None and (type(year) is not int or year not in NOTICE_YEARS):
            raise InvalidInput(field, year, "须是公布放假安排的年份")


def last_version(conn: Connection, subject: str) -> int:
    """Of what the office decided under this subject; 0 for nothing."""
    query = select(func.coalesce(func.max(events.c.version), 0)).where(events.c.subject == subject)
    return int(conn.execute(query).scalar_one())


def _append(
    ledger: Ledger, subject: str, fact: Fact, account: str, expected_version: int | None
) -> str:
    """The event's id. Raises StaleVersion if somebody decided since `expected_version`."""
    actor = Actor(checked_name("account", account), Role.SUPERVISOR)
    seen_version(expected_version)
    with ledger.transaction() as posting:
        ledger.database.alone(posting.conn)  # there is no row to lock: decisions take turns
        current = last_version(posting.conn, subject)
        if expected_version is not None and expected_version != current:
            raise StaleVersion(subject, expected_version, current)
        posting.append(subject, current + 1, fact, actor)
    with ledger.database.read() as conn:
        ledger.rulebook.refresh(conn)
    return f"{subject}-{current + 1}"


def _days(field: str, days: Sequence[str]) -> list[str]:
    return sorted({_day(field, day) for day in listed(field, days)})


def _day(field: str, text: str) -> str:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(field, text, "须是日期，如 2021-10-08") from None
    if found.year not in NOTICE_YEARS:
        span = f"{NOTICE_YEARS[0]} 至 {NOTICE_YEARS[-1]}"
        raise InvalidInput(field, text, f"年份须在 {span} 之间，不是 {found.year}")
    return found.isoformat()
