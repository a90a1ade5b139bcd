"""归集信号: what the morning's page of collection would show, in a few numbers for the board."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from console.reports import annex4
from console.web.remembering import Memory, stirred
from console.web.supervisors import collection, leaking
from console.wiring import Office


@dataclass(frozen=True, slots=True)
class Signals:
    """Units without a rating, and with none of late, each with the counter's own rows."""

    zero: int
    silent: tuple[collection.Line, ...]
    refused: int
    lost: int

    @property
    def longest(self) -> int:
        """Working days of the unit that has been silent longest."""
        return max((line.silent or 0 for line in self.silent), default=0)


_MEMORY: Memory[Signals] = Memory()


def signals(office: Office, conn: Connection) -> Signals:
    """Of all areas, in the months that /collect shows unasked: departments without a rating, and
    whoever fell silent.
    """
    moved = stirred(conn, office.clock())
    return _MEMORY.recall(office.database, conn, "signals", moved, lambda own: _read(office, own))


def _read(office: Office, conn: Connection) -> Signals:
    calendar, today = collection.today_of(office)
    units, now = office.units, office.clock()
    ask = collection.Ask(collection.recent(today), tier="", area="")
    lines = collection.lines(conn, units, calendar, ask, today)
    departments = [line for line in lines if line.unit.tier == annex4.TIER]
    return Signals(
        len(collection.shown(departments, "zero")),
        collection.shown(lines, "silent"),
        sum(one.count for one in leaking.refusals(conn, now)),
        leaking.without_a_unit(conn),
    )
