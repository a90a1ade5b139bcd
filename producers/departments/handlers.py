"""部门: the handlers' steps on a work order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Unpack

import schemas as s
from producers.departments.papers import attached, settle
from producers.departments.persons import DEPARTMENT, handler
from workflow.door import Step, records, take
from workflow.door_units import unit_code
from workflow.ledger import Ledger, Recorded


@records(s.WorkOrderAcknowledged, DEPARTMENT)
def acknowledge(
    ledger: Ledger, subject: str, *, account: str, unit: str, **step: Unpack[Step]
) -> Recorded:
    """签收工单；整改期限不因签收而变。"""
    return take(ledger, subject, s.WorkOrderAcknowledged, handler(ledger, account, unit), step)


@records(s.WorkOrderReturned, DEPARTMENT)
def return_order(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    unit: str,
    reason: str,
    legal_basis: str,
    suggested_unit: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """退回：不属本单位职责，须写理由和法律依据，可建议单位。"""
    return take(
        ledger,
        subject,
        s.WorkOrderReturned,
        handler(ledger, account, unit),
        step,
        reason=reason,
        legal_basis=legal_basis,
        suggested_unit=unit_code(ledger, "suggested_unit", suggested_unit),
    )


@records(s.ExtensionRequested, DEPARTMENT)
def request_extension(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    unit: str,
    working_days: int,
    reason: str,
    **step: Unpack[Step],
) -> Recorded:
    """到期前申请延期若干工作日。"""
    return take(
        ledger,
        subject,
        s.ExtensionRequested,
        handler(ledger, account, unit),
        step,
        working_days=working_days,
        reason=reason,
    )


@records(s.AppealLodged, DEPARTMENT)
def appeal(
    ledger: Ledger, subject: str, *, account: str, unit: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """申诉一次，由核实人以外的复核人决定；不停表。"""
    actor = handler(ledger, account, unit)
    return take(ledger, subject, s.AppealLodged, actor, step, reason=reason)


@records(s.AssistanceSubmitted, DEPARTMENT)
def assist(
    ledger: Ledger, subject: str, *, account: str, unit: str, note: str, **step: Unpack[Step]
) -> Recorded:
    """协办单位反馈自己的部分，主办单位总负责。"""
    actor = handler(ledger, account, unit)
    return take(ledger, subject, s.AssistanceSubmitted, actor, step, note=note)


@records(s.ClarificationAsked, DEPARTMENT)
def ask_clarification(
    ledger: Ledger, subject: str, *, account: str, unit: str, question: str, **step: Unpack[Step]
) -> Recorded:
    """请热线代问一句；单位不自行联系群众。"""
    actor = handler(ledger, account, unit)
    return take(ledger, subject, s.ClarificationAsked, actor, step, question=question)


@records(s.RectificationSubmitted, DEPARTMENT)
def submit(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    unit: str,
    facts: str,
    cause: str,
    measures: str,
    reply: str,
    signed_by: str,
    kind: str = "rectified",
    legal_basis: str | None = None,
    post: str | None = None,
    attachments: Sequence[str] = (),
    **step: Unpack[Step],
) -> Recorded:
    """提交整改反馈：已整改，或解释说明（须写法律依据），并写签批人；可附已上传的附件。"""
    actor = handler(ledger, account, unit)
    taken = attached(ledger, subject, actor, attachments) or None
    said: dict[str, str | None] = {"kind": kind, "facts": facts, "cause": cause, "reply": reply}
    said |= {"measures": measures, "legal_basis": legal_basis, "post": post, "signed_by": signed_by}
    also = partial(settle, subject=subject, ids=attachments)
    return take(
        ledger, subject, s.RectificationSubmitted, actor, step, also, attachments=taken, **said
    )
