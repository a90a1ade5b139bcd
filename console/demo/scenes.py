"""演示：a scene: rows come in, people take steps, alarms ring, each at its virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal

from sqlalchemy import func, select

from console.demo.actors import Case, Clerk, Handler, Person, Reviewer
from console.demo.clock import DemoClock, closing
from console.demo.fates import Fate, Key
from console.demo.feed import SOURCE, Delivery
from console.demo.operators import OPERATORS, Operator
from consumers import register
from producers.clock import tick
from workflow.answers import Answers
from workflow.bus.consumer import Consumer, Record, Work
from workflow.bus.embedded import EmbeddedBus
from workflow.collection import collect_ready
from workflow.complaint import Complaint, load
from workflow.states import State
from workflow.storage.models import complaints, deadlines

if TYPE_CHECKING:
    from console.wiring import Office

PARKED = "PARKED"
"""The stage of the one complaint that a consumer's failure stops."""

_OPEN = select(complaints.c.id, complaints.c.version, complaints.c.fold).where(
    complaints.c.ended_at.is_(None)
)
_NEXT_TIMER = select(func.min(deadlines.c.next_at))
_AT_ONCE = (State.ASSIGNING, State.REEVALUATING)
"""States into which a person's step brings a complaint and in which a consumer acts on it."""


@dataclass(frozen=True, order=True, slots=True)
class _Booking:
    """Somebody's plan to turn to a complaint; void once another plan for it is made."""

    at: int
    number: int
    case: Case = field(compare=False)
    person: Person = field(compare=False)


class Scene:
    """One office on a virtual clock, with its people; `told` hears each delivery's answers."""

    def __init__(
        self,
        office: Office,
        clock: DemoClock,
        fates: Mapping[Key, Fate],
        told: Callable[[Delivery, Answers], None] = lambda _delivery, _answers: None,
        bus: EmbeddedBus | None = None,
    ) -> None:
        self.office, self.clock, self._fates, self._told = office, clock, fates, told
        self._calendar = office.rulebook.calendar_at(clock())
        self._desk, self._bus = office.desk(), bus or office.bus()
        self._staff = Staff(office, clock, fates)
        self._agenda: list[_Booking] = []
        self._plans: dict[str, _Booking] = {}
        self._looked_at: dict[str, int] = {}
        self._next_timer: int | None = None
        self._behind_until: int | None = None
        self.complaints: dict[Key, str] = {}

    def take(self, delivery: Delivery) -> Answers:
        """Takes a delivery in by the real intake, at its own time."""
        self.until(delivery.at)
        ledger = self.office.ledger
        answers = collect_ready(ledger, self._desk, SOURCE, delivery.rows, delivery.refused)
        self._told(delivery, answers)
        if answers.complaints:
            self.catch_up()
            self._look_round()
        return answers

    def until(self, at: int) -> None:
        """Everything that people have planned and timers are set for, up to this instant."""
        while (soonest := self._soonest()) is not None and soonest <= at:
            self.clock.move(soonest)
            if soonest == self._next_timer:
                while tick(self.office.ledger):
                    pass
                self.catch_up()
                self._look_round()
            elif soonest == self._behind_until:
                self.catch_up()
            else:
                self._act(heappop(self._agenda))
        self.clock.move(at)

    def _soonest(self) -> int | None:
        planned = self._agenda[0].at if self._agenda else None
        times = (self._next_timer, self._behind_until, planned)
        return min((at for at in times if at is not None), default=None)

    def _act(self, booking: _Booking) -> None:
        """A plan carried out; the consumers follow at once where the next step is theirs, else
        before the office closes.
        """
        if self._plans.get(booking.case.subject) is not booking:
            return
        del self._plans[booking.case.subject]
        booking.person.act(booking.case)
        self._behind_until = closing(self._calendar, self.clock())
        if self._look_round(booking):
            self.catch_up()
            self._look_round(booking)

    def catch_up(self) -> None:
        """Lets the consumers work off the log, and sees which timer rings next."""
        self._bus.drain()
        self._behind_until = None
        with self.office.database.read() as conn:
            self._next_timer = conn.execute(_NEXT_TIMER).scalar()

    def _look_round(self, done: _Booking | None = None) -> bool:
        """Everybody sees what has come to his desk; answers whether a consumer must act first."""
        with self.office.database.read() as conn:
            rows = conn.execute(_OPEN).all()
        waiting = False
        for row in rows:
            if self._looked_at.get(row.id) != row.version:
                self._looked_at[row.id] = row.version
                complaint = load(row.fold)
                waiting = waiting or complaint.state in _AT_ONCE
                self._hand_on(complaint, done)
        return waiting

    def _hand_on(self, c: Complaint, done: _Booking | None) -> None:
        key = (c.project_no, c.service_number)
        self.complaints[key] = c.id
        fate, person = self._fates[key], self._staff.responsible(c)
        plan = self._plans.get(c.id)
        if plan is not None and plan.person is person and plan.case.state == c.state:
            return
        self._plans.pop(c.id, None)
        if person is None or _stays(c, fate):
            return
        self._plan(self._case(c, fate, again=_just_tried(done, c, person)), person)

    def _case(self, c: Complaint, fate: Fate, again: bool) -> Case:
        order = c.limits.get("rectify") or c.met_rectify
        return Case(
            subject=c.id,
            key=(c.project_no, c.service_number),
            state=State(c.state),
            at=self.clock(),
            fate=fate,
            calendar=self._calendar,
            again=again,
            dispatched_at=order.opened_at if order else 0,
            round=c.round,
            original=self.complaints.get(fate.original, "") if fate.original else "",
        )

    def _plan(self, case: Case, person: Person) -> None:
        booking = _Booking(
            person.when(case), len(self._looked_at) + len(self._agenda), case, person
        )
        self._plans[case.subject] = booking
        heappush(self._agenda, booking)


