"""第三幕：归集: what the intake answered: new, repeats, conflicts, refused with the reason."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, func, select

from console.cli_help import wrapped
from console.demo.build import Taken
from console.demo.stage import Stage
from console.reports.footing import table_of
from console.wording import padded
from workflow.clock import DAY
from workflow.storage.models import conflicts, ratings, refused, services

TITLE: Final = "归集：五个月的办件和评价"
_WIDEST, _LEFT = 100, 40
"""Columns of the whole table of refusals, and of what stands left of its reasons."""

_FIELDS: Final = {
    "serviceTime": "办理时间",
    "assessTime": "评价时间",
    "promiseTime": "办件类型",
    "proDepart": "办理单位",
    "satisfaction": "满意度",
    "pf": "评价渠道",
    "evalDetail": "评价原因",
}


def collecting(stage: Stage, conn: Connection, taken: Taken) -> None:
    """The answers, added up; each kind of refusal with one of its rows."""
    stage.say("每一行都有答复，一批（至多 1,000 行）一个事务，答复之时已经落盘：")
    stage.say()
    for name, number, meaning in (
        ("新收", taken.rows, f"办件 {taken.services:,}，评价 {taken.ratings:,}"),
        ("重复", taken.repeats, "一字不差又送一次：答“已收过”，不重记"),
        ("冲突", taken.conflicts, "同一次评价又送来不同的内容：先到的不动，后到的存在旁边备查"),
        ("拒收", taken.refused, "写明哪一栏、什么值、为什么，改正后再送就收"),
    ):
        stage.line("  ", (padded(name, 6), "bold"), (f"{number:>9,}", "bold"), f"  {meaning}")
        stage.pause(0.8)
    stage.line(
        "  ",
        padded("迟到", 6),
        f"{_late(conn):>9,}",
        "  新收的行里，隔天以后才送到的；照收，记收到时间",
    )
    stage.say()
    _show_refused(stage, conn)
    stage.say()
    held = conn.execute(select(func.count()).select_from(conflicts)).scalar_one()
    stage.say(
        f"好评到此为止，只进计数；每件差评当场开一件：{taken.complaints} 件。"
        f"拒收的、冲突的（{held} 行）都留在库里，一行不丢。",
        pause=2.0,
    )


def _late(conn: Connection) -> int:
    given = ((services, services.c.served_at), (ratings, ratings.c.assessed_at))
    return sum(
        conn.execute(
            select(func.count()).select_from(table).where(table.c.received_at > at + DAY)
        ).scalar_one()
        for table, at in given
    )


def _show_refused(stage: Stage, conn: Connection) -> None:
    table = table_of("拒收", "栏", "例如", "理由", left=4)
    table.columns[0].justify = "right"
    for row in _kinds(conn):
        label, most = _FIELDS.get(row.field, row.field), min(stage.console.width, _WIDEST) - _LEFT
        reason = "\n".join(wrapped(row.reason, most))
        table.add_row(f"{row.number:,}", label, row.value or "（空）", reason)
    stage.console.print(table)
    stage.pause(2.0)


def _kinds(conn: Connection) -> list[Row[Any]]:
    number = func.count().label("number")
    query = (
        select(refused.c.field, refused.c.reason, func.min(refused.c.value).label("value"), number)
        .group_by(refused.c.field, refused.c.reason)
        .order_by(number.desc(), refused.c.field)
    )
    return list(conn.execute(query))
