"""报表: what a period's reports leave out: ratings whose unit is in no report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from console.reports.periods import Period
from console.reports.reading import Tally, summed, tallied, valid_bad
from workflow.unit_list import UnitList


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Ratings of a period that name no unit, or one that is not in the list, and no service record
    has told it: how many, how many bad, how many valid complaints.
    """

    ratings: int
    bad: int
    valid: int

    @property
    def note(self) -> tuple[str, ...]:
        """The line that says so; none where nothing is left out."""
        if not (self.ratings or self.valid):
            return ()
        return (
            f"未计入：本期单位待定（或不在现行名册）的评价 {self.ratings} 条，"
            f"其中差评 {self.bad} 条，有效差评 {self.valid} 件",
        )


def unplaced(conn: Connection, units: UnitList, period: Period) -> Unplaced:
    """What the reports of a period leave out as of now."""
    valid = ((code, count) for code, _, count in valid_bad(conn, period))
    return unplaced_among(units, tallied(conn, period), valid)


def unplaced_among(
    units: UnitList, tally: Iterable[Tally], valid: Iterable[tuple[str, int]]
) -> Unplaced:
    """The same of what was read before: the tally, and valid complaints by unit."""
    counts = summed(count for code, _, count in tally if code not in units.by_code)
    unknown = sum(count for code, count in valid if code not in units.by_code)
    return Unplaced(counts.ratings, counts.bad, unknown)
