"""再评价: an operator asks the citizen again, or speaks for him."""

from __future__ import annotations

from typing import Unpack

import schemas as s
from producers.hotline.persons import OPERATOR, operator
from workflow import outbox
from workflow.door import Step, checked_name, needed, records, take
from workflow.errors import InvalidInput
from workflow.ledger import Ledger, Recorded
from workflow.said import ONLY


@records(s.ReevaluationInvited, OPERATOR)
def invite(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    **step: Unpack[Step],
) -> Recorded:
    """记已在电话中邀请群众再评价。"""
    return take(ledger, subject, s.ReevaluationInvited, operator(account), step, channel="call")


@records(s.ReevaluationInvited, OPERATOR)
def send_invitation(ledger: Ledger, subject: str, *, account: str, channel: str) -> str:
    """用短信或链接邀请群众再评价：先进发件箱，送达才算邀请；发不出去的改为电话。"""
    if channel not in ("message", "link"):
        raise InvalidInput("channel", channel, ONLY + "message 短信、link 链接")
    return outbox.invite(ledger, subject, operator(checked_name("account", account)), channel)


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
        operator(account),
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
    actor = operator(account)
    return take(ledger, subject, s.FactChecked, actor, step, rectified=rectified, note=note)


@records(s.CitizenObjected, OPERATOR)
def report_objection(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    words: str,
    **step: Unpack[Step],
) -> Recorded:
    """代群众登记异议，须写哪里不同意。"""
    words = needed("words", words)
    return take(ledger, subject, s.CitizenObjected, operator(account), step, words=words)


@records(s.RetaliationReported, OPERATOR)
def report_retaliation(
    ledger: Ledger, subject: str, *, account: str, words: str, **step: Unpack[Step]
) -> Recorded:
    """代群众登记打击报复；只给监督员和审计员看，责任单位看不到。"""
    return take(ledger, subject, s.RetaliationReported, operator(account), step, words=words)
