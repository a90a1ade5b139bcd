"""报表: what stands under every report: whose data, as of when, the heads of the chains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.box import Box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy import Connection, select

from workflow.audit import heads
from workflow.bus.parking import listed
from workflow.clock import instant
from workflow.storage.models import progress, sequences

METRICS = "metrics"
SYNTHETIC = "合成数据：办件与评价由程序生成，不是真实记录"
SYNTHETIC_MARK = "synthetic"
"""The row of `sequences` that marks a database of synthetic data."""

PLAIN = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
"""Rules of hyphens: line-drawing characters are two columns wide in some Chinese terminals."""


@dataclass(frozen=True, slots=True)
class Footing:
    """`behind`: events the figures have not taken in, or that are parked. Instants in microseconds
    UTC.
    """

    synthetic: bool
    as_of: int
    zone: ZoneInfo
    heads: tuple[tuple[int, int, str], ...]
    behind: int

    @property
    def as_of_local(self) -> datetime:
        """The office's wall clock, with its offset."""
        return instant(self.as_of).astimezone(self.zone)

    def as_json(self) -> dict[str, Any]:
        """The same for a machine."""
        return {
            "synthetic": self.synthetic,
            "as_of": self.as_of_local.isoformat(),
            "events_behind": self.behind,
            "chain_heads": [
                {"lane": lane, "position": position, "hash": digest}
                for lane, position, digest in self.heads
            ],
        }


def footing_of(conn: Connection, zone: ZoneInfo, as_of: int) -> Footing:
    """What the reader of a figure must know about the database it was read from."""
    marked = select(sequences.c.value).where(sequences.c.name == SYNTHETIC_MARK)
    reached = select(progress.c.lane, progress.c.pos).where(progress.c.consumer == METRICS)
    stood = {row.lane: row.pos for row in conn.execute(reached)}
    found = tuple(heads(conn))
    waiting = len(listed(conn, METRICS))
    return Footing(
        synthetic=bool(conn.execute(marked).scalar()),
        as_of=as_of,
        zone=zone,
        heads=found,
        behind=sum(position - stood.get(lane, 0) for lane, position, _ in found) + waiting,
    )


def render_footing(console: Console, footing: Footing, *notes: str) -> None:
    """Notes first, then as of when, and the heads of the chains."""
    for note in notes:
        console.print(note, soft_wrap=True)
    if footing.behind:
        console.print(f"注意：还有 {footing.behind} 条事件没有计入；运行 bihuan run 后再看，")
        console.print("仍没有计入的见 bihuan parked list")
    console.print(f"统计时刻：{footing.as_of_local.isoformat(' ', 'seconds')}")
    shown = " ".join(f"{lane}:{position}/{digest}" for lane, position, digest in footing.heads)
    console.print(f"事件链头（道:位置/哈希）：{shown}", soft_wrap=True)


def render_heading(console: Console, title: str, footing: Footing) -> None:
    """The report's title, and whether its data are synthetic."""
    console.print(title)
    if footing.synthetic:
        console.print(f"【{SYNTHETIC}】")


def table_of(*columns: str, left: int = 1) -> Table:
    """A table whose first `left` columns are words and whose others are numbers."""
    table = Table(box=PLAIN, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for place, name in enumerate(columns):
        justify = "left" if place < left else "right"
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


def print_table(console: Console, table: Table) -> None:
    """The table, or one value a line where the terminal is too narrow for it: nothing is lost."""
    if _needed(table) <= console.width:
        for column in table.columns:
            column.overflow = "fold"
        console.print(table)
        return
    names = [str(column.header) for column in table.columns]
    for row in zip(*(column.cells for column in table.columns), strict=True):
        first, *rest = map(str, row)
        console.print(first or names[0], soft_wrap=True)
        for name, value in zip(names[1:], rest, strict=True):
            if value:
                console.print(f"  {name} {value}", soft_wrap=True)


def _needed(table: Table) -> int:
    """Columns without which a table is cut; two are between its own. What may be wrapped wants no
    more than its heading.
    """
    widths = (max(_width(cell) for cell in _never_cut(column)) for column in table.columns)
    least = (column.min_width or 0 for column in table.columns)
    return sum(map(max, widths, least)) + 2 * (len(table.columns) - 1)


def _never_cut(column: Column) -> Iterator[str]:
    yield str(column.header)
    if column.no_wrap:
        yield from map(str, column.cells)


def _width(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))
