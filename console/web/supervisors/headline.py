"""指标一行: the few figures a supervisor looks at every morning, the reports' own."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from console.counting import counted
from console.reports import annex4
from console.reports.footing import footing_of
from console.reports.indicators import Figure, Question, indicators
from console.reports.periods import Period, parse_period, quarter_of, shifted
from console.web.remembering import Memory, stirred
from console.wiring import Office
from workflow.clock import instant

SHOWN = ("verify", "rectify", "callback", "satisfied_first")
SHORT = {
    "verify": "按时核实",
    "rectify": "按期整改",
    "callback": "按时回访",
    "satisfied_first": "满意 首轮",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """A period's figures as of an instant (microseconds UTC); `behind`: events not yet counted."""

    period: Period
    scope: str
    as_of: int
    behind: int
    figures: tuple[tuple[str, Figure], ...]

    @property
    def quarters(self) -> tuple[Period, ...]:
        """This one and the four before it, the latest first."""
        return tuple(parse_period(shifted(self.period, -back)) for back in range(5))


_MEMORY: Memory[Headline] = Memory()


def headline(office: Office, conn: Connection) -> Headline:
    """This quarter's, of the departments, as `bihuan report indicators` has them."""
    now = office.clock()
    period = quarter_at(office, now)
    return _MEMORY.recall(
        office.database,
        conn,
        period.label,
        stirred(conn, now),
        lambda own: counted(office, own, _read, period, now),
    )


def quarter_at(office: Office, at: int) -> Period:
    """The quarter of this instant, in the office's zone."""
    return quarter_of(instant(at).astimezone(office.rulebook.in_force(at).zone))


def _read(office: Office, conn: Connection, period: Period, now: int) -> Headline:
    units = office.units
    footing = footing_of(conn, office.rulebook.in_force(now).zone, now)
    ask = Question(period, annex4.TIER, units.home, now, synthetic=footing.synthetic)
    found = indicators(conn, units, office.rulebook.policies, ask)
    figures = tuple((SHORT[name], found.figure(name)) for name in SHOWN)
    return Headline(period, f"{units.home}{annex4.TIER}", now, footing.behind, figures)
