"""States of a complaint and roles, their names, the stages of the loop they are in; pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from schemas.envelope import Role


class State(StrEnum):
    """Where a complaint stands; overdue, extended, supervised are overlays, never states."""

    COLLECTED = "COLLECTED"
    ANALYSED = "ANALYSED"
    VERIFYING = "VERIFYING"
    MALICE_REVIEW = "MALICE_REVIEW"
    ASSIGNING = "ASSIGNING"
    DISPATCHED = "DISPATCHED"
    RECTIFYING = "RECTIFYING"
    RETURNED = "RETURNED"
    APPEALED = "APPEALED"
    REVIEWING = "REVIEWING"
    REEVALUATING = "REEVALUATING"
    RULING = "RULING"
    DISMISSED = "DISMISSED"
    CLOSED = "CLOSED"


STATE_NAMES: Mapping[State, str] = {
    State.COLLECTED: "已归集",
    State.ANALYSED: "已分析",
    State.VERIFYING: "核实中",
    State.MALICE_REVIEW: "恶意复核",
    State.ASSIGNING: "待派单",
    State.DISPATCHED: "待签收",
    State.RECTIFYING: "整改中",
    State.RETURNED: "退回待裁",
    State.APPEALED: "申诉复核",
    State.REVIEWING: "反馈待审",
    State.REEVALUATING: "待再评价",
    State.RULING: "待终裁",
    State.DISMISSED: "核实结案",
    State.CLOSED: "办结",
}

ROLE_NAMES: Mapping[Role, str] = {
    Role.PLATFORM: "评价平台",
    Role.OPERATOR: "话务员",
    Role.REVIEWER: "复核人",
    Role.DEPARTMENT: "责任单位",
    Role.CLERK: "单位数据员",
    Role.SUPERVISOR: "监督员",
    Role.CITIZEN: "群众",
    Role.HOTLINE: "热线系统",
    Role.CONSUMER: "系统",
    Role.CLOCK: "时钟",
    Role.ADMINISTRATOR: "管理员",
    Role.AUDITOR: "审计员",
    Role.IT: "信息科",
}

ENDS = (State.DISMISSED, State.CLOSED)
OPEN = tuple(state for state in State if state not in ENDS)
FROM_ASSIGNING = OPEN[OPEN.index(State.ASSIGNING) :]
FROM_DISPATCH = OPEN[OPEN.index(State.DISPATCHED) : OPEN.index(State.RULING)]
HOTLINE_STATES = (
    State.VERIFYING,
    State.ASSIGNING,
    State.RETURNED,
    State.REVIEWING,
    State.REEVALUATING,
)
"""States the hotline owns: claims are made here and fall away when the complaint leaves them."""
BESIDE_WORK = (State.DISPATCHED, State.RECTIFYING, State.APPEALED)
"""States others own, beside which the hotline verifies where dispatch comes first."""

STAGES: Mapping[str, tuple[State, ...]] = {
    "归集": (State.COLLECTED,),
    "分析": (State.ANALYSED,),
    "核实": (State.VERIFYING, State.MALICE_REVIEW, State.DISMISSED),
    "整改": (
        State.ASSIGNING,
        State.DISPATCHED,
        State.RECTIFYING,
        State.RETURNED,
        State.APPEALED,
        State.REVIEWING,
        State.RULING,
    ),
    "再评价": (State.REEVALUATING, State.CLOSED),
}

COLLECTED, ANALYSED, VERIFYING = State.COLLECTED, State.ANALYSED, State.VERIFYING
MALICE_REVIEW, ASSIGNING, DISPATCHED = State.MALICE_REVIEW, State.ASSIGNING, State.DISPATCHED
RECTIFYING, RETURNED, APPEALED = State.RECTIFYING, State.RETURNED, State.APPEALED
REVIEWING, REEVALUATING, RULING = State.REVIEWING, State.REEVALUATING, State.RULING
DISMISSED, CLOSED = State.DISMISSED, State.CLOSED
