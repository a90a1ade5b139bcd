"""附件4: how many ratings each unit entered, ranked."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from sqlalchemy import Connection

from console.reports.footing import print_table, table_of
from console.reports.periods import Period
from console.reports.reading import pooled, tallied
from workflow.formulas import Counts
from workflow.units import UnitList

TIER = "部门"
TITLE = "各部门“好差评”录入量统计表（附件4）"
SCOPE = "口径：单位自身的评价，与附件3（镇、街道）不相加；按评价日期；没有评价的单位也列出"
HEADER = ("rank", "department", "ratings_entered")


@dataclass(frozen=True, slots=True)
class Annex4Row:
    """One unit's line; `name` is the annex's own."""

    rank: int
    name: str
    ratings: int
    unit: str


def annex4_rows(
    conn: Connection, units: UnitList, period: Period, tier: str = TIER, area: str | None = None
) -> tuple[Annex4Row, ...]:
    """The units of a tier and area, unless said otherwise the list's own, by their ratings; ties in
    the list's order, ranks sequential.
    """
    counts = pooled((code, count) for code, _, count in tallied(conn, period))
    asked = units.of(tier, area or units.home)
    mine = [(unit, counts.get(unit.code, Counts()).ratings) for unit in asked]
    mine.sort(key=lambda found: -found[1])
    return tuple(
        Annex4Row(rank, unit.printed, ratings, unit.code)
        for rank, (unit, ratings) in enumerate(mine, start=1)
    )


def annex4_csv(rows: Iterable[Annex4Row]) -> str:
    """The circular's own columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows((row.rank, row.name, row.ratings) for row in rows)
    return text.getvalue()


def annex4_json(rows: Iterable[Annex4Row]) -> list[dict[str, Any]]:
    """The same for a machine."""
    return [
        {"rank": r.rank, "department": r.name, "unit": r.unit, "ratings": r.ratings} for r in rows
    ]


def render_annex4(console: Console, rows: Sequence[Annex4Row]) -> None:
    """Rank, unit, ratings; the sum under them."""
    table = table_of("序号", "区县部门", "录入量", left=2)
    for row in rows:
        table.add_row(str(row.rank), row.name, str(row.ratings))
    table.add_section()
    table.add_row("", "合计", str(sum(row.ratings for row in rows)))
    print_table(console, table)
