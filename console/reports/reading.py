"""指标: a period's ratings, complaints and orders, read as they stand now or as they stood then."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from console.reports import facts
from console.reports.past import facts_as_of
from console.reports.periods import Period
from schemas.codes import BAD_LEVELS, Origin
from workflow.formulas import Cohort, ComplaintFact, Counts, OrderFact
from workflow.policy import Policies
from workflow.storage.models import (
    complaint_facts,
    complaints,
    order_facts,
    ratings,
    services,
    tallies,
)

Key = TypeVar("Key", bound=Hashable)
Tally = tuple[str, str, Counts]
"""A unit's code, a month, and what was counted."""

_SERVICE = ("source", "project_no", "service_number")
ITS_SERVICE = and_(*(services.c[name] == complaints.c[name] for name in _SERVICE))
"""Which record is of a complaint's service."""

OF_ITS_SERVICE = and_(*(ratings.c[name] == complaints.c[name] for name in _SERVICE))
"""Which ratings are of a complaint's service: the one that opened it, and later ones."""

ITS_RECORD = and_(*(services.c[name] == ratings.c[name] for name in _SERVICE))
"""Which record is of a rating's service."""


def tallied(conn: Connection, period: Period) -> list[Tally]:
    """What each unit counts to in each month of the period, from the tallies."""
    month = func.substr(tallies.c.day, 1, 7)
    sums = [func.sum(c) for c in (tallies.c.services, tallies.c.ratings, tallies.c.onsite)]
    query = (
        select(tallies.c.unit, month, *sums, func.sum(tallies.c.bad))
        .where(tallies.c.day.between(period.first, period.last))
        .group_by(tallies.c.unit, month)
    )
    return [(unit, when, Counts(*counts)) for unit, when, *counts in conn.execute(query)]


def recounted(conn: Connection, period: Period, as_of: int) -> list[Tally]:
    """The same from the rows received by then; slower, and right for the past."""
    bad = func.sum(case((ratings.c.level.in_(sorted(BAD_LEVELS)), 1), else_=0))
    onsite = func.sum(case((ratings.c.origin == Origin.ONSITE_ACTIVE.value, 1), else_=0))
    found: dict[tuple[str, str], Counts] = {}
    for table, columns in ((services, [func.count()]), (ratings, [func.count(), onsite, bad])):
        month = func.substr(table.c.day, 1, 7).label("month")
        whose = (services.c.unit if table is services else _unit_then(as_of)).label("whose")
        query = (
            select(whose, month, *columns)
            .where(table.c.day.between(period.first, period.last), table.c.received_at <= as_of)
            .group_by(whose, month)
        )
        for unit, when, *counts in conn.execute(query):
            before = found.get((unit, when), Counts())
            new = Counts(counts[0]) if table is services else Counts(before.services, *counts)
            found[unit, when] = new
    return [(unit, when, counts) for (unit, when), counts in found.items()]


def _unit_then(as_of: int) -> ColumnElement[str]:
    """A rating's unit as far as it was known: the record of a service may have come after it."""
    late, come = ratings.c.matched > ratings.c.batch, services.c.received_at <= as_of
    record = select(1).where(ITS_RECORD, come).correlate(ratings).exists()
    return case((and_(late, ~record), ""), else_=func.coalesce(ratings.c.unit, ""))


def valid_bad(conn: Connection, period: Period) -> list[tuple[str, str, int]]:
    """T: each unit's valid complaints in each month of the period."""
    unit = func.coalesce(complaint_facts.c.unit, services.c.unit, "")
    month = func.substr(complaint_facts.c.day, 1, 7)
    query = (
        select(unit, month, func.count())
        .select_from(complaint_facts)
        .outerjoin(
            complaints,
            and_(complaints.c.id == complaint_facts.c.subject, complaint_facts.c.unit.is_(None)),
        )
        .outerjoin(services, ITS_SERVICE)
        .where(
            complaint_facts.c.verdict == "valid",
            complaint_facts.c.day.between(period.first, period.last),
        )
        .group_by(unit, month)
    )
    return [(code, when, count) for code, when, count in conn.execute(query)]


def complaints_of(conn: Connection, period: Period) -> tuple[ComplaintFact, ...]:
    """The period's complaints as they stand, each under the unit that was rated."""
    inside = complaint_facts.c.day.between(period.first, period.last)
    return with_units(conn, facts.complaints(conn, inside), period, None)


def orders_of(conn: Connection, period: Period) -> tuple[OrderFact, ...]:
    """The work orders of the period's complaints."""
    return facts.orders(conn, order_facts.c.day.between(period.first, period.last))


def with_units(
    conn: Connection, found: tuple[ComplaintFact, ...], period: Period, as_of: int | None
) -> tuple[ComplaintFact, ...]:
    """A rating that came before its service record belongs to the unit the record named later:
    once the record has come, by now or by then.
    """
    if all(c.unit is not None for c in found):
        return found
    later = _units_of_services(conn, period, as_of)
    return tuple(c if c.unit else replace(c, unit=later.get(c.subject)) for c in found)


def _units_of_services(conn: Connection, period: Period, as_of: int | None) -> Mapping[str, str]:
    query = (
        select(complaints.c.id, services.c.unit)
        .join(complaint_facts, complaint_facts.c.subject == complaints.c.id)
        .join(services, ITS_SERVICE)
        .where(
            complaint_facts.c.unit.is_(None),
            complaint_facts.c.day.between(period.first, period.last),
            *([] if as_of is None else [services.c.received_at <= as_of]),
        )
    )
    return {row.id: row.unit for row in conn.execute(query)}


def cohort_of(
    conn: Connection,
    policies: Policies,
    period: Period,
    units: Iterable[str],
    now: int,
    as_of: int | None,
) -> Cohort:
    """The period's ratings of these units; as of now from the facts, as of then from the log."""
    return whole_of(conn, policies, period, now, as_of).cohort(units)


@dataclass(frozen=True, slots=True)
class Whole:
    """All that a period's figures are made of, those of every unit and of none."""

    tally: list[Tally]
    complaints: tuple[ComplaintFact, ...]
    orders: tuple[OrderFact, ...]
    as_of: int

    def cohort(self, units: Iterable[str]) -> Cohort:
        """What of it is of these units."""
        codes = frozenset(units)
        mine = tuple(c for c in self.complaints if c.unit in codes)
        subjects = {c.subject for c in mine}
        return Cohort(
            summed(counts for unit, _, counts in self.tally if unit in codes),
            mine,
            tuple(o for o in self.orders if o.subject in subjects),
            self.as_of,
        )


def whole_of(
    conn: Connection, policies: Policies, period: Period, now: int, as_of: int | None
) -> Whole:
    """As of now from the facts, as of then from the log."""
    if as_of is None:
        found, orders = complaints_of(conn, period), orders_of(conn, period)
        return Whole(tallied(conn, period), found, orders, now)
    rows, orders = facts_as_of(conn, policies, period, as_of)
    found = with_units(conn, rows, period, as_of)
    return Whole(recounted(conn, period, as_of), found, orders, as_of)


def pooled(counts: Iterable[tuple[Key, Counts]]) -> dict[Key, Counts]:
    """What belongs together, summed."""
    found: dict[Key, list[Counts]] = {}
    for key, count in counts:
        found.setdefault(key, []).append(count)
    return {key: summed(each) for key, each in found.items()}


def summed(counts: Iterable[Counts]) -> Counts:
    """Pooled, never averaged."""
    found = list(counts)
    return Counts(
        sum(c.services for c in found),
        sum(c.ratings for c in found),
        sum(c.onsite for c in found),
        sum(c.bad for c in found),
    )
