"""群众页: what is said to the citizen, in plain words."""

from __future__ import annotations

from typing import Final

from schemas.codes import Outcome, Verdict
from workflow.complaint import Complaint
from workflow.states import State

STAGES: Final = ("收到评价", "电话核实", "部门整改", "请您评价", "办结")

RULED: Final = "监督部门研究"
"""Instead of a day, while the supervisors decide."""

_OUTCOMES: Final = {
    Outcome.SATISFIED: "您对整改结果表示满意，这件事已经办结。",
    Outcome.UNANSWERED: "没有等到您的评价，这件事已按“未获答复”办结，没有算作满意。",
    Outcome.CHECKED: "经核查问题已经整改，这件事已经办结。",
    Outcome.UNRESOLVED: "这件事最终没有解决，已如实记为“未解决”。",
}
_DISMISSED: Final = "经核实，没有作为有效差评办理，这件事已经结案。"
_UNVERIFIED: Final = "没能核实到具体情况，这件事已经结案。"


def ended(c: Complaint) -> str:
    """How it ended."""
    if c.state == State.DISMISSED:
        return _UNVERIFIED if c.verdict == Verdict.UNVERIFIABLE else _DISMISSED
    return _OUTCOMES[Outcome(c.outcome)] if c.outcome else "这件事已经办结。"


def now_of(c: Complaint, unit: str, due_day: str, *, overdue: bool, asks: bool) -> str:
    """What is being done now; what the hotline and the unit have between them is theirs."""
    until = f"，{due_day}前办完" if due_day else ""
    if overdue:
        until = f"，已超过{due_day}的期限，正在督促"
    said = {
        State.COLLECTED: "已收到，正转给12345热线核实。",
        State.ANALYSED: "已收到，正转给12345热线核实。",
        State.VERIFYING: "12345热线正在核实，可能会打电话向您了解情况。",
        State.MALICE_REVIEW: "12345热线正在核实。",
        State.ASSIGNING: "已经核实，正在交给责任单位。",
        State.REVIEWING: f"{unit}已经反馈，12345热线正在审核。",
        State.REEVALUATING: f"{unit}已经办理，{'请您评价' if asks else '在等评价'}。",
        State.RULING: "监督部门正在研究怎样解决。",
    }
    if c.state == State.ASSIGNING and c.round > 1:
        return "上一次没有让您满意，正在重新办理。"
    return said.get(State(c.state), f"{unit}正在整改{until}。")
