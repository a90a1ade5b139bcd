"""补联系方式: a unit's data clerk looks up phones without learning which service was rated."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

import schemas as s
from schemas.envelope import Role
from schemas.text import clean, masked, tidied
from workflow.clock import instant
from workflow.complaint import Complaint, load
from workflow.contact import found_by, phone_of
from workflow.door import Step, records, take, written
from workflow.door_units import required_unit
from workflow.errors import IllegalStep, InvalidInput, StaleVersion
from workflow.ledger import Actor, Ledger, Posting, Recorded
from workflow.phones import number_of
from workflow.states import FROM_ASSIGNING, State
from workflow.storage.models import complaints, services
from workflow.storage.rows import as_it_stands


@dataclass(frozen=True, slots=True, order=True)
class Wanted:
    """A service whose applicant's phone is asked of the clerk; most stand there only to hide the
    one that was rated.
    """

    day: str
    project_no: str
    service_number: str


def contacts_wanted(ledger: Ledger, *, unit: str) -> tuple[Wanted, ...]:
    """What a unit's data clerk is asked to look up: each rated service among others of the days
    around it.

    The list changes when verification ends, never when a phone comes in: an answer gives nothing
    away.
    """
    code = required_unit(ledger, "unit", unit)
    query = select(complaints.c.fold).where(complaints.c.handled_by == code, *_VERIFIED)
    wanted: set[Wanted] = set()
    zone = ledger.rulebook.in_force(ledger.clock()).zone
    with ledger.database.read() as conn:
        for fold in conn.execute(query).scalars():
            complaint = load(fold)
            verifying = "verify" in complaint.limits
            if complaint.contact_requested or (complaint.contact_sought and verifying):
                wanted |= _hidden_among(conn, complaint, ledger.keys.match, zone)
    return tuple(sorted(wanted))


@records(s.ContactSupplied, Role.CLERK)
def supply_contact(
    ledger: Ledger,
    project_no: str,
    service_number: str,
    *,
    account: str,
    unit: str,
    phone: str | None = None,
    **step: Unpack[Step],
) -> Recorded | None:
    """补充一次办件的联系电话；查不到的，电话留空。

    没有件在等这次办件的，或等的件已经办过的，也一样答复（None），不让数据员看出是哪一种。
    请求键不看：重发的，件已不在等；同一个键发来另一次办件的号码，也照收。
    """
    actor = Actor(account, Role.CLERK, required_unit(ledger, "unit", unit))
    number = _phone(phone)
    of = (
        clean(written("project_no", project_no)),
        clean(written("service_number", service_number)),
    )
    subject = _waiting(ledger, actor.unit, *of)
    if subject is None:
        return None
    step.pop("key", None)  # a used one could be neither refused, as below, nor told as received
    try:
        return _supplied(ledger, subject, actor, step, number)
    except (IllegalStep, StaleVersion):
        return None  # a refusal would tell the rated service from those it hides among


def _supplied(
    ledger: Ledger, subject: str, actor: Actor, step: Step, number: str | None
) -> Recorded:
    if number is None or _is_the_wrong_one(ledger, subject, number):
        return take(ledger, subject, s.ContactSupplied, actor, step, found=False)

    def found(posting: Posting) -> None:
        found_by(posting, ledger.vault, subject, number)

    return take(
        ledger, subject, s.ContactSupplied, actor, step, also=found, found=True, phone=number
    )


def _is_the_wrong_one(ledger: Ledger, subject: str, number: str) -> bool:
    """The number that was called and is wrong: what comes again is no other one."""
    with ledger.database.read() as conn:
        wrong = as_it_stands(conn, subject).wrong_number
        return wrong and phone_of(conn, ledger.vault, subject) == number


_VERIFIED = (
    complaints.c.state.in_((State.VERIFYING, *FROM_ASSIGNING)),
    complaints.c.ended_at.is_(None),  # no such state is an end; the open ones' index asks it
)
"""Where a contact may be waited for; the later states where dispatch comes first."""

OTHERS = 9
"""Services asked for beside the one that was rated."""

DAYS_AROUND = timedelta(days=3)


def _phone(text: str | None) -> str | None:
    if text is None or not tidied(written("phone", text)):
        return None
    number = number_of(clean(text))
    if not number:
        raise InvalidInput("phone", masked("mobile", text), "须是手机号码，或带区号的固定电话")
    return number


def _waiting(ledger: Ledger, unit: str | None, project_no: str, service_number: str) -> str | None:
    query = select(complaints.c.id, complaints.c.fold).where(
        complaints.c.handled_by == unit,
        *_VERIFIED,
        complaints.c.project_no == project_no,
        complaints.c.service_number == service_number,
    )
    with ledger.database.read() as conn:
        for subject, fold in conn.execute(query):
            if load(fold).contact_requested:
                return str(subject)
    return None


def _hidden_among(
    conn: Connection, complaint: Complaint, key: bytes, zone: ZoneInfo
) -> set[Wanted]:
    """The rated service and others of its unit, chosen by a keyed hash: the same ones at every
    look.
    """
    own = select(services.c.day).where(
        services.c.source == complaint.source,
        services.c.project_no == complaint.project_no,
        services.c.service_number == complaint.service_number,
    )
    collected = instant(complaint.collected_at).astimezone(zone).date().isoformat()
    day = conn.execute(own).scalar() or collected
    around = date.fromisoformat(day)
    nearby = (
        select(services.c.day, services.c.project_no, services.c.service_number)
        .where(
            services.c.unit == complaint.handled_by,
            services.c.day.between(
                (around - DAYS_AROUND).isoformat(), (around + DAYS_AROUND).isoformat()
            ),
        )
        .limit(5000)
    )
    rated = Wanted(day, complaint.project_no, complaint.service_number)
    others = {Wanted(*row) for row in conn.execute(nearby)} - {rated}

    def rank(wanted: Wanted) -> bytes:
        text = f"{complaint.id}/{wanted.project_no}/{wanted.service_number}"
        return hmac.digest(key, text.encode(), "sha256")

    return {rated, *sorted(others, key=rank)[:OTHERS]}
