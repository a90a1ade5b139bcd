"""工单办理: one order as its unit sees it: what to solve, what was said, what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, bindparam, select

import schemas as s
from console import foreseen, wording
from console.entries import Entry, Timeline
from console.foreseen import Foreseen
from console.people import names_of
from console.remaining import Left, left_of
from console.timeline import viewing
from console.web.departments.listing import who_has_it
from console.wiring import Office
from schemas.codes import Alarm
from workflow.advance import NEXT_ROUND
from workflow.complaint import Complaint
from workflow.door import texts_of
from workflow.ledger import Actor
from workflow.rulebook import BoundRules
from workflow.states import State
from workflow.storage import desk
from workflow.storage.desk import Attachment, Draft
from workflow.storage.models import events

FIELDS = (
    "kind",
    "legal_basis",
    "facts",
    "cause",
    "measures",
    "post",
    "reply",
    "signer",
    "signer_post",
)
"""What the feedback's form has; `signer` and his office are one field of the event."""

BETWEEN = "，"
"""Stands between the signer's name and his office."""

SENT = "DepartmentAssigned"


class File(NamedTuple):
    """An attachment as the form shows it: whether it will be submitted, and can be deleted."""

    about: Attachment
    chosen: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class Order:
    """One order for one viewer, as of one look. Instants in microseconds UTC."""

    number: str
    subject: str
    state: str
    state_name: str
    round: int
    main: bool
    holder: str
    seen: Timeline
    left: Left | None
    limit: str
    cards: tuple[tuple[Alarm, int], ...]
    steps: Mapping[str, Foreseen]
    days_left: int
    files: tuple[File, ...]
    draft: Draft | None
    last: Mapping[str, str]
    names: Mapping[str, str]

    def name(self, account: str) -> str:
        """A person's name by the account."""
        return self.names.get(account, account)

    @property
    def version(self) -> int:
        return self.seen.version

    @property
    def writes(self) -> bool:
        """Whether the feedback can be submitted now."""
        return self.main and self.steps["RectificationSubmitted"].refusal is None

    @property
    def drafts(self) -> bool:
        """Whether the feedback can be written now, and is kept meanwhile; nothing else is."""
        return self.writes or (self.main and self.state == State.DISPATCHED)

    def of(self, *types: str) -> tuple[Entry, ...]:
        """What has happened of these kinds, the latest first."""
        return tuple(entry for entry in reversed(self.seen.entries) if entry.type in types)

    def since(self, *types: str) -> tuple[Entry, ...]:
        """The same, of this order alone: since it was sent out."""
        entries = self.seen.entries
        sent = max((n for n, entry in enumerate(entries) if entry.type == SENT), default=-1)
        return tuple(entry for entry in reversed(entries[sent + 1 :]) if entry.type in types)

    @property
    def again(self) -> tuple[Entry, ...]:
        """What of the round before led to this one, as far as the unit is told of it."""
        before = self.of(*NEXT_ROUND) if self.round > 1 else ()
        return tuple(entry for entry in before if entry not in self.since(*NEXT_ROUND))[:1]


def order_page(office: Office, viewer: Actor, number: str) -> Order:
    """The order of this number, for the unit that has it or assists; that it looked is recorded.

    Raises UnknownComplaint, for another unit's too.
    """
    with viewing(office, number, viewer) as view:
        return _order(office, view.conn, view.complaint, viewer, view.timeline())


def _order(office: Office, conn: Connection, c: Complaint, viewer: Actor, seen: Timeline) -> Order:
    rules = office.rulebook.of(c)
    now, main, state = office.clock(), c.unit == viewer.unit, State(c.state)
    limit = "acknowledge" if main and state is State.DISPATCHED else "rectify"
    order = str(c.order)
    files = desk.files_of(conn, office.vault, c.id) if main else []
    return Order(
        number=order,
        subject=c.id,
        state=c.state,
        state_name=wording.state_name(c.state),
        round=c.round,
        main=main,
        holder=who_has_it(c),
        seen=seen,
        left=left_of(rules, c, limit, now),
        limit=limit,
        cards=_cards(c, limit),
        steps=foreseen.units_steps(c, viewer, now, rules),
        days_left=foreseen.days_left(c, rules),
        files=tuple(_files(files, viewer, order)),
        draft=desk.draft_of(conn, office.vault, order, viewer.name) if main else None,
        last=_last(office, conn, c, viewer) if main else {},
        names=names_of(conn, (entry.who for entry in seen.entries)),
    )


def _cards(c: Complaint, limit: str) -> tuple[tuple[Alarm, int], ...]:
    """From when on the unit has a yellow and a red card."""
    opened = c.limits.get(limit)
    if opened is None or limit in c.paused:
        return ()
    cards = ((Alarm.YELLOW, opened.warn_at), (Alarm.RED, opened.red_at))
    return tuple((card, at) for card, at in cards if at is not None)


def _files(files: list[Attachment], viewer: Actor, order: str) -> list[File]:
    """The files of this order: those of the last feedback, and those that wait."""
    mine = [file for file in files if file.unit == viewer.unit and file.order_no == order]
    return [File(file, True, file.version is None) for file in mine]


def _last(office: Office, conn: Connection, c: Complaint, viewer: Actor) -> Mapping[str, str]:
    """What this unit submitted last for this order, to be mended; empty: nothing yet."""
    if not c.sent_back:
        return {}
    row = conn.execute(_SUBMITTED, {"of": c.id, "of_unit": viewer.unit}).one_or_none()
    if row is None:
        return {}
    data = from_json(row.data)
    told = {name: str(data[name]) for name in ("kind", "post") if data.get(name)}
    for name in texts_of(s.RectificationSubmitted):
        text = office.vault.text(conn, f"{c.id}-{row.version}", name)
        if text is not None:
            told[name] = text
    signer, _, place = told.pop("signed_by", "").partition(BETWEEN)
    return told | {"signer": signer, "signer_post": place}


_SUBMITTED = (
    select(events.c.version, events.c.data)
    .where(
        events.c.subject == bindparam("of"),
        events.c.type == "RectificationSubmitted",
        events.c.unit == bindparam("of_unit"),
    )
    .order_by(events.c.version.desc())
    .limit(1)
)


def effect(step: Foreseen, rules: BoundRules, now: int) -> str:
    """What the step would do to the order's due time, in one line."""
    zone = rules.policy.zone
    if step.due_at is None:
        return ""
    if step.paused:
        return "停表：作出决定以前不计时"
    due = wording.near(step.due_at, zone, now)
    return f"最晚可到 {due}" if step.moves else f"不停表：仍是 {due} 到期"
