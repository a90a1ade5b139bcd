"""评价: what the ratings of complaints said, without their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, bindparam, func, select

from console import wording
from console.reports.reading import ITS_SERVICE
from workflow.complaint import Complaint
from workflow.storage.models import complaints, events, services

TICKED = "群众勾选"
KEPT = 10_000
"""Complaints of which it is remembered."""


class Rated(NamedTuple):
    """What was rated, and the codes of the reasons ticked."""

    item: str
    reasons: tuple[str, ...]


UNSAID = Rated("", ())
"""Where nothing is known of it."""

_FIRST = select(events.c.subject, events.c.data).where(
    events.c.subject.in_(bindparam("of", expanding=True)), events.c.version == 1
)
_SENT = select(func.max(events.c.recorded_at)).where(
    events.c.subject == complaints.c.id, events.c.type == "DepartmentAssigned"
)
_OF_SERVICE = (
    select(complaints.c.id, services.c.item)
    .join(services, ITS_SERVICE)
    .where(
        complaints.c.id.in_(bindparam("of", expanding=True)),
        services.c.item.is_not(None),
    )
)
_SENT_WITH = _OF_SERVICE.where(services.c.received_at <= _SENT.scalar_subquery())
_KNOWN: WeakKeyDictionary[Engine, dict[str, Rated]] = WeakKeyDictionary()


def rated(conn: Connection, subjects: Sequence[str], *, to_unit: bool = False) -> dict[str, Rated]:
    """Each of these complaints, as the rating that opened it has it; an item that the rating leaves
    out, as its service's record has it. A unit is told no more than was known when its order was
    sent.
    """
    found = dict.fromkeys(subjects, UNSAID) | _opened_by(conn, subjects)
    if unsaid := [subject for subject, said in found.items() if not said.item]:
        for row in conn.execute(_SENT_WITH if to_unit else _OF_SERVICE, {"of": unsaid}):
            found[row.id] = found[row.id]._replace(item=row.item)
    return found


def _opened_by(conn: Connection, subjects: Sequence[str]) -> dict[str, Rated]:
    """As their first events have it: what was recorded never changes, and is read once."""
    known = _KNOWN.setdefault(conn.engine, {})
    found = {subject: said for subject in subjects if (said := known.get(subject))}
    if new := [subject for subject in subjects if subject not in found]:
        read = {subject: _rated(data) for subject, data in conn.execute(_FIRST, {"of": new})}
        if len(known) + len(read) > KEPT:
            known.clear()
        known.update(read)
        found |= read
    return found


def _rated(data: str) -> Rated:
    said = from_json(data)
    return Rated(said.get("item") or "", tuple(said.get("reasons", ())))


def unverified(c: Complaint, ticked: Sequence[str], zone: ZoneInfo) -> str:
    """The reasons ticked, for a unit that has the order before anybody has found what is true."""
    if c.unit is None or c.reason_code or c.verdict not in (None, "valid") or not ticked:
        return ""
    return f"{wording.value_text('reasons', ticked, zone)}（尚未核实）"
