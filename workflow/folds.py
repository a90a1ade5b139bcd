"""How each event folds into the complaint's row, beyond its state and limits; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import schemas as s
from schemas.envelope import Fact
from workflow.complaint import Complaint, Event

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
    c.next_call_at = f.next_call_at
    right, wrong = f.outcome == "answered", f.outcome == "wrong_number"
    c.answered, c.wrong_number = c.answered or right, wrong or (c.wrong_number and not right)


@_folds(s.ContactRequested)
def _contact_requested(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.contact_requested = c.contact_sought = True


@_folds(s.ContactSupplied)
def _contact_supplied(c: Complaint, f: s.ContactSupplied, _e: Event, _: Any) -> None:
    c.contact_requested = False
    if f.found:
        c.has_phone, c.real_name, c.wrong_number = True, True, False


@_folds(s.MaliceAlleged)
def _alleged(c: Complaint, _f: Fact, e: Event, _: Any) -> None:
    c.alleger = e.actor


@_folds(s.MaliceRejected)
def _not_malicious(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.alleger = None


@_folds(s.MaliceUpheld)
def _malicious(c: Complaint, _f: Fact, e: Event, _: Any) -> None:
    c.verdict, c.ground, c.verifier = "malicious", None, e.actor


@_folds(s.ComplaintConfirmed)
def _confirmed(c: Complaint, f: s.ComplaintConfirmed, e: Event, _: Any) -> None:
    c.verdict, c.ground, c.verifier = "valid", None, e.actor
    c.reason_code, c.case_class = f.reason_code, str(f.case_class)
    c.show_service_number, c.contact_by_unit = f.show_service_number, bool(f.contact_by_unit)
    c.contact_requested, c.next_call_at = False, None
    if f.unit:
        c.named_unit, c.named_assisting = f.unit, list(f.assisting)


@_folds(s.ComplaintDismissed)
def _dismissed(c: Complaint, f: s.ComplaintDismissed, e: Event, _: Any) -> None:
    c.verdict, c.ground = str(f.verdict), None if f.ground is None else str(f.ground)
    c.verifier = e.actor


@_folds(s.AppealUpheld)
def _appeal_upheld(c: Complaint, f: s.AppealUpheld, _e: Event, _: Any) -> None:
    c.verdict, c.ground = str(f.verdict), None if f.ground is None else str(f.ground)


@_folds(s.DismissalReversed)
def _verify_again(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.verdict = c.ground = c.ended_at = None
    _uncalled(c)
    c.contact_requested = c.contact_sought = False


@_folds(s.DepartmentAssigned)
def _assigned(c: Complaint, f: s.DepartmentAssigned, _e: Event, _: Any) -> None:
    c.unit, c.assisting, c.orders = f.unit, list(f.assisting), c.orders + 1
    c.acknowledged, c.sent_back, c.invited = False, 0, False
    c.named_unit, c.named_assisting = None, []
    c.extensions = c.extension_days = c.extension_asked = 0
    c.question_open, c.class_late, c.met_rectify = False, False, None


@_folds(s.WorkOrderAcknowledged, s.ReturnRefused, s.AppealRejected)
def _acknowledged(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.acknowledged = True


@_folds(s.WorkOrderReturned)
def _returned(c: Complaint, _f: Fact, _e: Event, policy: Any) -> None:
    c.returns += 1
    c.returns_used_up = c.returns >= policy.max_returns


@_folds(s.ReturnAccepted)
def _return_accepted(c: Complaint, f: s.ReturnAccepted, _e: Event, _: Any) -> None:
    c.named_unit, c.named_assisting, c.unit, c.assisting = f.unit, [], None, []


@_folds(s.ExtensionRequested)
def _extension_requested(c: Complaint, f: s.ExtensionRequested, _e: Event, _: Any) -> None:
    c.extension_asked = f.working_days


@_folds(s.ExtensionGranted)
def _extension_granted(c: Complaint, f: s.ExtensionGranted, _e: Event, _: Any) -> None:
    c.extensions, c.extension_asked = c.extensions + 1, 0
    c.extension_days += f.working_days


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
def _submitted(c: Complaint, f: Fact, e: Event, policy: Any) -> None:
    c.extension_asked, c.invited = 0, False
    _to_be_called_back(c, f, e, policy)


@_folds(s.RectificationAccepted)
def _to_be_called_back(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    """Calls made to verify are none of the call-back."""
    if c.state == "REEVALUATING":
        _uncalled(c)


def _uncalled(c: Complaint) -> None:
    c.calls, c.last_call_at, c.next_call_at, c.answered = 0, None, None, False


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
        c.named_unit, c.named_assisting = f.unit, []


@_folds(s.CitizenObjected)
def _objected(c: Complaint, f: Fact, e: Event, policy: Any) -> None:
    c.objected, c.ended_at, c.outcome = True, None, None
    if c.state == "VERIFYING":
        c.barred = c.verifier
        _verify_again(c, f, e, policy)


@_folds(s.RetaliationReported)
def _retaliation(c: Complaint, _f: Fact, _e: Event, _: Any) -> None:
    c.retaliation = True


@_folds(s.DeadlineMissed)
def _missed(c: Complaint, f: s.DeadlineMissed, _e: Event, _: Any) -> None:
    c.missed = [*c.missed, f"{f.limit}:{f.generation}"]