def _just_tried(done: _Booking | None, c: Complaint, person: Person) -> bool:
    """Whether this person has just taken a step that left the complaint where it was."""
    return (
        done is not None
        and done.person is person
        and done.case.subject == c.id
        and done.case.state == c.state
    )


def _stays(c: Complaint, fate: Fate) -> bool:
    """Whether the script leaves the complaint here."""
    if fate.stage == PARKED:
        return c.state == State.REEVALUATING
    return fate.stage == c.state and (c.state != State.REEVALUATING or c.calls >= fate.unanswered)


def refusing(office: Office, fates: Mapping[Key, Fate]) -> tuple[Consumer, ...]:
    """The office's consumers, but the message gateway refuses the complaint to be parked."""
    silent = {key for key, fate in fates.items() if fate.stage == PARKED}
    return tuple(
        Refusing(consumer, silent) if consumer.name == "notifications" else consumer
        for consumer in register(office)
    )


class Refusing:
    """Notifications whose gateway takes no invitation for certain complaints."""

    start: Literal["beginning", "now"] = "now"
    replayable = recording = False

    def __init__(self, notifications: Consumer, silent: set[Key]) -> None:
        self._notifications, self._silent = notifications, silent
        self.name, self.handles = notifications.name, notifications.handles
        self.recording = notifications.recording

    def handle(self, record: Record, work: Work) -> None:
        if record.type == "ReevaluationInvited":
            c = work.complaint(record.subject)
            if (c.project_no, c.service_number) in self._silent:
                raise ConnectionRefusedError("短信网关拒收：签名未报备（演示）")
        self._notifications.handle(record, work)


class Staff:
    """Everybody who works for the office or for a unit, each hired when first needed."""

    def __init__(self, office: Office, clock: DemoClock, fates: Mapping[Key, Fate]) -> None:
        self._office, self._fates = office, fates
        self._operators = [Operator(office, account, clock.spend) for account in OPERATORS]
        self._reviewer = Reviewer(office)
        self._handlers: dict[str, Handler] = {}
        self._clerks: dict[str, Clerk] = {}

    def responsible(self, c: Complaint) -> Person | None:
        """Who has something to do in this complaint; None while a consumer or nobody has."""
        if c.state == State.VERIFYING and c.contact_requested and c.handled_by:
            return self._clerk(c.handled_by)
        if c.state in (State.DISPATCHED, State.RECTIFYING) and c.unit:
            return self._handler(c.unit)
        if c.state == State.MALICE_REVIEW:
            return self._reviewer
        if c.state in _HOTLINE:
            return self._operators[int(c.project_no[-2:]) % len(self._operators)]
        return None

    def _clerk(self, unit: str) -> Clerk:
        return self._clerks.setdefault(unit, Clerk(self._office, unit, self._fates))

    def _handler(self, unit: str) -> Handler:
        return self._handlers.setdefault(unit, Handler(self._office, unit))


_HOTLINE = (State.VERIFYING, State.RETURNED, State.REVIEWING, State.REEVALUATING)
