"""时限重算: a new notice moves open limits, each by a recorded event; safe against a kill."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from sqlalchemy import Connection, Row, bindparam, func, select

from schemas import DeadlineRecomputed
from workflow.aside import Aside
from workflow.complaint import Complaint, Open, load
from workflow.ledger import Ledger
from workflow.recorded import CLOCK
from workflow.rulebook import CALENDAR_SUBJECT, Rulebook
from workflow.stamping import restamped
from workflow.storage.database import Database
from workflow.storage.models import complaints, events
from workflow.storage.numbers import move, reached

DONE = f"recomputed/{CALENDAR_SUBJECT}"
"""The counter that says up to which revision every open limit was looked at."""

LOGGER = logging.getLogger("bihuan.clock")

PAUSES = (0.02, 0.1, 0.5)
"""Seconds between looks at who still writes: most are done in some milliseconds."""

_PAGE = (
    select(complaints.c.id, complaints.c.fold)
    .where(complaints.c.ended_at.is_(None), complaints.c.id > bindparam("after"))
    .order_by(complaints.c.id)
    .limit(bindparam("most"))
)
_REVISION = select(func.max(events.c.version)).where(events.c.subject == CALENDAR_SUBJECT)


def recompute(ledger: Ledger, limit: int = 200, aside: Aside | None = None) -> int:
    """Records DeadlineRecomputed for each open limit and window that the calendar as revised
    stamps otherwise, `limit` complaints a transaction; answers how many limits moved.

    A limit once moved bears the new calendar, so that nothing is moved twice. While a transaction
    is open that may have begun before the notice, all are looked at again the next time; where one
    cannot be read, which is told, after a while: it is left `aside`.
    """
    aside = Aside() if aside is None else aside
    with ledger.database.read() as conn:
        newest = _revision(conn)
        if newest == reached(conn, DONE) or (DONE, newest) in aside.resting():
            return 0
    with ledger.transaction(patient=True):
        revision = ledger.rulebook.revisions
    all_know = _are_over(ledger.database, ledger.database.writing())
    moved, after = 0, ""
    while True:
        with ledger.database.read() as conn:
            page = conn.execute(_PAGE, {"after": after, "most": limit}).all()
        if not page:
            break
        after = page[-1].id
        stale, whole = _stale(ledger.rulebook, page)
        if not whole:
            aside.put((DONE, newest))
            all_know = False
        if stale:
            moved += _moved(ledger, stale)
    if all_know:
        with ledger.transaction(patient=True) as posting:
            move(posting.conn, DONE, revision)
    return moved


def _stale(rulebook: Rulebook, page: Sequence[Row[str, str]]) -> tuple[list[str], bool]:
    """Those of which some limit moves, and whether all could be read."""
    stale, whole = [], True
    for row in page:
        try:
            if moving(rulebook, load(row.fold)):
                stale.append(row.id)
        except Exception:
            LOGGER.exception("the limits of %s cannot be reckoned again", row.id)
            whole = False
    return stale, whole


def _are_over(database: Database, begun: frozenset[str]) -> bool:
    """Whether these transactions are, or in a moment were: what they wrote can be seen now."""
    for pause in PAUSES:
        if not begun:
            break
        time.sleep(pause)
        begun &= database.writing()
    return not begun


def _revision(conn: Connection) -> int:
    return conn.execute(_REVISION).scalar() or 0


def _moved(ledger: Ledger, subjects: list[str]) -> int:
    moved = 0
    with ledger.transaction(patient=True) as posting:
        posting.prefetch(subjects)
        for subject in subjects:
            complaint = posting.complaint(subject)
            for name, new in moving(ledger.rulebook, complaint).items():
                posting.record(subject, _recomputed(name, complaint.limits[name], new), CLOCK)
                moved += 1
    return moved


def _recomputed(name: str, old: Open, new: Open) -> DeadlineRecomputed:
    return DeadlineRecomputed(
        limit=name, generation=old.generation, from_due_at=old.due_at, calendar=new.calendar
    )


def moving(rulebook: Rulebook, complaint: Complaint) -> dict[str, Open]:
    """The running limits that these rules' calendar stamps otherwise, as it stamps them.

    A paused one is reckoned by the calendar of the day it runs on.
    """
    if complaint.ended_at is not None:
        return {}
    rules = rulebook.of(complaint)
    today = rules.calendar.id
    looked = {
        name: restamped(complaint, name, opened, rules)
        for name, opened in complaint.limits.items()
        if opened.calendar != today and name not in complaint.paused
    }
    return {name: new for name, new in looked.items() if _differs(complaint.limits[name], new)}


def _differs(old: Open, new: Open) -> bool:
    def times(stamp: Open) -> tuple[object, ...]:
        return stamp.due_at, stamp.warn_at, stamp.red_at, stamp.provisional

    return times(old) != times(new)
