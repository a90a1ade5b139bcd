"""整改: an operator sends the order out, rules on its return, and reads the feedback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import schemas as s
from producers.hotline.persons import OPERATOR, operator
from workflow.door import Step, records, take
from workflow.door_units import assign_to, unit_code
from workflow.ledger import Ledger, Recorded


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
    return assign_to(ledger, subject, operator(account), unit, assisting, step)


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
    actor, named = operator(account), unit_code(ledger, "unit", unit)
    return take(ledger, subject, s.ReturnAccepted, actor, step, unit=named, note=note)


@records(s.ReturnRefused, OPERATOR)
def refuse_return(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """不同意退回；视为已签收，到期时间不变。"""
    return take(ledger, subject, s.ReturnRefused, operator(account), step, reason=reason)


@records(s.ClarificationAnswered, OPERATOR)
def answer_clarification(
    ledger: Ledger, subject: str, *, account: str, answer: str, **step: Unpack[Step]
) -> Recorded:
    """把代问的结果告诉责任单位。"""
    return take(ledger, subject, s.ClarificationAnswered, operator(account), step, answer=answer)


@records(s.RectificationAccepted, OPERATOR)
def accept_feedback(
    ledger: Ledger, subject: str, *, account: str, **step: Unpack[Step]
) -> Recorded:
    """整改反馈审核通过，转再评价。"""
    return take(ledger, subject, s.RectificationAccepted, operator(account), step)


@records(s.RectificationSentBack, OPERATOR)
def send_back(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """打回整改反馈，到期时间不变。"""
    return take(ledger, subject, s.RectificationSentBack, operator(account), step, reason=reason)
