"""演示：identity cards: who can be entered by one click, for the demo's desk alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import case, func, select

from console.accounts.register import insert_person, person
from console.accounts.sessions import open_session
from console.wiring import Office
from schemas.envelope import Role
from workflow.loop import BEFORE_FEEDBACK
from workflow.storage.models import accounts, complaints


class Card(NamedTuple):
    """Somebody to be, what he does here, and the page he begins on."""

    account: str
    name: str
    role: Role
    unit: str | None
    does: str


_STAFF = (
    ("话务员甲", Role.OPERATOR, "核实、派单、审核反馈、回访"),
    ("话务员丁", Role.OPERATOR, "另一位话务员：恶意复核须换人"),
    ("复核人己", Role.REVIEWER, "复核单位的申诉"),
    ("监督员丙", Role.SUPERVISOR, "看超期，裁决，督办"),
    ("信息科庚", Role.IT, "异常件、导入、接入"),
    ("审计员辛", Role.AUDITOR, "谁看过什么"),
    ("管理员壬", Role.ADMINISTRATOR, "单位与人员；看不到差评件"),
)
_HANDLER, _CLERK = "联络员乙", "数据员戊"


def cards(office: Office) -> tuple[Card, ...]:
    """The office's staff, a handler for each unit with an open order, whose work presses most goes
    first, and a clerk.
    """
    staff = tuple(Card(name, name, role, None, does) for name, role, does in _STAFF)
    return staff + tuple(_of_units(office))


def _of_units(office: Office) -> Iterator[Card]:
    open_ = complaints.c.ended_at.is_(None)
    with office.database.read() as conn:
        due = func.min(case((complaints.c.state.in_(BEFORE_FEEDBACK), complaints.c.due_at)))
        held = select(complaints.c.unit).where(open_, complaints.c.unit.is_not(None))
        pressing = (due.asc().nulls_last(), complaints.c.unit)
        holders = conn.execute(held.group_by(complaints.c.unit).order_by(*pressing)).scalars().all()
        handled = select(complaints.c.handled_by).where(open_, complaints.c.handled_by.is_not(None))
        names = office.units.names
        first = conn.execute(handled.order_by(complaints.c.id)).scalar()
    for code in holders:
        name = names.get(code, code)
        account = f"{_HANDLER}-{code}"
        yield Card(account, _HANDLER, Role.DEPARTMENT, code, f"{name}：签收、整改、反馈")
    if first is not None:
        name = names.get(first, first)
        yield Card(f"{_CLERK}-{first}", _CLERK, Role.CLERK, first, f"{name}：补联系方式")


def make_accounts(office: Office, made: tuple[Card, ...]) -> None:
    """An account for each card that has none; none of them has a password."""
    with office.database.write() as conn:
        there = set(conn.execute(select(accounts.c.account)).scalars())
        for card in made:
            new = person(office, card.account, card.name, [card.role], card.unit)
            if new.account not in there:
                insert_person(conn, new, "演示", office.wall())


def enter(office: Office, card: Card) -> str:
    """The secret of a session as this card's person."""
    with office.database.write() as conn:
        key = person(office, card.account, card.name, [card.role], card.unit).account
        return open_session(conn, key, card.role, office.wall())
