"""时间线: one complaint's steps as this viewer may see them; the unit sees its own part, never
who rated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, select

from console import wording
from console.entries import Due, Entry, Timeline
from console.heading import head
from console.recognised import to_unit
from console.scope import complaint_for
from console.service import Named, Served, named, served
from console.sight import (
    admit,
    concerns,
    may_know,
    may_read,
    may_see,
    steps_for,
    version_for,
)
from console.traces import looked
from schemas import BY_TYPE
from schemas.envelope import Role
from schemas.persons import without_persons
from workflow.complaint import Complaint, Open
from workflow.contact import Citizen
from workflow.door import texts_of
from workflow.ledger import Actor
from workflow.recognition import Shown
from workflow.record import Record, record_of
from workflow.storage.models import events

if TYPE_CHECKING:
    from console.wiring import Office

_EVENTS = select(events).where(events.c.subject == bindparam("of")).order_by(events.c.version)


def timeline(office: Office, number: str, viewer: Actor) -> Timeline:
    """Records that the viewer looked, and what he may see; by the complaint's number or an order's.

    Raises UnknownComplaint (also for another unit's), NotPermitted.
    """
    with viewing(office, number, viewer) as view:
        return view.timeline()


@contextmanager
def viewing(office: Office, number: str, viewer: Actor) -> Iterator[View]:
    """The same for whoever reads more of it in the same snapshot."""
    admit(viewer, wording.role_name(viewer.role))
    with office.database.read() as conn:
        view = View(office, conn, complaint_for(conn, viewer, number), viewer)
        yield view
    looked(office, viewer, "timeline", view.complaint.id)


class View:
    """One look at one complaint in one snapshot."""

    def __init__(
        self, office: Office, conn: Connection, complaint: Complaint, viewer: Actor
    ) -> None:
        self.office, self.conn, self.complaint, self.viewer = office, conn, complaint, viewer
        rules = office.rulebook.of(complaint)
        self.policy, self.zone, self.k = rules.policy, rules.policy.zone, rules.policy.min_match_k
        self.unit = viewer.unit if viewer.role is Role.DEPARTMENT else None
        self.units = office.units
        self.citizen = Citizen(conn, office.vault, complaint)

    def timeline(self) -> Timeline:
        c = self.complaint
        return Timeline(
            c.id,
            c.state,
            version_for(c, unit=self.unit is not None),
            self._heard(),
            self.zone,
            tuple(head(self)),
            tuple(self._dues(c.limits, c.assisting, c.paused)),
            tuple(self._entries()),
            steps_for(c, self.viewer, self.office.clock(), self.policy),
        )

    def _heard(self) -> int:
        heard = (r.version for r in self.records if concerns(self.viewer, r.type, r.unit))
        return max(heard, default=0)

    def as_its_unit_has_it(self) -> tuple[tuple[str, str], ...]:
        """What its unit is told at the head; where it has none yet, the one that handled it."""
        c = self.complaint
        unit = Actor("", Role.DEPARTMENT, c.unit or self.handler or "-")
        other = View(self.office, self.conn, c, unit)
        other.records, other.shown, other.citizen = self.records, self.shown, self.citizen
        return tuple(head(other))

    @cached_property
    def records(self) -> list[Record]:
        """All that happened, whoever may see it."""
        rows = self.conn.execute(_EVENTS, {"of": self.complaint.id})
        return [record_of(row) for row in rows]

    @cached_property
    def served(self) -> Served | None:
        return served(self.conn, self.records[0].fact)

    @property
    def handler(self) -> str | None:
        """Who gave the service: as the rating came, or else as the service's record says."""
        return self.complaint.handled_by or (self.served.unit if self.served else None)

    @cached_property
    def named(self) -> Named:
        """What was rated, by all that is known now."""
        return named(self.records[0].fact, self.served)

    @cached_property
    def known_at(self) -> int:
        """When the order was last sent; before that, now."""
        sent = (r.recorded_at for r in reversed(self.records) if r.type == "DepartmentAssigned")
        return next(sent, self.office.clock())

    @cached_property
    def shown(self) -> tuple[Shown, date]:
        rating = self.records[0].fact
        return to_unit(self.conn, self.complaint, rating, self.zone, self.k, self.known_at)

    def _entries(self) -> Iterator[Entry]:
        before, holder = "", None
        assisting: tuple[str, ...] = ()
        for record in self.records:
            if record.type == "DepartmentAssigned":
                holder, assisting = record.fact.unit, record.fact.assisting
            if may_see(self.viewer, record, holder, assisting):
                yield self._entry(record, before, assisting)
            if record.type == "ReturnAccepted":
                holder, assisting = None, ()
            before = record.state

    def _entry(self, record: Record, before: str, assisting: tuple[str, ...]) -> Entry:
        people = record.role in (Role.CONSUMER, Role.CLOCK, Role.PLATFORM)
        hide = people or record.role == Role.CITIZEN or (self.unit and record.unit != self.unit)
        return Entry(
            record.version if self.unit is None else None,
            record.type,
            wording.step_name(record.type, before, record.state),
            record.state,
            record.recorded_at,
            record.occurred_at,
            "" if hide else record.actor,
            record.role,
            tuple(self._details(record)),
            tuple(self._dues(record.limits.opened, assisting)),
        )

    def _details(self, record: Record) -> Iterator[tuple[str, str]]:
        if record.type == "ReviewCollected":
            return  # told at the head
        free = texts_of(BY_TYPE[record.type])
        for name, value in record.fact:
            if value in (None, (), "") or not may_read(self.viewer, name):
                continue
            if name in free:
                shown = self.text(record, name) or wording.ERASED
            elif name in ("unit", "assisting", "suggested_unit"):
                codes = value if isinstance(value, tuple) else (value,)
                shown = "、".join(self.unit_name(code) for code in codes)
            else:
                shown = wording.value_text(name, value, self.zone, self.policy.scale)
            yield wording.FIELDS.get(name, name), shown

    def text(self, record: Record, name: str) -> str | None:
        text = self.office.vault.text(self.conn, record.id, name)
        if text is None or self.unit is None or record.unit == self.unit:
            return text
        return without_persons(text, *self.citizen.known)

    def _dues(
        self, limits: Mapping[str, Open], assisting: Collection[str], paused: Collection[str] = ()
    ) -> Iterator[Due]:
        for name, opened in limits.items():
            if may_know(self.viewer, name, assisting):
                label = wording.LIMIT_NAMES.get(name, name)
                yield Due(name, label, opened.due_at, opened.provisional, name in paused)

    def unit_name(self, code: str | None) -> str:
        return self.units.names.get(code, code) if code else ""
