"""留痕: who looked at which complaint, and who was shown a citizen's number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, Text, and_, cast, func, insert, literal_column, select

from console import wording
from console.places import lent
from schemas.envelope import Role
from schemas.persons import without_persons
from workflow.contact import named
from workflow.intake import opened_private
from workflow.ledger import Actor
from workflow.storage.models import events, vault, views
from workflow.storage.vault import Vault, opened_text

if TYPE_CHECKING:
    from console.wiring import Office

LOOKED = {
    "timeline": "打开这件",
    "phone": "按号码查到",
    "last4": "按电话后四位查到",
    "number": "按编号查到",
    "attachment": "下载附件",
    "why": "看为什么是这天",
    "export": "导出工单",
    "page": "群众打开自己的页面",
    "code": "话务员读出查询码",
}
"""What somebody did to see a complaint, by the word it is recorded under."""

NOTHING = ""
"""Stands for a complaint's number where a search by a phone found none."""

NAMELESS = "—"
"""Stands for the account of whoever has none: a citizen."""

_NOTHING_FOUND = {"phone": "按号码查，没有找到", "last4": "按电话后四位查，没有找到"}


@dataclass(frozen=True, slots=True)
class Look:
    """One look; `at` in microseconds UTC; `unit` is the one he acted for."""

    id: int
    at: int
    account: str
    role: str
    unit: str | None
    subject: str
    what: str


_LOOKED = insert(views)


def looked(office: Office, viewer: Actor, what: str, *subjects: str) -> None:
    """Records that he has seen these complaints, or that he found none, in a transaction of its
    own; `what` is one of `LOOKED`.
    """
    seen = {
        "actor": viewer.name,
        "role": str(viewer.role),
        "unit": viewer.unit,
        "seen_at": office.clock(),
    }
    with lent(), office.database.write() as conn:
        conn.execute(
            _LOOKED, [{"subject": s, "what": what, **seen} for s in subjects or (NOTHING,)]
        )


def looks(
    conn: Connection,
    account: str | None = None,
    subject: str | None = None,
    *,
    most: int = 100,
    before: int | None = None,
) -> tuple[Look, ...]:
    """By this account, at this complaint: `most` of those before this one, the newest first."""
    query = select(views).order_by(views.c.id.desc()).limit(most)
    if account:
        query = query.where(views.c.actor == account)
    if subject:
        query = query.where(views.c.subject == subject)
    if before is not None:
        query = query.where(views.c.id < before)
    return tuple(
        Look(
            row.id,
            row.seen_at,
            NAMELESS if row.role == Role.CITIZEN else row.actor,
            wording.role_name(row.role),
            row.unit,
            row.subject,
            (LOOKED if row.subject != NOTHING else _NOTHING_FOUND).get(row.what, row.what),
        )
        for row in conn.execute(query)
    )


@dataclass(frozen=True, slots=True)
class Reveal:
    """One number shown; `at` in microseconds UTC; `reason`, without who rated and without any
    number, is None once it is erased.
    """

    at: int
    account: str
    role: str
    subject: str
    reason: str | None


_REVEALED = events.c.type == literal_column("'ContactRevealed'")
"""As the index has it: a value that is bound would not be known to be in it."""

_REASON = and_(
    vault.c.owner == events.c.subject + "-" + cast(events.c.version, Text),
    vault.c.field == "reason",
)

_contact = vault.alias()
_WHO = and_(_contact.c.owner == events.c.subject, _contact.c.field == "contact")


def reveals(
    conn: Connection,
    sealed: Vault,
    account: str | None = None,
    subject: str | None = None,
    *,
    most: int = 100,
    after: int = 0,
) -> tuple[int, tuple[Reveal, ...]]:
    """As `looks`, of the numbers that were shown, each with the reason given for it: it goes into
    files, and a name or a number typed there would leave the complaint that way.
    """
    where = [_REVEALED]
    if account:
        where.append(events.c.actor == account)
    if subject:
        where.append(events.c.subject == subject)
    count = conn.execute(select(func.count()).select_from(events).where(*where)).scalar_one()
    newest = events.c.recorded_at.desc(), events.c.lane, events.c.pos.desc()
    reason, who = vault.c.sealed.label("reason"), _contact.c.sealed.label("who")
    query = select(events, reason, who).outerjoin(vault, _REASON).outerjoin(_contact, _WHO)
    query = query.where(*where).order_by(*newest)
    return int(count), tuple(
        Reveal(
            row.recorded_at,
            row.actor,
            wording.role_name(row.role),
            row.subject,
            row.reason and _reason(sealed, row),
        )
        for row in conn.execute(query.offset(after).limit(most))
    )


def _reason(sealed: Vault, row: Row[Any]) -> str:
    owner = f"{row.subject}-{row.version}"
    text = opened_text(sealed.unseal(owner, "reason", bytes(row.reason)))
    rated = row.who and sealed.unseal(row.subject, "contact", bytes(row.who))
    sent = opened_private(rated)
    return without_persons(text, *named(sent))
