"""查找: complaints by any number there is: theirs, the work order's, the service's, the hotline's
ticket, the citizen's phone or its last four digits; who searched by a phone is recorded, also when
nothing was found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from console import wording
from console.scope import subject_of, visible
from console.traces import looked
from producers.sources import sources
from schemas.text import clean
from workflow.clock import instant
from workflow.complaint import load
from workflow.contact import called_from, ending_in
from workflow.door import INSIDERS
from workflow.errors import InvalidInput
from workflow.ledger import Actor
from workflow.phones import number_of
from workflow.storage.models import complaints

if TYPE_CHECKING:
    from console.wiring import Office

_FOUR = re.compile(r"[0-9]{4}")
MOST = 50
"""Complaints a search shows; one more is found where there are more."""

_YEARS, _HEADS = 10, ("", *"123456789")
"""Numbers that end in four digits: of how many years, and what may stand before the four."""


class Found(NamedTuple):
    """A complaint, its work order if it has one, its unit's code, and its state's name."""

    id: str
    state: str
    order: str | None
    unit: str | None


def found_by_last4(office: Office, last4: str, viewer: Actor) -> tuple[Found, ...]:
    """What the four digits find; every complaint found counts as looked at, and a search that
    finds none is recorded too. Raises InvalidInput.
    """
    if _FOUR.fullmatch(last4) is None:
        raise InvalidInput("last4", "（不显示）", "须是四位数字")
    with office.database.read() as conn:
        subjects = ending_in(conn, office.vault, last4)
        rows = _rows(conn, viewer, complaints.c.id.in_(subjects))
    looked(office, viewer, "last4", *(row.id for row in rows[:MOST]))
    return rows


def found_by(office: Office, asked: str, viewer: Actor) -> tuple[Found, ...]:
    """What any number finds, for this viewer, `MOST` and whether there are more; each one found
    counts as looked at. Raises InvalidInput for nothing.
    """
    number = clean(asked).strip()
    if not number:
        raise InvalidInput("q", "", "请输入要找的编号")
    insider = viewer.role in INSIDERS
    if insider and _FOUR.fullmatch(number):
        return _merged(found_by_last4(office, number, viewer), _ending(office, number, viewer))
    with office.database.read() as conn:
        phone = number_of(number) if insider else ""
        if phone:
            subjects = called_from(conn, office.vault, phone)
            rows = _rows(conn, viewer, complaints.c.id.in_(subjects))
        else:
            rows = _rows(conn, viewer, _numbered(viewer, number))
    if phone or rows:
        looked(office, viewer, "phone" if phone else "number", *(row.id for row in rows[:MOST]))
    return rows


def found_still(office: Office, ids: Sequence[str], viewer: Actor) -> tuple[Found, ...]:
    """What was found by this viewer and counted as looked at then, as far as it still exists for
    him.
    """
    with office.database.read() as conn:
        return _rows(conn, viewer, complaints.c.id.in_(ids)) if ids else ()


def _ending(office: Office, four: str, viewer: Actor) -> tuple[Found, ...]:
    """Complaints whose number, or whose order's, ends in these digits; or that bear them whole."""
    this = instant(office.clock()).year
    years = [f"{year % 100:02d}" for year in range(this - _YEARS + 1, this + 1)]
    numbers = [f"CP{year}-{head}{four}" for year in years for head in _HEADS]
    with office.database.read() as conn:
        ending = or_(complaints.c.id.in_(numbers), _numbered(viewer, four))
        rows = _rows(conn, viewer, ending)
    if rows:
        looked(office, viewer, "number", *(row.id for row in rows[:MOST]))
    return rows


def _merged(*found: tuple[Found, ...]) -> tuple[Found, ...]:
    """Each once, in order of their numbers."""
    known = {row.id: row for rows in found for row in rows}
    return tuple(known[one] for one in sorted(known))[: MOST + 1]


def _numbered(viewer: Actor, number: str) -> ColumnElement[bool]:
    own = complaints.c.id == subject_of(number.upper())
    if viewer.role not in INSIDERS:
        return own
    sent_by = complaints.c.source.in_([known.name for known in sources()])  # by its key's index
    theirs = and_(sent_by, complaints.c.project_no == number)
    return or_(own, theirs, complaints.c.ticket == number)


def _rows(conn: Connection, viewer: Actor, condition: ColumnElement[bool]) -> tuple[Found, ...]:
    query = select(complaints.c.fold).where(condition, visible(viewer)).order_by(complaints.c.id)
    found = map(load, conn.execute(query.limit(MOST + 1)).scalars())
    return tuple(Found(c.id, wording.state_name(c.state), c.order, c.unit) for c in found)
