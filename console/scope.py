"""视野: the one rule of which complaints exist for a viewer, as a condition on their rows."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_, true

from schemas.envelope import Role
from workflow.ledger import Actor
from workflow.storage.models import complaints

WHOLE = frozenset({Role.OPERATOR, Role.REVIEWER, Role.SUPERVISOR, Role.AUDITOR})
"""Who sees every complaint of the office; a unit sees its own orders, anybody else none."""


def visible(viewer: Actor) -> ColumnElement[bool]:
    """The complaints that exist for this viewer; every list, search, page, stream and export asks
    this and nothing else.
    """
    if viewer.role in WHOLE:
        return true()
    if viewer.role is Role.DEPARTMENT and viewer.unit:
        return or_(complaints.c.unit == viewer.unit, assisted_by(viewer.unit))
    return false()


def assisted_by(unit: str) -> ColumnElement[bool]:
    """The complaints this unit assists in; the first half finds the few that are assisted at
    all by their index.
    """
    assisting = complaints.c.assisting
    return and_(assisting >= ",", assisting.contains(f",{unit},", autoescape=True))
