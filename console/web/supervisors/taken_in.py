"""归集明细: the rows behind a number of 归集监测: services or ratings of one unit in one period,
and nothing about people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table

from console.reports.periods import Period
from console.web.supervisors.leaking import WITHOUT_A_UNIT, paged
from schemas.codes import Origin
from workflow.storage.models import ratings, services


class Of(StrEnum):
    """What is counted: A, M and P."""

    SERVICES = "services"
    RATINGS = "ratings"
    ONSITE = "onsite"


@dataclass(frozen=True, slots=True)
class Ask:
    """`unit` None: the ratings whose unit nobody knows, of every day."""

    of: Of
    unit: str | None
    period: Period


def taken_in(conn: Connection, ask: Ask, page: int) -> tuple[int, list[Row[Any]]]:
    """How many there are, which is the number that was pressed, and a page of them by day."""
    table = services if ask.of is Of.SERVICES else ratings
    where = _where(table, ask)
    return paged(conn, table, where, [table.c.day, *table.primary_key], page)


def _where(table: Table, ask: Ask) -> Sequence[ColumnElement[bool]]:
    if ask.unit is None:
        return WITHOUT_A_UNIT
    inside = [table.c.day.between(ask.period.first, ask.period.last), table.c.unit == ask.unit]
    return [*inside, *([table.c.origin == Origin.ONSITE_ACTIVE] if ask.of is Of.ONSITE else [])]
