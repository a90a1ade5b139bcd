"""The rules in force: whoever asks at the same time, each decision is taken in once, in order."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from sqlalchemy import event

from producers.supervisors.rules import revise_calendar
from workflow.calendar import Calendar

DAYS = [date(2021, 10, 11), date(2021, 10, 12), date(2021, 10, 13)]
"""Three working days, on which notices close the office one after another."""


def closes(city, day):
    given = {"version": f"{day:%m%d}", "notice": "通知", "off": [day.isoformat()]}
    revise_calendar(city.ledger, account="监督01", **given)


def closed(city):
    """Which of the days the office is closed, as it reckons after its next step."""
    with city.ledger.transaction():
        pass
    calendar = city.office.rulebook.calendar_at(city.clock.now)
    return [day for day in DAYS if not calendar.is_working_day(day)]


def test_two_threads_that_read_of_a_notice_at_once_miss_none_that_follows(city, elsewhere):
    both_have_read = threading.Barrier(2)

    def learns():
        with city.office.database.read() as conn:
            event.listen(conn, "after_cursor_execute", lambda *_: both_have_read.wait(60))
            city.office.rulebook.refresh(conn)

    closes(elsewhere, DAYS[0])
    with ThreadPoolExecutor(2) as pool:
        for learning in [pool.submit(learns) for _ in range(2)]:
            learning.result()
    assert closed(city) == DAYS[:1]
    for day in DAYS[1:]:
        closes(elsewhere, day)
        assert day in closed(city)
    assert city.office.rulebook.calendar_at(0).id == elsewhere.office.rulebook.calendar_at(0).id


def test_a_calendar_reckoned_before_a_notice_is_not_kept_after_it(city, elsewhere, monkeypatch):
    reckoned, learned = threading.Event(), threading.Event()
    revised = Calendar.revised

    def slowly(self, *told):
        made = revised(self, *told)
        reckoned.set()
        assert learned.wait(60)
        return made

    closes(elsewhere, DAYS[0])
    assert closed(city) == DAYS[:1]
    closes(elsewhere, DAYS[1])
    with city.office.database.read() as conn:
        city.office.rulebook.refresh(conn)
    monkeypatch.setattr(Calendar, "revised", slowly)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(city.office.rulebook.calendar_at, city.clock.now)
        assert reckoned.wait(60)
        monkeypatch.setattr(Calendar, "revised", revised)
        closes(elsewhere, DAYS[2])
        with city.office.database.read() as conn:
            city.office.rulebook.refresh(conn)
        learned.set()
        asking.result()
    assert closed(city) == DAYS
