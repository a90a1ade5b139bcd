"""群众: the doors of a citizen who holds the link sent to him: one answer, an objection, a
report.
"""

from __future__ import annotations

from typing import Unpack

from sqlalchemy import select

import schemas as s
from schemas.envelope import Role
from workflow.clock import HOUR
from workflow.complaint import Complaint, load
from workflow.door import Step, needed, records, take
from workflow.errors import InvalidInput
from workflow.ledger import Actor, Ledger, Recorded
from workflow.links import make, read, read_code
from workflow.storage.models import commands, complaints

CITIZEN = Actor("citizen", Role.CITIZEN)
"""Whoever holds the link; the log does not say who that is."""

CODE_OPENS = HOUR
"""A code opens what is asked now for no less than this (microseconds)."""


@records(s.ComplaintReevaluated, Role.CITIZEN)
def reevaluate(
    ledger: Ledger,
    token: str,
    *,
    level: int,
    contacted: bool | None = None,
    solved: bool | None = None,
    words: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """凭链接再评价一次：联系了吗，解决了吗，满意吗。"""
    subject, number, expires_at = read(ledger.keys.link, token)
    late = expires_at <= ledger.clock() or number != _round(ledger, subject)
    if late and not _heard(ledger, step.get("key")):
        raise InvalidInput("token", "（不显示）", "链接已过期，或这一轮已经评价过")
    return take(
        ledger,
        subject,
        s.ComplaintReevaluated,
        CITIZEN,
        step,
        level=level,
        by="link",
        contacted=contacted,
        solved=solved,
        words=words,
    )


@records(s.CitizenObjected, Role.CITIZEN)
def object_to(ledger: Ledger, token: str, *, words: str, **step: Unpack[Step]) -> Recorded:
    """凭链接对结案或办结提出异议，一次，须写哪里不同意；有自己的期限，不看链接的有效期。"""
    subject, _, _ = read(ledger.keys.link, token)
    words = needed("words", words)
    return take(ledger, subject, s.CitizenObjected, CITIZEN, step, words=words)


@records(s.RetaliationReported, Role.CITIZEN)
def report_retaliation(ledger: Ledger, token: str, *, words: str, **step: Unpack[Step]) -> Recorded:
    """凭链接反映打击报复；只给监督员和审计员看，责任单位看不到。"""
    subject, _, _ = read(ledger.keys.link, token)
    return take(ledger, subject, s.RetaliationReported, CITIZEN, step, words=words)


def token_of(ledger: Ledger, code: str) -> str:
    """The link of a complaint as it stands now, for whoever has its code. Raises InvalidInput."""
    subject = read_code(ledger.keys.link, code)
    query = select(complaints.c.fold).where(complaints.c.id == subject)
    with ledger.database.read() as conn:
        fold = conn.execute(query).scalar()
    complaint = Complaint(subject) if fold is None else load(fold)
    limit = complaint.limits.get("reevaluate")
    # Past its due time he is still asked, until enough calls were made to end it without him.
    until = max(limit.due_at, ledger.clock() + CODE_OPENS) if limit else 0
    return make(ledger.keys.link, subject, complaint.round, until)


def _round(ledger: Ledger, subject: str) -> int | None:
    query = select(complaints.c.round).where(complaints.c.id == subject)
    with ledger.database.read() as conn:
        return conn.execute(query).scalar()


def _heard(ledger: Ledger, key: str | None) -> bool:
    """A repeat gets its first answer, although that answer has ended the link's round."""
    query = select(commands.c.key).where(commands.c.key == key)
    with ledger.database.read() as conn:
        return key is not None and key.isprintable() and conn.execute(query).first() is not None
