"""热线: the doors of the 12345 operators: verifying, assigning, reviewing, calling back, and
speaking for citizens.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

import schemas as s
from schemas.codes import BAD_LEVELS, REASONS, CallOutcome
from schemas.envelope import Role
from workflow.door import Step, acting, ahead, records, take
from workflow.door_units import assign_to, unit_code
from workflow.errors import InvalidInput
from workflow.ledger import Actor, Ledger, Recorded

OPERATOR = Role.OPERATOR


def _operator(account: str) -> Actor:
    return Actor(account, OPERATOR)


@records(s.TicketLinked, OPERATOR, Role.HOTLINE)
def link_ticket(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    ticket: str,
    role: str = "operator",
    **step: Unpack[Step],
) -> Recorded:
    """登记12345工单号；热线自有系统来登记时，身份为 hotline。"""
    actor = Actor(account, acting(role, OPERATOR, Role.HOTLINE))
    return take(ledger, subject, s.TicketLinked, actor, step, ticket=ticket)


@records(s.ComplaintClaimed, OPERATOR)
def claim(ledger: Ledger, subject: str, *, account: str, **step: Unpack[Step]) -> Recorded:
    """认领一件，免得两人联系同一位群众。"""
    return take(ledger, subject, s.ComplaintClaimed, _operator(account), step)


@records(s.ComplaintReleased, OPERATOR)
def release(
    ledger: Ledger, subject: str, *, account: str, reason: str = "done", **step: Unpack[Step]
) -> Recorded:
    """释放自己认领的一件。"""
    return take(ledger, subject, s.ComplaintReleased, _operator(account), step, reason=reason)


@records(s.CallAttempted, OPERATOR)
def call(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    outcome: str,
    next_call_at: datetime | str | None = None,
    recording: str | None = None,
    note: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """记一次通话及其结果。"""
    later = ahead(ledger, "next_call_at", next_call_at)
    if outcome == CallOutcome.CALL_LATER and later is None:
        raise InvalidInput("next_call_at", "", "约定再拨须写再拨的时间")
    return take(
        ledger,
        subject,
        s.CallAttempted,
        _operator(account),
        step,
        outcome=outcome,
        next_call_at=later,
        recording=recording,
        note=note,
    )


@records(s.ContactRequested, OPERATOR)
def request_contact(
    ledger: Ledger, subject: str, *, account: str, **step: Unpack[Step]
) -> Recorded:
    """缺联系方式，请经办单位的数据员补充；核实时限暂停。"""
    return take(ledger, subject, s.ContactRequested, _operator(account), step)


@records(s.MaliceAlleged, OPERATOR)
def allege_malice(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """报恶意复核，由另一人决定。"""
    return take(ledger, subject, s.MaliceAlleged, _operator(account), step, reason=reason)


@records(s.MaliceUpheld, OPERATOR)
def uphold_malice(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """恶意成立；须是报复核的人以外的话务员。"""
    return take(ledger, subject, s.MaliceUpheld, _operator(account), step, reason=reason)


@records(s.MaliceRejected, OPERATOR)
def reject_malice(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """恶意不成立，继续核实；须是报复核的人以外的话务员。"""
    return take(ledger, subject, s.MaliceRejected, _operator(account), step, reason=reason)


@records(s.ComplaintConfirmed, OPERATOR)
def confirm(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    reason_code: str,
    case_class: str,
    by: str = "call",
    unit: str | None = None,
    show_service_number: bool = False,
    note: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """确认有效：核实后的原因、情况分类，可指明由哪个单位答复。"""
    found = REASONS.get(reason_code)
    if found is None or found.level not in BAD_LEVELS:
        raise InvalidInput("reason_code", reason_code, "没有这个差评原因，须是1或2开头的原因代码")
    return take(
        ledger,
        subject,
        s.ComplaintConfirmed,
        _operator(account),
        step,
        by=by,
        reason_code=reason_code,
        case_class=case_class,
        unit=unit_code(ledger, "unit", unit),
        show_service_number=show_service_number,
        note=note,
    )


@records(s.ComplaintDismissed, OPERATOR)
def dismiss(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    verdict: str,
    note: str,
    ground: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """核实结案：无效（误操作、重复、不属受理范围）或无法核实。"""
    return take(
        ledger,
        subject,
        s.ComplaintDismissed,
        _operator(account),
        step,
        verdict=verdict,
        ground=ground,
        note=note,
    )


@records(s.DepartmentAssigned, OPERATOR)
def assign(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    unit: str,
    assisting: Sequence[str] = (),
    **step: Unpack[Step],
) -> Recorded:
    """派单或改派给责任单位，可带协办单位。"""
    return assign_to(ledger, subject, _operator(account), unit, assisting, step)


@records(s.ReturnAccepted, OPERATOR)
def accept_return(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    unit: str | None = None,
    note: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """同意退回，可指明另一单位。"""
    actor, named = _operator(account), unit_code(ledger, "unit", unit)
    return take(ledger, subject, s.ReturnAccepted, actor, step, unit=named, note=note)


@records(s.ReturnRefused, OPERATOR)
def refuse_return(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """不同意退回；视为已签收，到期时间不变。"""
    return take(ledger, subject, s.ReturnRefused, _operator(account), step, reason=reason)


@records(s.ClarificationAnswered, OPERATOR)
def answer_clarification(
    ledger: Ledger, subject: str, *, account: str, answer: str, **step: Unpack[Step]
) -> Recorded:
    """把代问的结果告诉责任单位。"""
    return take(ledger, subject, s.ClarificationAnswered, _operator(account), step, answer=answer)


@records(s.RectificationAccepted, OPERATOR)
def accept_feedback(
    ledger: Ledger, subject: str, *, account: str, **step: Unpack[Step]
) -> Recorded:
    """整改反馈审核通过，转再评价。"""
    return take(ledger, subject, s.RectificationAccepted, _operator(account), step)


@records(s.RectificationSentBack, OPERATOR)
def send_back(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """打回整改反馈，到期时间不变。"""
    return take(ledger, subject, s.RectificationSentBack, _operator(account), step, reason=reason)


@records(s.ReevaluationInvited, OPERATOR)
def invite(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    channel: str = "call",
    expires_at: datetime | str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """邀请群众再评价。"""
    until = ahead(ledger, "expires_at", expires_at)
    return take(
        ledger,
        subject,
        s.ReevaluationInvited,
        _operator(account),
        step,
        channel=channel,
        expires_at=until,
    )


@records(s.ComplaintReevaluated, OPERATOR)
def reevaluate(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    level: int,
    contacted: bool | None = None,
    solved: bool | None = None,
    words: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """记群众在电话中的再评价。"""
    return take(
        ledger,
        subject,
        s.ComplaintReevaluated,
        _operator(account),
        step,
        level=level,
        by="call",
        contacted=contacted,
        solved=solved,
        words=words,
    )


@records(s.FactChecked, OPERATOR)
def fact_check(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    rectified: bool,
    note: str,
    **step: Unpack[Step],
) -> Recorded:
    """无人可问，事实核查是否已整改。"""
    actor = _operator(account)
    return take(ledger, subject, s.FactChecked, actor, step, rectified=rectified, note=note)


@records(s.ContactRevealed, OPERATOR)
def reveal_contact(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """显示号码，须写理由；只留痕，号码另由保密库给出。"""
    return take(ledger, subject, s.ContactRevealed, _operator(account), step, reason=reason)


@records(s.CitizenObjected, OPERATOR)
def report_objection(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    words: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """代群众登记异议。"""
    return take(ledger, subject, s.CitizenObjected, _operator(account), step, words=words)


@records(s.RetaliationReported, OPERATOR)
def report_retaliation(
    ledger: Ledger, subject: str, *, account: str, words: str, **step: Unpack[Step]
) -> Recorded:
    """代群众登记打击报复；只给监督员和审计员看，责任单位看不到。"""
    return take(ledger, subject, s.RetaliationReported, _operator(account), step, words=words)
