"""督办: a supervisor presses, puts a case into other hands, and has the last word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import schemas as s
from producers.supervisors.persons import REVIEWER, SUPERVISOR, second, supervisor
from schemas.text import tidied
from workflow.door import Step, records, take, written
from workflow.door_units import assign_to, unit_code
from workflow.errors import InvalidInput
from workflow.ledger import Ledger, Recorded
from workflow.limits import LIMITS
from workflow.said import ONLY

PRESSED = tuple(row.name for row in LIMITS if not row.window)
"""Limits somebody can be pressed about."""


@records(s.DismissalReversed, SUPERVISOR)
def reverse_dismissal(
    ledger: Ledger, subject: str, *, account: str, reason: str, **step: Unpack[Step]
) -> Recorded:
    """撤销核实结案，重新核实。"""
    return take(ledger, subject, s.DismissalReversed, supervisor(account), step, reason=reason)


@records(s.DepartmentAssigned, SUPERVISOR)
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
    return assign_to(ledger, subject, supervisor(account), unit, assisting, step)


@records(s.SupervisionOrdered, SUPERVISOR)
def order_supervision(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    ground: str = "manual",
    limit: str | None = None,
    note: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """督办。"""
    return take(
        ledger,
        subject,
        s.SupervisionOrdered,
        supervisor(account),
        step,
        ground=ground,
        limit=_limit(limit),
        note=note,
    )


@records(s.Reminded, SUPERVISOR)
def remind(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    limit: str | None = None,
    note: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """催办。"""
    actor = supervisor(account)
    return take(ledger, subject, s.Reminded, actor, step, limit=_limit(limit), note=note)


def _limit(name: str | None) -> str | None:
    """A limit of the table, by its name. Raises InvalidInput."""
    tidy = None if name is None else tidied(written("limit", name)) or None
    if tidy is not None and tidy not in PRESSED:
        raise InvalidInput("limit", tidy, ONLY + "、".join(PRESSED))
    return tidy


@records(s.RulingCalled, SUPERVISOR)
def call_ruling(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    note: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """提请终裁。"""
    actor = supervisor(account)
    return take(ledger, subject, s.RulingCalled, actor, step, ground="manual", note=note)


@records(s.RulingGiven, SUPERVISOR)
def give_ruling(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    decision: str,
    reason: str,
    unit: str | None = None,
    verdict: str | None = None,
    ground: str | None = None,
    **step: Unpack[Step],
) -> Recorded:
    """终裁：换单位重办、按未解决办结，或结案。"""
    if decision != "dismiss" and (verdict or ground):
        raise InvalidInput("verdict", verdict or ground, "只有终裁结案才写结论")
    if decision != "reassign" and unit:
        raise InvalidInput("unit", unit, "只有终裁重新派单才指明单位")
    return take(
        ledger,
        subject,
        s.RulingGiven,
        supervisor(account),
        step,
        decision=decision,
        unit=unit_code(ledger, "unit", unit),
        verdict=verdict,
        ground=ground,
        reason=reason,
    )


@records(s.ComplaintReleased, SUPERVISOR)
def release(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    reason: str = "handed_over",
    **step: Unpack[Step],
) -> Recorded:
    """释放话务员认领的一件，好让别人接手。"""
    return take(ledger, subject, s.ComplaintReleased, supervisor(account), step, reason=reason)


@records(s.ContactRevealed, SUPERVISOR, REVIEWER)
def reveal_contact(
    ledger: Ledger,
    subject: str,
    *,
    account: str,
    reason: str,
    role: str = "supervisor",
    **step: Unpack[Step],
) -> Recorded:
    """显示号码，须写理由；只留痕，号码另由保密库给出。"""
    return take(ledger, subject, s.ContactRevealed, second(account, role), step, reason=reason)
