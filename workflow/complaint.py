"""The complaint's row: a complete fold of its events, and how each event folds into it; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

import schemas as s
from schemas.envelope import Fact, Role


class Open(NamedTuple):
    """An open limit or window: instants in microseconds UTC; `generation` rises whenever it is opened or moved."""

    due_at: int
    warn_at: int | None
    red_at: int | None
    original_due_at: int
    generation: int
    opened_at: int
    provisional: bool
    calendar: str


@dataclass(frozen=True, slots=True)
class Event:
    """A fact about to be recorded, or replayed: who says so, in which role, when it occurred (microseconds UTC)."""

    fact: Fact
    actor: str
    role: Role
    at: int
    unit: str | None = None
    cause: str | None = None

    @property
    def type(self) -> str:
        return type(self.fact).__name__


@dataclass
class Complaint:
    """The state of one complaint; treated as a value: `advance` works on a copy."""

    id: str
    state: str = ""
    version: int = 0
    touched: int = 0
    profile: str = ""
    profile_version: str = ""
    source: str = ""
    project_no: str = ""
    service_number: str = ""
    level: int = 0
    real_name: bool = False
    has_phone: bool = False
    handled_by: str | None = None
    area: str | None = None
    collected_at: int = 0
    ended_at: int | None = None
    ticket: str | None = None
    misoperation: str | None = None
    duplicate_of: str | None = None
    claimer: str | None = None
    verifier: str | None = None
    barred: str | None = None
    alleger: str | None = None
    contact_requested: bool = False
    contact_requested_at: int | None = None
    verify_pauses: list[list[int]] = field(default_factory=list)
    calls: int = 0
    last_call_at: int | None = None
    answered: bool = False
    verdict: str | None = None
    ground: str | None = None
    reason_code: str | None = None
    case_class: str | None = None
    show_service_number: bool = False
    named_unit: str | None = None
    unit: str | None = None
    assisting: list[str] = field(default_factory=list)
    orders: int = 0
    round: int = 1
    returns: int = 0
    acknowledged: bool = False
    extension_days: int = 0
    extension_asked: int = 0
    appealed: bool = False
    question_open: bool = False
    sent_back: int = 0
    invited: bool = False
    supervised: int = 0
    outcome: str | None = None
    final_level: int | None = None
    objected: bool = False
    retaliation: bool = False
    missed: list[str] = field(default_factory=list)
    limits: dict[str, Open] = field(default_factory=dict)
    met_rectify: Open | None = None
    generations: dict[str, int] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        """Somebody can be called: a real-name rating with a phone."""
        return self.real_name and self.has_phone

    def copy(self) -> Complaint:
        new = Complaint.__new__(Complaint)
        new.__dict__.update(self.__dict__)
        return new


NAMES = tuple(f.name for f in fields(Complaint))


def dump(complaint: Complaint) -> str:
    """The row's fold as JSON text."""
    return to_json(complaint.__dict__).decode()


def load(text: str | bytes) -> Complaint:
    """The complaint from its row's JSON text."""
    raw: dict[str, Any] = from_json(text)
    raw["limits"] = {name: Open(*value) for name, value in raw["limits"].items()}
    if raw["met_rectify"] is not None:
        raw["met_rectify"] = Open(*raw["met_rectify"])
    complaint = Complaint.__new__(Complaint)
    complaint.__dict__.update(raw)
    return complaint


Fold = Callable[[Complaint, Any, Event, Any], None]
FOLDS: dict[str, Fold] = {}


def _folds(*types: type[Fact]) -> Callable[[Fold], Fold]:
    def register(fold: Fold) -> Fold:
        for kind in types:
            FOLDS[kind.__name__] = fold
        return fold

    return register


@_folds(s.ReviewCollected)
def _collected(c: Complaint, f: s.ReviewCollected, e: Event, _: Any) -> None:
    c.profile, c.profile_version = f.profile, f.profile_version
    c.source, c.project_no, c.service_number = f.source, f.project_no, f.service_number
    c.level, c.real_name, c.has_phone = f.level, f.real_name, f.has_phone
    c.handled_by, c.area, c.collected_at = f.unit, f.area, e.at


@_folds(s.ComplaintAnalysed)
def _analysed(c: Complaint, f: s.ComplaintAnalysed, _e: Event, _: Any) -> None:
    c.misoperation, c.duplicate_of = f.misoperation, f.duplicate_of


@_folds(s.TicketLinked)
def _ticket(c: Complaint, f: s.TicketLinked, _e: Event, _: Any) -> None:
    c.ticket = f.ticket


@_folds(s.ComplaintClaimed)
def _claimed(c: Complaint, _f: Fact, e: Event, _: Any) -> None:
    c.claimer = e.actor


