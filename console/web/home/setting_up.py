"""今日待办: what an office has still to do before its first complaint, for those who do it."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import exists, select

from console.wiring import Office
from schemas.envelope import Role
from workflow.storage.models import accounts, ratings, staff
from workflow.units import revision

SHIPPED_LIST: Final = "导入本地的单位名册（现在是随附的淄博市 2021 年名册；就用它，也原样导入一次）"


class ToDo(NamedTuple):
    """A step of setting up: what, whether it is done, and the page or command for it."""

    text: str
    done: bool
    place: str


def left_to_do(office: Office, role: Role) -> tuple[ToDo, ...]:
    """The list for the administrator and IT; nothing for anybody else, nor once all is done."""
    if role not in (Role.ADMINISTRATOR, Role.IT):
        return ()
    with office.database.read() as conn:
        usable = select(accounts.c.roles).where(accounts.c.disabled_at.is_(None))
        names = set(conn.execute(usable.distinct()).scalars())
        there = {
            table.name: bool(conn.execute(select(exists().select_from(table))).scalar())
            for table in (staff, ratings)
        }
        own = revision(conn) > 1  # the first is the one that a new database is given
    held = {word for text in names for word in text.replace(",", " ").split()}
    steps = (
        ToDo("单位名册就位" if own else SHIPPED_LIST, own, "/units"),
        ToDo("各单位联络员的手机号已登记（用来识别自己评自己）", there["staff"], "/units"),
        ToDo("有话务员的账号", Role.OPERATOR in held, "/units"),
        ToDo("有监督员的账号", Role.SUPERVISOR in held, "/units"),
        ToDo("有单位联络员的账号", Role.DEPARTMENT in held, "/units"),
        ToDo("有复核人的账号（单位的申诉只由他裁）", Role.REVIEWER in held, "/units"),
        ToDo("有信息科的账号（导入评价、处理异常件）", Role.IT in held, "/units"),
        ToDo("有审计员的账号（谁看过什么，由他查）", Role.AUDITOR in held, "/units"),
        ToDo("评价数据已有来源", there["ratings"], "/imports"),
    )
    mine = {"/units"} if role is Role.ADMINISTRATOR else {"/imports"}
    shown = tuple(step for step in steps if step.place in mine)
    return shown if not all(step.done for step in shown) else ()
