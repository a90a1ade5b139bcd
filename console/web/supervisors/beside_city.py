"""与市里核对: what the city's table says that each unit did, beside what was taken in here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from console.reports.periods import Period
from console.reports.reading import pooled, tallied
from schemas.text import tidied
from workflow.errors import InvalidInput
from workflow.formulas import Counts
from workflow.unit_list import Unit, UnitList

COUNTED: Mapping[str, str] = {"services": "办件A", "ratings": "评价M", "onsite": "现场主动P"}
"""What is compared, in the order of the table's columns."""

SUMS = frozenset({"合计", "总计", "小计", "全区合计", "全市合计"})
MOST, LONGEST = 2000, 200_000
"""Lines and characters of one table."""


class Pair(NamedTuple):
    """One number here and there; `theirs` None where the table leaves it out."""

    of: str
    ours: int
    theirs: int | None

    @property
    def more(self) -> int:
        """How many more are here; below 0 how many are missing."""
        return 0 if self.theirs is None else self.ours - self.theirs


@dataclass(frozen=True, slots=True)
class Line:
    """One unit's numbers, in the order of `COUNTED`."""

    unit: Unit
    pairs: tuple[Pair, ...]

    @property
    def differs(self) -> bool:
        return any(pair.more for pair in self.pairs)


class Wrong(NamedTuple):
    """A line that could not be compared, by its number from 1, and why."""

    number: int
    said: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compared:
    """Those that differ first; `unnamed`: units with numbers here that the table does not have."""

    lines: tuple[Line, ...]
    wrong: tuple[Wrong, ...]
    unnamed: tuple[Line, ...]

    @property
    def differing(self) -> int:
        return sum(line.differs for line in self.lines)


def compared(
    conn: Connection, units: UnitList, wanted: Sequence[Unit], period: Period, table: str
) -> Compared:
    """Each line of the table with what the same unit counts here in the period. A line is a unit's
    code or name and its numbers A, M and P, apart by tabs or commas; an empty number is not
    compared, a heading and sums are passed over.

    `wanted`: the units that should be in it. Raises InvalidInput for a table that is empty or too
    long.
    """
    ours = pooled((code, counts) for code, _, counts in tallied(conn, period))
    lines: dict[str, Line] = {}
    wrong: list[Wrong] = []
    for number, cells in _rows(table):
        try:
            unit = _unit(units, cells[0], lines)
            lines[unit.code] = _line(unit, ours, [_number(cell) for cell in _three(cells)])
        except InvalidInput as error:
            wrong.append(Wrong(number, " ".join(cells)[:60], error.reason))
    missing = (unit for unit in wanted if unit.code in ours and unit.code not in lines)
    found = sorted(lines.values(), key=lambda line: not line.differs)
    return Compared(tuple(found), tuple(wrong), tuple(_line(u, ours, [None] * 3) for u in missing))


def _rows(table: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that name a unit, by their numbers."""
    lines = table.splitlines()
    if not table.strip():
        raise InvalidInput("table", "", "请粘贴市里的表")
    if len(lines) > MOST or len(table) > LONGEST:
        raise InvalidInput("table", f"{len(lines)} 行", f"最多 {MOST} 行，请分几次核对")
    apart = "\t" if "\t" in table else ","
    for number, line in enumerate(lines, 1):
        cells = [tidied(cell) for cell in line.replace("，", ",").split(apart)]
        if any(cells) and cells[0] not in SUMS and not (number == 1 and _is_heading(cells)):
            yield number, cells


def _is_heading(cells: Sequence[str]) -> bool:
    return not any(character.isdigit() for cell in cells[1:] for character in cell)


def _unit(units: UnitList, said: str, before: Mapping[str, Line]) -> Unit:
    unit = units.resolve(said)
    if unit is None:
        raise InvalidInput("unit", said, "名册里没有这个单位，或几个区县都有；可写单位代码")
    if unit.code in before:
        raise InvalidInput("unit", said, "前面已有这个单位")
    return unit


def _three(cells: Sequence[str]) -> list[str]:
    if len(cells) > len(COUNTED) + 1:
        raise InvalidInput("row", "", "多于四列；依次是单位、办件A、评价M、现场主动P")
    return [*cells[1:], *[""] * (len(COUNTED) + 1 - len(cells))]


def _number(said: str) -> int | None:
    """Raises InvalidInput."""
    plain = said.replace(",", "")
    if not plain:
        return None
    if not plain.isdecimal() or len(plain) > 12:
        raise InvalidInput("row", said, f"“{said[:20]}”不是数")
    return int(plain)


def _line(unit: Unit, ours: Mapping[str, Counts], theirs: Sequence[int | None]) -> Line:
    mine = ours.get(unit.code, Counts())
    numbers = [getattr(mine, name) for name in COUNTED]
    return Line(unit, tuple(map(Pair, COUNTED, numbers, theirs)))
