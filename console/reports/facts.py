"""指标: the rows of the facts tables as formulas want them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, Row, select

from workflow.formulas import ComplaintFact, OrderFact
from workflow.storage.models import complaint_facts, order_facts

_COMPLAINT = [complaint_facts.c[f.name] for f in fields(ComplaintFact)]
_ORDER = [
    (complaint_facts if f.name == "real_name" else order_facts).c[f.name] for f in fields(OrderFact)
]
_WHOSE = order_facts.join(complaint_facts, complaint_facts.c.subject == order_facts.c.subject)


def complaints(conn: Connection, *where: ColumnElement[bool]) -> tuple[ComplaintFact, ...]:
    """Complaints that meet the conditions, by number."""
    query = select(*_COMPLAINT).where(*where).order_by(complaint_facts.c.subject)
    return tuple(map(_complaint, conn.execute(query)))


def _complaint(row: Row[Any]) -> ComplaintFact:
    values: tuple[Any, ...] = (*row[:-1], _pairs(row[-1]))
    return ComplaintFact(*values)


def _pairs(told: str | None) -> tuple[tuple[int, int | None], ...]:
    return tuple((due, done) for due, done in from_json(told)) if told else ()


def orders(conn: Connection, *where: ColumnElement[bool]) -> tuple[OrderFact, ...]:
    """Work orders that meet the conditions, by complaint and number."""
    query = select(*_ORDER).select_from(_WHOSE).where(*where)
    query = query.order_by(order_facts.c.subject, order_facts.c.number)
    return tuple(OrderFact(*tuple(row)) for row in conn.execute(query))
