"""提示: what speaks for a second look at a rating, each with the rows it was counted from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from pydantic_core import from_json
from sqlalchemy import Connection, and_, bindparam, func, select

from console import wording
from console.reports.reading import ITS_SERVICE
from console.service import later_than_promised
from console.timeline import View
from schemas import ComplaintAnalysed
from schemas.codes import LEVELS
from workflow.clock import DAY
from workflow.complaint import Complaint
from workflow.rulebook import BoundRules
from workflow.storage.models import complaint_facts, complaints, contacts, events, ratings, services

MOST = 20
"""Rows a hint shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One of the rows counted: what it says, and the complaint it leads to, if it is one."""

    text: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A finding in words; `weight`: low, medium or high; `rows`: its evidence."""

    text: str
    weight: str
    rows: tuple[Row, ...]


def hints(view: View, rules: BoundRules) -> tuple[Hint, ...]:
    """The analysis' findings, then what the tables know of the same phone, service and window."""
    conn, c, zone = view.conn, view.complaint, view.zone
    analysed = [r.fact for r in view.records if r.type == "ComplaintAnalysed"]
    found = [_misoperation(fact) for fact in analysed]
    rated_at = view.records[0].fact.assessed_at
    found += _phone(conn, c.id, rated_at, zone)
    found += _service(conn, c, zone)
    if late := later_than_promised(view.served, rules.calendar):
        found.append(Hint(late, "medium", ()))
    found += _window(conn, c, view.named.window, wording.local(rated_at, zone).date())
    return tuple(found)


def _misoperation(fact: ComplaintAnalysed) -> Hint:
    weight = wording.VALUES["misoperation"][fact.misoperation]
    rows = tuple(Row(finding.evidence) for finding in fact.findings)
    return Hint(f"误操作疑：{weight}", fact.misoperation, rows)


def _many(rows: tuple[Row, ...]) -> str:
    return f"{MOST}多" if len(rows) > MOST else str(len(rows))


def _phone(conn: Connection, subject: str, rated_at: int, zone: ZoneInfo) -> list[Hint]:
    """Other complaints of the same phone, by ratings given a day or less apart."""
    days = [wording.local(at, zone).date() for at in (rated_at - DAY, rated_at + DAY)]
    asked = {"of": subject, "begin": days[0].isoformat(), "end": days[1].isoformat()}
    near = (
        (at, r.id, r.state)
        for r in conn.execute(_OF_PHONE, asked)
        if abs((at := from_json(r.data)["assessed_at"]) - rated_at) <= DAY
    )
    rows = tuple(
        Row(f"{wording.when(at, zone)} {wording.state_name(state)}", other)
        for at, other, state in sorted(near)[: MOST + 1]
    )
    return [Hint(f"同号24小时内另有{_many(rows)}件", "high", rows[:MOST])] if rows else []


def _service(conn: Connection, c: Complaint, zone: ZoneInfo) -> list[Hint]:
    """Other ratings of the same case: of this service, and of its others."""
    rows = tuple(
        Row(
            f"第{r.service_number}次服务第{r.assess_number}次评价 {LEVELS.get(r.level, '')}"
            f"({r.level}) {wording.when(r.assessed_at, zone)}"
        )
        for r in conn.execute(_OF_CASE, {"of_source": c.source, "of_project": c.project_no})
    )
    return [Hint(f"同一办件共{_many(rows)}次评价", "low", rows[:MOST])] if len(rows) > 1 else []


def _window(conn: Connection, c: Complaint, window: str | None, day: date) -> list[Hint]:
    """This window's ratings that turned out misoperated, in the month of this one."""
    if window is None or c.handled_by is None:
        return []
    begin = day.replace(day=1)
    after = (begin + timedelta(days=31)).replace(day=1)
    asked = {
        "begin": begin.isoformat(),
        "end": after.isoformat(),
        "of_unit": c.handled_by,
        "of_window": window,
        "of": c.id,
    }
    rows = tuple(Row(r.day, r.subject) for r in conn.execute(_OF_WINDOW, asked))
    return [Hint(f"同窗口本月误操作{_many(rows)}件", "medium", rows[:MOST])] if rows else []


_PHONE = select(contacts.c.phone).where(contacts.c.subject == bindparam("of")).scalar_subquery()
_OF_PHONE = (
    select(complaints.c.id, complaints.c.state, events.c.data)
    .join(contacts, contacts.c.subject == complaints.c.id)
    .join(events, and_(events.c.subject == complaints.c.id, events.c.version == 1))
    .where(
        contacts.c.phone == _PHONE,
        complaints.c.id != bindparam("of"),
        contacts.c.day.between(bindparam("begin"), bindparam("end")),
    )
)
_OF_CASE = (
    select(ratings)
    .where(
        ratings.c.source == bindparam("of_source"), ratings.c.project_no == bindparam("of_project")
    )
    .order_by(ratings.c.assessed_at)
    .limit(MOST + 1)
)
_OF_WINDOW = (
    select(complaint_facts.c.subject, complaint_facts.c.day)
    .join(contacts, contacts.c.subject == complaint_facts.c.subject)
    .join(complaints, complaints.c.id == complaint_facts.c.subject)
    .outerjoin(services, ITS_SERVICE)
    .where(
        complaint_facts.c.day >= bindparam("begin"),
        complaint_facts.c.day < bindparam("end"),
        complaint_facts.c.unit == bindparam("of_unit"),
        complaint_facts.c.ground == "misoperation",
        func.coalesce(contacts.c.window, services.c.window) == bindparam("of_window"),
        complaint_facts.c.subject != bindparam("of"),
    )
    .order_by(complaint_facts.c.day)
    .limit(MOST + 1)
)
