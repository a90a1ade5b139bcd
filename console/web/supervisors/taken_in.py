"""归集明细: the rows behind a number of 归集监测: services or ratings of one unit, or of one
channel, in one period, and nothing about people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Table

from console.reports.periods import Period
from console.web.supervisors.leaking import WITHOUT_A_UNIT, Paged, paged
from schemas.codes import BAD_LEVELS, Origin
from workflow.storage.models import ratings, services


class Of(StrEnum):
    """What is counted: A, M, P and D."""

    SERVICES = "services"
    RATINGS = "ratings"
    ONSITE = "onsite"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Ask:
    """Of a unit, or of an item of it; or ratings of a channel of a source. Of neither: the ratings
    whose unit nobody knows, of every day.
    """

    of: Of
    period: Period
    unit: str | None = None
    item: str | None = None
    source: str | None = None
    channel: str | None = None

    @property
    def where(self) -> dict[str, str]:
        """What is asked for beside the period, by the columns' names."""
        told = {name: getattr(self, name) for name in ("unit", "item", "source", "channel")}
        return {name: value for name, value in told.items() if value is not None}


_COUNTED: Mapping[Of, Sequence[ColumnElement[bool]]] = {
    Of.ONSITE: [ratings.c.origin == Origin.ONSITE_ACTIVE],
    Of.BAD: [ratings.c.level.in_(sorted(BAD_LEVELS))],
}


def taken_in(conn: Connection, ask: Ask, page: int) -> Paged:
    """A page of them by day; there are as many as the number says that was pressed."""
    table = services if ask.of is Of.SERVICES else ratings
    where = _where(table, ask)
    return paged(conn, table, where, [table.c.day, *table.primary_key], page)


def _where(table: Table, ask: Ask) -> Sequence[ColumnElement[bool]]:
    asked = [table.c[name] == value for name, value in ask.where.items()]
    if not asked:
        return WITHOUT_A_UNIT
    inside = table.c.day.between(ask.period.first, ask.period.last)
    return [inside, *asked, *_COUNTED.get(ask.of, ())]