@_folds(s.ComplaintReleased)
def _released(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.claimer = None


@_folds(s.CallAttempted)
def _called(c: Complaint, f: s.CallAttempted, e: Event, policy: Any) -> None:
    spacing = int(policy.call_spacing.total_seconds() * 1_000_000)
    if c.last_call_at is None or e.at - c.last_call_at >= spacing:
        c.calls += 1
        c.last_call_at = e.at
    if f.outcome == "answered":
        c.answered = True


@_folds(s.ContactRequested)
def _contact_requested(c: Complaint, _f: Fact, e: Event, _: Any) -> None:
    c.contact_requested, c.contact_requested_at = True, e.at


@_folds(s.ContactSupplied)
def _contact_supplied(c: Complaint, f: s.ContactSupplied, e: Event, _: Any) -> None:
    c.contact_requested = False
    if c.contact_requested_at is not None:
        c.verify_pauses = [*c.verify_pauses, [c.contact_requested_at, e.at]]
    c.contact_requested_at = None
    if f.found:
        c.has_phone = c.real_name = True


@_folds(s.MaliceAlleged)
def _alleged(c: Complaint, _f: Fact, e: Event, _: Any) -> None:
    c.alleger = e.actor


@_folds(s.MaliceUpheld)
def _malicious(c: Complaint, _f: Fact, e: Event, _: Any) -> None:
    c.verdict, c.ground, c.verifier = "malicious", None, e.actor


@_folds(s.ComplaintConfirmed)
def _confirmed(c: Complaint, f: s.ComplaintConfirmed, e: Event, _: Any) -> None:
    c.verdict, c.ground, c.verifier = "valid", None, e.actor
    c.reason_code, c.case_class = f.reason_code, str(f.case_class)
    c.show_service_number = f.show_service_number
    if f.unit:
        c.named_unit = f.unit


@_folds(s.ComplaintDismissed)
def _dismissed(c: Complaint, f: s.ComplaintDismissed, e: Event, _: Any) -> None:
    c.verdict, c.ground = str(f.verdict), None if f.ground is None else str(f.ground)
    c.verifier = e.actor


@_folds(s.AppealUpheld)
def _appeal_upheld(c: Complaint, f: s.AppealUpheld, _e: Event, _: Any) -> None:
    c.verdict, c.ground = str(f.verdict), None if f.ground is None else str(f.ground)


def _verify_again(c: Complaint) -> None:
    c.verdict = c.ground = c.ended_at = c.alleger = None
    c.calls, c.last_call_at, c.answered, c.verify_pauses = 0, None, False, []


@_folds(s.DismissalReversed)
def _reversed(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    _verify_again(c)


@_folds(s.DepartmentAssigned)
def _assigned(c: Complaint, f: s.DepartmentAssigned, _e: Event, _: Any) -> None:
    c.unit, c.assisting, c.orders = f.unit, list(f.assisting), c.orders + 1
    c.acknowledged, c.named_unit, c.sent_back, c.invited = False, None, 0, False
    c.extension_days = c.extension_asked = 0
    c.question_open, c.met_rectify = False, None


@_folds(s.WorkOrderAcknowledged, s.ReturnRefused, s.AppealRejected)
def _acknowledged(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.acknowledged = True


@_folds(s.WorkOrderReturned)
def _returned(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.returns += 1


@_folds(s.ReturnAccepted)
def _return_accepted(c: Complaint, f: s.ReturnAccepted, _e: Event, _: Any) -> None:
    c.named_unit, c.unit, c.assisting = f.unit, None, []


@_folds(s.ExtensionRequested)
def _extension_requested(c: Complaint, f: s.ExtensionRequested, _e: Event, _: Any) -> None:
    c.extension_asked = f.working_days


@_folds(s.ExtensionGranted)
def _extension_granted(c: Complaint, f: s.ExtensionGranted, _e: Event, _: Any) -> None:
    c.extension_days, c.extension_asked = c.extension_days + f.working_days, 0


@_folds(s.ExtensionRefused)
def _extension_refused(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.extension_asked = 0


@_folds(s.AppealLodged)
def _appealed(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.appealed = True


@_folds(s.ClarificationAsked)
def _asked(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.question_open = True


@_folds(s.ClarificationAnswered)
def _answered(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.question_open = False


@_folds(s.RectificationSubmitted)
def _submitted(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.extension_asked = 0
    c.calls, c.last_call_at, c.answered, c.invited = 0, None, False, False


@_folds(s.RectificationSentBack)
def _sent_back(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.sent_back += 1


@_folds(s.ReevaluationInvited)
def _invited(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.invited = True


@_folds(s.ComplaintReevaluated)
def _reevaluated(c: Complaint, f: s.ComplaintReevaluated, _e: Event, _: Any) -> None:
    c.final_level = f.level
    if c.state == "CLOSED":
        c.outcome = "satisfied"


@_folds(s.FactChecked)
def _fact_checked(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    if c.state == "CLOSED":
        c.outcome = "checked"


@_folds(s.ReevaluationLapsed)
def _lapsed(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.outcome = "unanswered"


@_folds(s.SupervisionOrdered)
def _supervised(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.supervised += 1


@_folds(s.RulingGiven)
def _ruled(c: Complaint, f: s.RulingGiven, _e: Event, _: Any) -> None:
    if f.decision == "close_unresolved":
        c.outcome = "unresolved"
    elif f.decision == "dismiss":
        c.verdict, c.ground = str(f.verdict), None if f.ground is None else str(f.ground)
    else:
        c.named_unit = f.unit


@_folds(s.CitizenObjected)
def _objected(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.objected, c.ended_at, c.outcome = True, None, None
    if c.state == "VERIFYING":
        c.barred = c.verifier
        _verify_again(c)


@_folds(s.RetaliationReported)
def _retaliation(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.retaliation = True


@_folds(s.DeadlineMissed)
def _missed(c: Complaint, f: s.DeadlineMissed, _e: Event, _: Any) -> None:
    c.missed = [*c.missed, f"{f.limit}:{f.generation}"]
