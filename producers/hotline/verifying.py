"""核实: an operator claims a complaint, calls the citizen, and says what the rating was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

import schemas as s
from producers.hotline.persons import OPERATOR, operator
from schemas.codes import BAD_LEVELS, REASONS, CallOutcome
from schemas.envelope import Role
from workflow.door import Step, acting, ahead, records, take
from workflow.door_units import named_units
from workflow.errors import InvalidInput
from workflow.ledger import Actor, Ledger, Recorded


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
    return take(ledger, subject, s.ComplaintClaimed, operator(account), step)


@records(s.ComplaintReleased, OPERATOR)
def release(
    ledger: Ledger, subject: str, *, account: str, reason: str = "done", **step: Unpack[Step]
) -> Recorded:
    """释放自己认领的一件。"""
    return take(ledger, subject, s.ComplaintReleased, operator(account), step, reason=reason)


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
        operator(account),
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
    """缺联系方式，或拨过而号码有误，请经办单位的数据员补充；核实时限停表，最迟到下一个工作日下班。"""
    return take(ledger, subject, s.ContactRequested, operator(account), step)


@records(s.MaliceAlleged, OPERATOR)
def allege_malice(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """报恶意复核，由另一人决定。"""
    return take(ledger, subject, s.MaliceAlleged, operator(account), step, reason=reason)


@records(s.MaliceUpheld, OPERATOR)
def uphold_malice(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """恶意成立；须是报复核的人以外的话务员。"""
    return take(ledger, subject, s.MaliceUpheld, operator(account), step, reason=reason)


@records(s.MaliceRejected, OPERATOR)
def reject_malice(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """恶意不成立，继续核实；须是报复核的人以外的话务员。"""
    return take(ledger, subject, s.MaliceRejected, operator(account), step, reason=reason)


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
    assisting: Sequence[str] = (),
    show_service_number: bool = False,
    contact_by_unit: bool = False,
    note: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """确认有效：核实后的原因、情况分类，可指明由哪个单位答复、哪些协办。"""
    _check_reason(reason_code)
    main, others = named_units(ledger, unit, assisting)
    return take(
        ledger,
        subject,
        s.ComplaintConfirmed,
        operator(account),
        step,
        by=by,
        reason_code=reason_code,
        case_class=case_class,
        unit=main,
        assisting=others,
        show_service_number=show_service_number,
        contact_by_unit=contact_by_unit or None,
        note=note,
    )


def _check_reason(code: object) -> None:
    found = REASONS.get(code) if isinstance(code, str) else None
    if found is None or found.level not in BAD_LEVELS:
        raise InvalidInput("reason_code", code, "没有这个差评原因，须是1或2开头的原因代码")


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
        operator(account),
        step,
        verdict=verdict,
        ground=ground,
        note=note,
    )


@records(s.ContactRevealed, OPERATOR)
def reveal_contact(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """显示号码，须写理由；只留痕，号码另由保密库给出。"""
    return take(ledger, subject, s.ContactRevealed, operator(account), step, reason=reason)
