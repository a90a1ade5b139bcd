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
from console.rated import TICKED, unverified
from console.recognised import for_the_office, in_words, to_unit
from console.scope import complaint_for
from console.service import Named, Served, named, served, service_told, taken_in
from console.sight import (
    RELAYED,
    admit,
    concerns,
    may_know,
    may_read,
    may_see,
    overlays,
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
from workflow.loop import BEFORE_FEEDBACK
from workflow.phones import number_in
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
            tuple(self._head()),
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
        return tuple(other._head())

    @cached_property
    def records(self) -> list[Record]:
        """All that happened, whoever may see it."""
        rows = self.conn.execute(_EVENTS, {"of": self.complaint.id})
        return [record_of(row) for row in rows]

    def _head(self) -> Iterator[tuple[str, str]]:
        c, first = self.complaint, self.records[0]
        fact = first.fact
        yield "满意度", wording.value_text("level", fact.level, self.zone)
        if self.unit:
            yield from self._units_head(first)
            return
        yield "勾选原因", wording.value_text("reasons", fact.reasons, self.zone) or "（未勾选）"
        if fact.text:
            yield "原话", self._text(first, "text") or wording.ERASED
        yield "评价时间", wording.when(fact.assessed_at, self.zone)
        yield from taken_in(self.conn, fact, self.served, self.zone)
        yield "实名", ("是" if c.real_name else "否") + f"，{self._phone_in_words()}"
        item, window = self.named
        for label, value in (("事项", item), ("窗口", window), ("区县", fact.area)):
            if value:
                yield label, value
        yield "办件", f"{c.project_no} 第{c.service_number}次服务"
        where = "" if c.handled_by or not self.handler else "（据办件记录）"
        yield "经办单位", f"{self._unit_name(self.handler) or '（未配上）'}{where}"
        yield "单位可见", for_the_office(*self.shown, self.k)
        if c.unit:
            yield "责任单位", self._unit_name(c.unit)
        if c.claimer:
            yield "认领", c.claimer
        if c.ticket:
            yield "12345工单号", c.ticket
        if c.outcome:
            yield "结果", wording.value_text("outcome", c.outcome, self.zone)
        if marks := overlays(c, self.viewer):
            yield "标记", "、".join(marks)

    def _phone_in_words(self) -> str:
        if not self.complaint.has_phone:
            return "无电话"
        return "有电话" if number_in(self.citizen.left) else "电话已删除"

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

    def _units_head(self, first: Record) -> Iterator[tuple[str, str]]:
        """For the unit: time and window coarsened, the service only with consent."""
        c, fact = self.complaint, first.fact
        if c.reason_code:
            yield "核实原因", wording.value_text("reason_code", c.reason_code, self.zone)
        elif ticked := unverified(c, fact.reasons, self.zone):
            yield TICKED, ticked
        if c.case_class:
            yield "分类", wording.value_text("case_class", c.case_class, self.zone)
        if fact.text:
            yield "原话", self._text(first, "text") or wording.ERASED
        if item := named(fact, served(self.conn, fact, self.known_at)).item:
            yield "事项", item
        found, day = self.shown
        yield "时间", in_words(found, day)
        if found.window:
            yield "窗口", found.window
        yield "办件号", service_told(c, agreed=c.show_service_number)
        yield "评价人", "依法保密，请勿查找"
        if c.contact_by_unit and c.unit == self.unit and c.state in BEFORE_FEEDBACK:
            yield RELAYED

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
                shown = self._text(record, name) or wording.ERASED
            elif name in ("unit", "assisting", "suggested_unit"):
                codes = value if isinstance(value, tuple) else (value,)
                shown = "、".join(self._unit_name(code) for code in codes)
            else:
                shown = wording.value_text(name, value, self.zone, self.policy.scale)
            yield wording.FIELDS.get(name, name), shown

    def _text(self, record: Record, name: str) -> str | None:
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

    def _unit_name(self, code: str | None) -> str:
        return self.units.names.get(code, code) if code else ""
