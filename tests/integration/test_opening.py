"""A database is brought to this release once, and only opened from then on."""

import pytest
from city import UNIT, service
from desks import Desks
from sqlalchemy import text

from console.traces import looks
from schemas.envelope import Role
from workflow.storage import schema

MADE_SINCE = (
    "complaints_ticket",
    "complaints_collected",
    "views_of",
    "views_by",
    "events_revealed",
    "events_retaliation",
)
"""Indexes of later migrations."""
PROMISES = ("kind", "promised", "promised_in", "accepted_at", "done_at")
"""Columns of `services` of migration 0017."""


def test_what_is_brought_to_this_release_is_opened_without_waiting_for_who_writes(
    city, monkeypatch
):
    def twice(_):
        pytest.fail("it was migrated a second time")

    monkeypatch.setattr(schema, "upgrade", twice)
    schema.prepare(city.office.database, city.ledger.keys)


def test_what_an_earlier_release_noted_of_looks_is_kept_and_told_with_the_unit(city):
    """Migration 0012: earlier looks had no unit of their own."""
    subject = city.portal.bad_review()
    Desks(city).sits("经办乙", Role.DEPARTMENT, UNIT)
    with city.office.database.write() as conn:
        conn.execute(text("ALTER TABLE complaint_facts DROP COLUMN verified_before"))
        for column in PROMISES:
            conn.execute(text(f"ALTER TABLE services DROP COLUMN {column}"))
        for index in MADE_SINCE:
            conn.execute(text(f"DROP INDEX {index}"))
        conn.execute(text("ALTER TABLE views DROP COLUMN unit"))
        conn.execute(text("UPDATE alembic_version SET version_num = '0011'"))
        for row, actor in enumerate(("经办乙", "已经不在"), 1):
            given = {"id": row, "subject": subject, "actor": actor}
            conn.execute(
                text("INSERT INTO views VALUES (:id, :subject, :actor, 'dept', 'timeline', 1)"),
                given,
            )
    schema.prepare(city.office.database, city.ledger.keys)
    with city.office.database.read() as conn:
        found = looks(conn)
    assert [(look.account, look.unit) for look in found] == [("已经不在", None), ("经办乙", UNIT)]


def test_rows_of_an_earlier_release_stay_what_they_were_and_are_known_again(city):
    """Migration 0017: what was promised and when it was done had no columns, and a number found
    wrong was told by the events alone.
    """
    city.portal.sends(service("P1"))
    wrong, mended = city.portal.bad_review(project="P2"), city.portal.bad_review(project="P3")
    city.drain()
    for subject in (wrong, mended):
        city.hotline.calls(subject, "wrong_number")
    city.travel(hours=1)
    city.hotline.calls(mended)
    city.drain()
    with city.office.database.write() as conn:
        known = ',"wrong_number":true'
        conn.exec_driver_sql(f"UPDATE complaints SET fold = replace(fold, '{known}', '')")
        for column in PROMISES:
            conn.execute(text(f"ALTER TABLE services DROP COLUMN {column}"))
        conn.execute(text("UPDATE alembic_version SET version_num = '0016'"))
    schema.prepare(city.office.database, city.ledger.keys)
    assert city.damage() == []
    assert (city.complaint(wrong).wrong_number, city.complaint(mended).wrong_number) == (
        True,
        False,
    )
    assert [answer.outcome for answer in city.portal.sends(service("P1")).rows] == ["repeat"]
    assert city.damage() == []
