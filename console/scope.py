"""视野: the one rule of which complaints exist for a viewer, as a condition on their rows."""

from __future__ import annotations

import re
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, false, or_, select, true

from schemas.envelope import Role
from workflow.complaint import Complaint, load
from workflow.errors import UnknownComplaint
from workflow.ledger import Actor
from workflow.storage.models import complaints

_ASSISTED = complaints.alias("assisted")
_ORDER = re.compile(r"GD([0-9]{2,4}-[0-9]{1,12})(?:-[0-9]{1,4})?")

WHOLE = frozenset({Role.OPERATOR, Role.REVIEWER, Role.SUPERVISOR, Role.AUDITOR})
"""Who sees every complaint of the office, and who rated; a unit sees its own orders, and never who
rated; anybody else none.
"""


def visible(viewer: Actor) -> ColumnElement[bool]:
    """The complaints that exist for this viewer; every list, search, page, stream and export asks
    this and nothing else.
    """
    return or_(*parts(viewer))


def parts(viewer: Actor) -> tuple[ColumnElement[bool], ...]:
    """The same in parts of which no two hold for one complaint: each can be counted by its own
    index.
    """
    if viewer.role in WHOLE:
        return (true(),)
    if viewer.role is Role.DEPARTMENT and viewer.unit:
        return _of_unit(viewer.unit)
    return (false(),)


@lru_cache(maxsize=256)
def _of_unit(unit: str) -> tuple[ColumnElement[bool], ...]:
    """Its own, and those it assists in: these are asked for first and apart, so that the few that
    are assisted at all are found by their index, whatever else is asked of them.
    """
    named = _ASSISTED.c.assisting.contains(f",{unit},", autoescape=True)
    few = select(_ASSISTED.c.id).where(_ASSISTED.c.assisting >= ",", named)
    others = complaints.c.unit.is_distinct_from(unit)
    return complaints.c.unit == unit, and_(others, complaints.c.id.in_(few))


def complaint_for(conn: Connection, viewer: Actor, number: str) -> Complaint:
    """The complaint of this number, or of this work order's (GD21-0125-1), if it exists for the
    viewer. Raises UnknownComplaint.
    """
    return existing(conn, viewer, subject_of(number), number)


def existing(conn: Connection, viewer: Actor, subject: str, number: str | None = None) -> Complaint:
    """The complaint itself, if it exists for the viewer; a refusal names what was asked for.
    Raises UnknownComplaint.
    """
    known = subject.isascii() and subject.isprintable()
    query = _asking(viewer.role, viewer.unit)
    fold = conn.execute(query, {"of": subject}).scalar() if known else None
    if fold is None:
        raise UnknownComplaint(number or subject)
    return load(fold)


@lru_cache(maxsize=256)
def _asking(role: Role, unit: str | None) -> Select[str]:
    """Kept: to build it takes longer than to ask it."""
    of = complaints.c.id == bindparam("of")
    return select(complaints.c.fold).where(of, visible(Actor("", role, unit)))


def subject_of(number: str) -> str:
    """The complaint's number, also from a work order's with or without its round."""
    found = _ORDER.fullmatch(number)
    return f"CP{found[1]}" if found else number
