"""裁决: a second person decides on malice, returns, extensions and appeals."""

from __future__ import annotations

from typing import Unpack

import schemas as s
from producers.supervisors.persons import REVIEWER, SUPERVISOR, second, supervisor
from workflow.door import Step, records, take
from workflow.door_units import unit_code
from workflow.ledger import Actor, Ledger, Recorded


@records(s.MaliceUpheld, SUPERVISOR, REVIEWER)
def uphold_malice(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    reason: str,
    role: str = "reviewer",
    **step: Unpack[Step],
) -> Recorded:
    """恶意成立；身份为 reviewer 或 supervisor。"""
    return take(ledger, subject, s.MaliceUpheld, second(account, role), step, reason=reason)


@records(s.MaliceRejected, SUPERVISOR, REVIEWER)
def reject_malice(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    reason: str,
    role: str = "reviewer",
    **step: Unpack[Step],
) -> Recorded:
    """恶意不成立，继续核实；身份为 reviewer 或 supervisor。"""
    return take(ledger, subject, s.MaliceRejected, second(account, role), step, reason=reason)


@records(s.ReturnAccepted, SUPERVISOR)
def accept_return(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    unit: str | None = None,
    note: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """同意退回，可指明另一单位；最后一次退回由监督员裁定。"""
    actor, named = supervisor(account), unit_code(ledger, "unit", unit)
    return take(ledger, subject, s.ReturnAccepted, actor, step, unit=named, note=note)


@records(s.ReturnRefused, SUPERVISOR)
def refuse_return(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """不同意退回；视为已签收，到期时间不变。"""
    return take(ledger, subject, s.ReturnRefused, supervisor(account), step, reason=reason)


@records(s.ExtensionGranted, SUPERVISOR)
def grant_extension(
    ledger: Ledger, subject: str, *, account: str, working_days: int, **step: Unpack[Step]
) -> Recorded:
    """同意延期，天数不多于所申请的；加在原到期时间上。"""
    actor = supervisor(account)
    return take(ledger, subject, s.ExtensionGranted, actor, step, working_days=working_days)


@records(s.ExtensionRefused, SUPERVISOR)
def refuse_extension(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """不同意延期。"""
    return take(ledger, subject, s.ExtensionRefused, supervisor(account), step, reason=reason)


@records(s.AppealUpheld, REVIEWER)
def uphold_appeal(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    verdict: str,
    reason: str,
    ground: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """申诉成立，结案；由核实人以外的复核人决定。"""
    return take(
        ledger,
        subject,
        s.AppealUpheld,
        Actor(account, REVIEWER),
        step,
        verdict=verdict,
        ground=ground,
        reason=reason,
    )


@records(s.AppealRejected, REVIEWER)
def reject_appeal(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """申诉不成立，继续整改；由核实人以外的复核人决定。"""
    actor = Actor(account, REVIEWER)
    return take(ledger, subject, s.AppealRejected, actor, step, reason=reason)
