"""可识别度: what a complaint's unit is shown of time and window, counted among its services as they
were known when the order was sent.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, bindparam, func, select

from console import wording
from console.reports.periods import quarter_of
from console.service import named, served
from schemas import ReviewCollected
from workflow.clock import instant
from workflow.complaint import Complaint
from workflow.recognition import Shown, shown
from workflow.storage.models import services


def to_unit(
    conn: Connection, c: Complaint, rating: ReviewCollected, zone: ZoneInfo, k: int, known_at: int
) -> tuple[Shown, date]:
    """What is shown, and the day it is about: the service's, else that of the rating. `known_at`:
    services received later do not count, the one rated neither, so that what is shown never grows
    finer.
    """
    found = served(conn, rating, known_at)
    item, its_window = named(rating, found)
    unit = found.unit if found is not None else c.handled_by or c.unit
    rated = instant(rating.assessed_at).astimezone(zone).date()
    day = rated if found is None else date.fromisoformat(found.day)

    def count(first: date, last: date, window: str | None) -> int:
        days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
        same = {name: v for name, v in (("item", item), ("window", window)) if v is not None}
        asked = {"days": days, "of_unit": unit, "known_at": known_at, **same}
        return int(conn.execute(_matching(*same), asked).scalar_one())

    return shown(day, its_window, count, k), day


@cache
def _matching(*named: str) -> Select[int]:
    """How many of a unit's services of these days match in what is named."""
    query = select(func.count()).where(
        services.c.day.in_(bindparam("days", expanding=True)),
        services.c.unit == bindparam("of_unit"),
        services.c.received_at <= bindparam("known_at"),
    )
    return query.where(*(services.c[name] == bindparam(name) for name in named))


def in_words(found: Shown, day: date) -> str:
    """The time as the unit reads it."""
    if found.span is None:
        return "不显示"
    if found.span == "quarter":
        return f"{quarter_of(day).title}（已模糊）"
    when = wording.week_of(day) if found.span == "week" else f"{day.month}月"
    return f"{when}（已模糊）"


def for_the_office(found: Shown, day: date, k: int) -> str:
    """The same for the operator, with how many services match."""
    if found.span is None:
        return f"不显示时间和窗口：该季同事项办件只有 {found.matches} 件，不足 {k} 件"
    window = f"、{found.window}" if found.window else ""
    return f"{in_words(found, day)}{window}，相符办件 {found.matches} 件（至少 {k} 件）"
