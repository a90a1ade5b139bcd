"""办件: what is known of the rating and of the service it is about, and what is not, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from console import wording
from schemas import ReviewCollected
from schemas.codes import Channel, PromiseUnit, ServiceKind
from workflow.calendar import Calendar, Limit, Unit, due
from workflow.clock import DAY, instant, micros
from workflow.complaint import Complaint
from workflow.errors import InvalidInput
from workflow.storage.collected import of_service
from workflow.storage.models import ratings, services

NO_RECORD = "（没有收到这次服务的办件记录）"
NOT_SAID = "（办件记录里没有写）"


class Served(NamedTuple):
    """A service record: its times (microseconds UTC), and what it says of unit, item, window and
    promise, as far as that was sent.
    """

    received_at: int
    unit: str
    day: str
    item: str | None
    window: str | None
    served_at: int
    kind: str | None
    promised: int | None
    promised_in: str | None
    accepted_at: int | None
    done_at: int | None


_MEASURED: dict[str, str] = {
    PromiseUnit.DAYS: "天",
    PromiseUnit.WORKING_DAYS: "个工作日",
    PromiseUnit.MONTHS: "个月",
    PromiseUnit.YEARS: "年",
}
_COUNTED: dict[str, Unit] = {
    PromiseUnit.DAYS: "natural days",
    PromiseUnit.WORKING_DAYS: "working days",
}
"""The units whose end can be told: where a month ends, laws and platforms do not agree."""


def taken_in(
    conn: Connection, fact: ReviewCollected, found: Served | None, zone: ZoneInfo
) -> Iterator[tuple[str, str]]:
    """How the rating came, when the service was given, and what nobody here knows of it."""
    place = _place(fact) | {"of_assess": fact.assess_number}
    channel = conn.execute(_CHANNEL, place).scalar()
    yield "评价渠道", Channel(channel).label if channel else "（没有记录）"
    yield "评价来源", wording.value_text("origin", fact.origin, zone)
    yield "服务时间", wording.when(found.served_at, zone) if found else NO_RECORD
    if found:
        yield "承诺办结", " · ".join(_course(found, zone)) or NOT_SAID


def served(conn: Connection, fact: ReviewCollected, known_at: int | None = None) -> Served | None:
    """The record of the service that was rated, if it has come; by `known_at`, where that is
    given.
    """
    row = conn.execute(_SERVED, _place(fact)).one_or_none()
    if row is None or (known_at is not None and row.received_at > known_at):
        return None
    return Served(*row)


class Named(NamedTuple):
    """What was rated, as far as anybody said."""

    item: str | None
    window: str | None


def named(fact: ReviewCollected, found: Served | None) -> Named:
    """As the rating names it; what it leaves out, as the service's record does."""
    if found is None:
        return Named(fact.item, fact.window)
    return Named(fact.item or found.item, fact.window or found.window)


def service_told(c: Complaint, *, agreed: bool) -> str:
    """What a unit is told of the service's number."""
    return f"{c.project_no} 第{c.service_number}次服务" if agreed else "群众未同意透露"


def later_than_promised(found: Served | None, calendar: Calendar) -> str:
    """That the service was done after the last day promised, where that is beyond doubt; else
    empty. It is reckoned in the citizen's disfavour: from the next day on, to the last one's
    midnight, past days off.
    """
    if found is None or not found.promised or found.accepted_at is None or found.done_at is None:
        return ""
    unit = _COUNTED.get(found.promised_in or "")
    if unit is None or found.done_at - found.accepted_at <= found.promised * DAY:
        return ""
    try:
        limit = Limit(found.promised, unit)
        ends = due(calendar, instant(found.accepted_at), limit, end="day_end", roll=True)
    except InvalidInput:  # longer than any limit is reckoned
        return ""
    if ends.provisional or found.done_at < micros(ends.due_at):
        return ""
    last, done = ends.days[-1].date, calendar.local_date(found.done_at)
    return (
        f"办结晚于承诺：{_promise(found)}，到 {last} 为止，{done} 办结"
        "（补正等依法不计的时间，这里没有记录）"
    )


def _course(found: Served, zone: ZoneInfo) -> Iterator[str]:
    if found.kind:
        yield ServiceKind(found.kind).label if found.kind != ServiceKind.OTHER else "其他类办件"
    if found.promised:
        yield _promise(found)
    for word, at in (("受理", found.accepted_at), ("办结", found.done_at)):
        if at is not None:
            yield f"{word} {_date(at, found.served_at, zone)}"


def _promise(found: Served) -> str:
    return f"承诺 {found.promised} {_MEASURED.get(found.promised_in or '', '')}"


def _date(at: int, beside: int, zone: ZoneInfo) -> str:
    """10-20; with its year, where that is another than the service's."""
    day = wording.local(at, zone)
    same = day.year == wording.local(beside, zone).year
    return f"{day:%m-%d}" if same else f"{day:%Y-%m-%d}"


def _place(fact: ReviewCollected) -> dict[str, str]:
    return {
        "of_source": fact.source,
        "of_project": fact.project_no,
        "of_service": fact.service_number,
    }


_CHANNEL = select(ratings.c.channel).where(
    *of_service(ratings), ratings.c.assess_number == bindparam("of_assess")
)
_SERVED = select(*(services.c[name] for name in Served._fields)).where(*of_service(services))
