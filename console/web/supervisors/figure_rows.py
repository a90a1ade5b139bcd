"""指标明细: what each complaint, and each of its orders, adds to a published rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from sqlalchemy import Connection, func, select

from console.counting import counted
from console.reports.beside import beside
from console.reports.reading import OF_ITS_SERVICE
from console.web.remembering import Memory, stirred
from console.web.supervisors.figures import Ask, counted_in
from console.wiring import Office
from schemas.codes import BAD_LEVELS
from workflow.complaint import order_number
from workflow.formulas import Cohort, ComplaintFact, Counts, Formula, OrderFact, Rate
from workflow.storage.models import complaints, ratings

OF_ORDERS = ("acknowledge", "callback", "rectify")
"""Formulas that count orders."""

OF_COUNTS = ("evaluation", "onsite", "good_all", "good_valid")
"""Formulas of ratings: their rows are the units' counts."""

OF_BAD = "invalid_share"
"""The formula whose denominator is bad ratings."""

Alone = tuple[str, str, str, Cohort]
"""A complaint, its order if it is one's, the unit's code, and what of the cohort is theirs."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one complaint, or one order of it, adds to a rate; nothing to one it stands beside."""

    subject: str
    order: str
    unit: str
    rate: Rate

    @property
    def met(self) -> int:
        """0 where all of it was, below 0 by as many as were not."""
        return self.rate.numerator - self.rate.denominator


_ROWS: Memory[tuple[Row, ...]] = Memory(most=4)  # a quarter's may be tens of thousands


def rows(
    office: Office, conn: Connection, ask: Ask, formula: Formula, name: str | None = None
) -> tuple[Row, ...]:
    """Every complaint or order that counts in this rate, the failed ones first; none for rates of
    ratings. Their numerators and denominators add up to the rate's. With a `name`, those of the
    count of that name beside it; none for a name that no count has.
    """
    now = office.clock()

    def read(own: Connection) -> tuple[Row, ...]:
        if name is None:
            return counted(office, own, _rows, ask, formula, now)
        return counted(office, own, _rows_beside, ask, formula, name, now)

    return _ROWS.recall(office.database, conn, (ask, formula.id, name), stirred(conn, now), read)


def _rows(
    office: Office, conn: Connection, ask: Ask, formula: Formula, now: int
) -> tuple[Row, ...]:
    if formula.id in OF_COUNTS:
        return ()
    cohort = counted_in(office, conn, ask, now)
    names = office.units.printed
    of_bad = formula.id == OF_BAD
    parts = _rated_bad(office, conn, ask, cohort) if of_bad else _alone(formula, cohort)
    counted = (
        Row(subject, order, names.get(unit, unit), rate)
        for subject, order, unit, alone in parts
        if (rate := formula.measure(alone)).denominator or rate.numerator
    )
    return tuple(sorted(counted, key=lambda row: (row.met, row.subject, row.order)))


def _rows_beside(
    office: Office, conn: Connection, ask: Ask, formula: Formula, name: str, now: int
) -> tuple[Row, ...]:
    found = beside(formula.id, counted_in(office, conn, ask, now)).get(name, ())
    return tuple(_row_beside(one, office.units.printed) for one in found)


def _row_beside(one: ComplaintFact | OrderFact, names: Mapping[str, str]) -> Row:
    order = order_number(one.subject, one.number) if isinstance(one, OrderFact) else ""
    unit = one.unit or ""
    return Row(one.subject, order, names.get(unit, unit), Rate(0, 0))


def _rated_bad(office: Office, conn: Connection, ask: Ask, cohort: Cohort) -> Iterator[Alone]:
    """Each complaint with as many bad ratings as came in the period, be it an earlier one's: a
    service may be rated badly again. Its verdict is the period's that it was opened in.
    """
    query = (
        select(complaints.c.id, ratings.c.unit, func.count())
        .join(ratings, OF_ITS_SERVICE)
        .where(
            ratings.c.level.in_(sorted(BAD_LEVELS)),
            ratings.c.day.between(ask.period.first, ask.period.last),
        )
        .group_by(complaints.c.id, ratings.c.unit)
    )
    codes = ask.codes(office.units)
    judged = {c.subject: c for c in cohort.complaints}
    for subject, unit, count in conn.execute(query):
        if unit in codes:
            own = judged.pop(subject, None)
            counts = Counts(bad=count)
            yield subject, "", unit, Cohort(counts, (own,) if own else (), (), cohort.as_of)


def _alone(formula: Formula, cohort: Cohort) -> Iterator[Alone]:
    """Each order, or each complaint with its orders, as a cohort of its own."""
    if formula.id in OF_ORDERS:
        for o in cohort.orders:
            number = order_number(o.subject, o.number)
            yield o.subject, number, o.unit, Cohort(Counts(), (), (o,), cohort.as_of)
        return
    for subject, alone in cohort.parted(attrgetter("subject")).items():
        yield subject, "", alone.complaints[0].unit or "", alone
