"""附件3: townships by district and month: A, M, P, P/M, D, T."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.console import Console
from sqlalchemy import Connection

from console.reports.footing import print_table, table_of
from console.reports.periods import months_between
from console.reports.reading import pooled, tallied, valid_bad
from workflow.formulas import Counts, Rate
from workflow.units import UnitList

TIER = "镇办"
TITLE = "各区县镇（街道）政务服务“好差评”评价数据归集统计（附件3）"
SCOPE = "口径：镇（街道），不含区直部门，与附件4不相加；办件按办理日期，其余按评价日期"
HEADER = (
    "district",
    "month",
    "services_A",
    "ratings_M",
    "onsite_active_P",
    "printed_P_over_M_percent",
    "bad_D",
    "valid_bad_T",
)
_COLUMNS = ("办件总数A", "评价总数M", "现场主动P", "P/M", "差评D", "有效差评T")
_LEAST = 5
_MONTH_WIDTH, _NAME_WIDTH = 58, 6


@dataclass(frozen=True, slots=True)
class Annex3Row:
    """One cell of the annex: a district in a month."""

    district: str
    month: str
    services: int
    ratings: int
    onsite: int
    bad: int
    valid: int

    @property
    def onsite_rate(self) -> Rate:
        """P/M."""
        return Rate(self.onsite, self.ratings)

    @property
    def printed(self) -> str:
        """The percentage as the annex prints it."""
        return self.onsite_rate.whole()


def annex3_rows(conn: Connection, units: UnitList, frm: str, to: str) -> tuple[Annex3Row, ...]:
    """Every district of the list × every month (`YYYY-MM`, both included), those with nothing too.

    InvalidInput for a month that is none.
    """
    period = months_between(frm, to)
    area_of = {unit.code: unit.area for unit in units.of(TIER)}
    counts = pooled(
        ((area_of[code], month), count)
        for code, month, count in tallied(conn, period)
        if code in area_of
    )
    valid: Counter[tuple[str, str]] = Counter()
    for code, month, bad in valid_bad(conn, period):
        if code in area_of:
            valid[area_of[code], month] += bad
    cells = [(area, month) for area in units.areas(TIER) for month in period.months]
    return tuple(_row(cell, counts.get(cell, Counts()), valid[cell]) for cell in cells)


def _row(cell: tuple[str, str], counts: Counts, valid: int) -> Annex3Row:
    return Annex3Row(*cell, counts.services, counts.ratings, counts.onsite, counts.bad, valid)


def annex3_findings(rows: Iterable[Annex3Row]) -> tuple[str, ...]:
    """Cells where not P ≤ M ≤ A, or not T ≤ D; said, never altered."""
    return tuple(
        f"{row.district} {row.month}：{wrong}" for row in rows for wrong in _disorders(row)
    )


def _disorders(row: Annex3Row) -> Iterator[str]:
    for small, name, large, than in (
        (row.onsite, "现场主动评价数P", row.ratings, "评价总数M"),
        (row.ratings, "评价总数M", row.services, "办件总数A"),
        (row.valid, "有效差评T", row.bad, "差评D"),
    ):
        if small > large:
            yield f"{name} {small} 大于{than} {large}"


def annex3_csv(rows: Iterable[Annex3Row]) -> str:
    """The circular's own columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for r in rows:
        writer.writerow(
            (r.district, r.month, r.services, r.ratings, r.onsite, r.printed, r.bad, r.valid)
        )
    return text.getvalue()


def annex3_json(rows: Iterable[Annex3Row]) -> list[dict[str, Any]]:
    """The same for a machine, with numerator and denominator."""
    return [
        {
            "district": r.district,
            "month": r.month,
            "A": r.services,
            "M": r.ratings,
            "P": r.onsite,
            "onsite_rate": {"n": r.onsite, "d": r.ratings, "printed": f"{r.printed}%"},
            "D": r.bad,
            "T": r.valid,
        }
        for r in rows
    ]


def render_annex3(console: Console, rows: Sequence[Annex3Row], narrow: bool) -> None:
    """All months side by side, or one month under another where the terminal is narrow."""
    by_month = {
        month: {row.district: row for row in group}
        for month, group in groupby(sorted(rows, key=lambda r: r.month), key=lambda r: r.month)
    }
    districts = tuple(dict.fromkeys(row.district for row in rows))
    if narrow:
        for month, found in by_month.items():
            _render(console, month, districts, {month: found})
    else:
        _render(console, "", districts, by_month)


def print_annex3(console: Console, rows: Sequence[Annex3Row]) -> None:
    """As wide as this terminal allows."""
    needed = _NAME_WIDTH + _MONTH_WIDTH * len({row.month for row in rows})
    render_annex3(console, rows, narrow=console.width < needed)


def _render(
    console: Console,
    title: str,
    districts: Sequence[str],
    by_month: Mapping[str, Mapping[str, Annex3Row]],
) -> None:
    table = table_of("区县")
    for month in by_month:
        for name in _COLUMNS:
            head = name if title else f"{int(month[5:])}月\n{name}"
            table.add_column(head, justify="right", no_wrap=True, min_width=_LEAST)
    for district in districts:
        table.add_row(
            district, *(c for found in by_month.values() for c in _cells(found[district]))
        )
    if title:
        console.print(f"\n{title}")
    print_table(console, table)


def _cells(row: Annex3Row) -> tuple[str, ...]:
    numbers = (row.services, row.ratings, row.onsite)
    return (*map(str, numbers), f"{row.printed}%", str(row.bad), str(row.valid))
