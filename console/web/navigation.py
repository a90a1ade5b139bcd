"""网页: which pages there are, for whom, and in which order they stand at the head."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

from fastapi import Query

from console.web.access import PEOPLE, Allowed
from schemas.envelope import Role

OPERATOR, REVIEWER, SUPERVISOR = Role.OPERATOR, Role.REVIEWER, Role.SUPERVISOR
UNIT, CLERK, AUDITOR = Role.DEPARTMENT, Role.CLERK, Role.AUDITOR

HOME: Final = Allowed("今日待办", *PEOPLE)
HOTLINE: Final = Allowed("核实回访", OPERATOR)
COMPLAINT: Final = Allowed("差评件", OPERATOR, REVIEWER, SUPERVISOR, AUDITOR)
CODE: Final = Allowed("查询码", OPERATOR)
ORDERS: Final = Allowed("我的工单", UNIT)
CONTACTS: Final = Allowed("补联系方式", CLERK)
WATCH: Final = Allowed("超期监督", SUPERVISOR)
DECISIONS: Final = Allowed("待我裁决", SUPERVISOR, REVIEWER)
URGE: Final = Allowed("催报", SUPERVISOR)
COLLECT: Final = Allowed("归集监测", SUPERVISOR, Role.IT)
TAKEN_IN: Final = Allowed("归集明细", SUPERVISOR)
FIGURES: Final = Allowed("指标", SUPERVISOR, UNIT)
FIGURE_ROWS: Final = Allowed("指标明细", SUPERVISOR)
IMPORTS: Final = Allowed("导入", Role.IT, CLERK)
IMPORTED: Final = Allowed("以前的导入", Role.IT)
RULES: Final = Allowed("规则与日历", SUPERVISOR, Role.ADMINISTRATOR)
UNITS: Final = Allowed("单位与人员", Role.ADMINISTRATOR)
CONNECT: Final = Allowed("接入与消息", Role.IT)
OPS: Final = Allowed("异常件与留痕", SUPERVISOR, Role.IT, AUDITOR)
MEND: Final = Allowed("重试、放弃异常件", SUPERVISOR, Role.IT)
TRACES: Final = Allowed("导出留痕", AUDITOR)
SEARCH: Final = Allowed("查找", OPERATOR, REVIEWER, SUPERVISOR, AUDITOR, UNIT)
LIVE: Final = Allowed("实时", OPERATOR, REVIEWER, SUPERVISOR, AUDITOR, UNIT)


PageNo = Annotated[int, Query(alias="page", ge=1, le=100_000)]
"""Which part of a long list, from 1."""


def page_there(asked: int, count: int, most: int) -> tuple[int, int]:
    """The page asked for, or the last there is where the list has become shorter meanwhile; and how
    many pages there are, an empty one at least.
    """
    pages = max(1, -(-count // most))
    return min(max(1, asked), pages), pages


class Entry(NamedTuple):
    """A page at the head of every page, for those who have its permission."""

    address: str
    permission: Allowed

    @property
    def title(self) -> str:
        return self.permission.name


HEAD: Final = (
    Entry("/", HOME),
    Entry("/hotline", HOTLINE),
    Entry("/orders", ORDERS),
    Entry("/contacts", CONTACTS),
    Entry("/watch", WATCH),
    Entry("/decisions", DECISIONS),
    Entry("/collect", COLLECT),
    Entry("/figures", FIGURES),
    Entry("/imports", IMPORTS),
    Entry("/rules", RULES),
    Entry("/units", UNITS),
    Entry("/connect", CONNECT),
    Entry("/ops", OPS),
)
"""In the order of the loop; a page is entered here with the desk that serves it."""


def entries(role: Role) -> tuple[Entry, ...]:
    """The pages at the head for this role."""
    return tuple(entry for entry in HEAD if role in entry.permission.roles)
