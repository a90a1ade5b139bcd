"""What a verdict must rest on: each condition answers with the reason against it, or None; pure."""

from __future__ import annotations

from typing import Any

from workflow.complaint import Complaint, Event
from workflow.conditions import nothing, reads_the_fact
from workflow.states import State


def unjudged(c: Complaint, _e: Event, _: Any) -> str | None:
    """Where dispatch comes first, verifying ends with its verdict, whatever the work comes to."""
    if c.verdict is None:
        return None
    return "已有核实结论，话务员不再改；确有不当的，请监督员提请终裁"


def no_appeal_failed(c: Complaint, _e: Event, _: Any) -> str | None:
    """Dismissing would give the unit what the reviewer did not. One that waits has not failed."""
    if c.appealed and c.state != State.APPEALED:
        return "单位的申诉没有成立，话务员不能再单独结案；确有不当的，请监督员提请终裁"
    return None


def _to_be_called(c: Complaint) -> bool:
    """Not by a wrong number, once its unit was asked for another and has brought none."""
    in_vain = c.wrong_number and c.contact_sought and not c.contact_requested
    return c.reachable and not in_vain


def _citizen_asked(c: Complaint, _e: Event, policy: Any) -> str | None:
    asked = c.answered or not _to_be_called(c) or c.calls >= policy.min_calls
    return None if asked else "还没有打通过电话；先记一次接通的通话"


@reads_the_fact(_citizen_asked)
def confirmation_grounded(c: Complaint, e: Event, policy: Any) -> str | None:
    """By call: somebody answered. By fact check: nobody can be asked, or the required calls were
    made.
    """
    fact: Any = e.fact
    if fact.by == "call" and not c.answered:
        return "还没有打通过电话；先记一次接通的通话，匿名件用事实核查"
    if fact.by == "fact_check" and _to_be_called(c) and c.calls < policy.min_calls:
        return f"实名件先电话核实，已有效拨打{c.calls}次，满{policy.min_calls}次仍不通可事实核查"
    return None


@reads_the_fact(nothing)
def dismissal_grounded(c: Complaint, e: Event, policy: Any) -> str | None:
    """无效 needs its ground, and 误操作 the citizen's own word; 无法核实 needs the calls; 恶意
    goes to a second person.
    """
    fact: Any = e.fact
    if fact.verdict == "malicious":
        return "恶意须先报恶意复核，由另一人决定"
    if fact.verdict == "invalid":
        return _invalid_grounded(c, fact)
    if fact.ground is not None:
        return "无法核实不带无效原因"
    if _to_be_called(c) and c.calls < policy.min_calls:
        return (
            f"无法核实须至少拨打{policy.min_calls}次、"
            f"每次间隔{int(policy.call_spacing.total_seconds() // 60)}分钟以上，现有{c.calls}次"
        )
    return None


def _invalid_grounded(c: Complaint, fact: Any) -> str | None:
    if fact.ground is None:
        return "无效须说明是误操作、重复还是不属受理范围"
    if fact.ground == "misoperation" and c.reachable and not c.answered:
        return "误操作须由群众在电话中确认；先记一次接通的通话"
    return None


@reads_the_fact(nothing)
def verdict_stated(_c: Complaint, e: Event, _: Any) -> str | None:
    fact: Any = e.fact
    if getattr(fact, "decision", "dismiss") != "dismiss":
        return None
    if fact.verdict is None or fact.verdict == "valid":
        return "结案须写明结论：无效、恶意或无法核实"
    if (fact.verdict == "invalid") != (fact.ground is not None):
        return "无效须说明是误操作、重复还是不属受理范围，其他结论不带无效原因"
    return None
