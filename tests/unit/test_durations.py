"""How long a stage took, reckoned from sums, against counting day by day."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, insert

from console.reports.durations import took
from console.reports.periods import parse_period
from workflow.calendar import Calendar, instant, worktime
from workflow.storage.models import complaint_facts, order_facts

HOUR, DAY = 3_600_000_000, 86_400_000_000
JULY = 18_809 * DAY
FACTS = {"level": 1, "real_name": True, "state": "", "round": 1, "min_calls": 3, "call_spacing": 0}


@pytest.mark.parametrize(
    "hours", [((510, 720), (810, 1050)), ((0, 375), (1320, 1440)), ((0, 1440),)]
)
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_the_order_in_which_stages_are_read_changes_none_of_them(hours, hour):
    """Those a whole number of months apart among them, and some that took no time at all."""
    week = dict.fromkeys(range(7), hours)
    calendar = Calendar("office", "1", ZoneInfo("Asia/Shanghai"), None, week)
    rows = []
    for number, days in enumerate((0, -31, 31, -62, 62, 0, -500, 900)):
        for lasted in (0, 1, HOUR, 3 * DAY):
            begin = JULY + days * DAY + hour * HOUR + number
            times = {"collected_at": begin, "verified_at": begin + lasted}
            rows.append({"subject": f"C{len(rows):02}", "day": "2021-07-01", **times, **FACTS})
    with create_engine("sqlite://").begin() as conn:
        for table in (complaint_facts, order_facts):
            table.create(conn)
        conn.execute(insert(complaint_facts), rows)
        subjects = [row["subject"] for row in rows]
        told = [one.minutes for one in took(conn, calendar, parse_period("2021Q3"), subjects)]
    times = [(instant(row["collected_at"]), instant(row["verified_at"])) for row in rows]
    assert told == [worktime(calendar, *both) // timedelta(minutes=1) for both in times]
