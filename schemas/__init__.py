"""WHAT CAN HAPPEN: every event in loop order, their union, and the envelope they travel in."""

from typing import Annotated

from pydantic import Field

from schemas.analysis import ComplaintAnalysed, Finding
from schemas.collection import BatchCollected, LaterRatingJoined, ReviewCollected
from schemas.deadline import DeadlineMissed, DeadlineRecomputed, DeadlineWarned
from schemas.envelope import EnvelopeBase, Fact, LimitChanges, LimitStamp, Role
from schemas.rectification import (
    AppealLodged,
    AppealRejected,
    AppealUpheld,
    AssistanceSubmitted,
    ClarificationAnswered,
    ClarificationAsked,
    DepartmentAssigned,
    ExtensionGranted,
    ExtensionRefused,
    ExtensionRequested,
    RectificationAccepted,
    RectificationSentBack,
    RectificationSubmitted,
    ReturnAccepted,
    ReturnRefused,
    WorkOrderAcknowledged,
    WorkOrderReturned,
)
from schemas.reevaluation import (
    CitizenObjected,
    ComplaintReevaluated,
    FactChecked,
    ReevaluationInvited,
    ReevaluationLapsed,
    RetaliationReported,
)
from schemas.rules import (
    OFFICE_EVENTS,
    CalendarRevised,
    OfficeFact,
    PersonalDataErased,
    PolicyProposed,
    PolicyRefused,
    PolicyTakenIntoForce,
)
from schemas.supervision import Reminded, RulingCalled, RulingGiven, SupervisionOrdered
from schemas.verification import (
    CallAttempted,
    ComplaintClaimed,
    ComplaintConfirmed,
    ComplaintDismissed,
    ComplaintReleased,
    ContactRequested,
    ContactRevealed,
    ContactSupplied,
    DismissalReversed,
    MaliceAlleged,
    MaliceRejected,
    MaliceUpheld,
    TicketLinked,
    VerificationRequested,
)

COMPLAINT_EVENTS: tuple[type[Fact], ...] = (
    ReviewCollected,
    LaterRatingJoined,
    ComplaintAnalysed,
    VerificationRequested,
    TicketLinked,
    ComplaintClaimed,
    ComplaintReleased,
    CallAttempted,
    ContactRequested,
    ContactSupplied,
    MaliceAlleged,
    MaliceUpheld,
    MaliceRejected,
    ComplaintConfirmed,
    ComplaintDismissed,
    DismissalReversed,
    DepartmentAssigned,
    WorkOrderAcknowledged,
    WorkOrderReturned,
    ReturnAccepted,
    ReturnRefused,
    ExtensionRequested,
    ExtensionGranted,
    ExtensionRefused,
    AppealLodged,
    AppealUpheld,
    AppealRejected,
    AssistanceSubmitted,
    ClarificationAsked,
    ClarificationAnswered,
    RectificationSubmitted,
    RectificationAccepted,
    RectificationSentBack,
    ReevaluationInvited,
    ComplaintReevaluated,
    FactChecked,
    ReevaluationLapsed,
    SupervisionOrdered,
    Reminded,
    ContactRevealed,
    RulingCalled,
    RulingGiven,
    CitizenObjected,
    RetaliationReported,
    DeadlineWarned,
    DeadlineMissed,
    DeadlineRecomputed,
)
"""Events whose subject is a complaint, in the order of the loop's table."""

RULE_EVENTS: tuple[type[Fact], ...] = (BatchCollected, *OFFICE_EVENTS)
"""Events with subjects of their own."""

EVENTS: tuple[type[Fact], ...] = COMPLAINT_EVENTS + RULE_EVENTS
BY_TYPE: dict[str, type[Fact]] = {event.__name__: event for event in EVENTS}

AnyFact = Annotated[
    ReviewCollected
    | LaterRatingJoined
    | ComplaintAnalysed
    | VerificationRequested
    | TicketLinked
    | ComplaintClaimed
    | ComplaintReleased
    | CallAttempted
    | ContactRequested
    | ContactSupplied
    | MaliceAlleged
    | MaliceUpheld
    | MaliceRejected
    | ComplaintConfirmed
    | ComplaintDismissed
    | DismissalReversed
    | DepartmentAssigned
    | WorkOrderAcknowledged
    | WorkOrderReturned
    | ReturnAccepted
    | ReturnRefused
    | ExtensionRequested
    | ExtensionGranted
    | ExtensionRefused
    | AppealLodged
    | AppealUpheld
    | AppealRejected
    | AssistanceSubmitted
    | ClarificationAsked
    | ClarificationAnswered
    | RectificationSubmitted
    | RectificationAccepted
    | RectificationSentBack
    | ReevaluationInvited
    | ComplaintReevaluated
    | FactChecked
    | ReevaluationLapsed
    | SupervisionOrdered
    | Reminded
    | ContactRevealed
    | RulingCalled
    | RulingGiven
    | CitizenObjected
    | RetaliationReported
    | DeadlineWarned
    | DeadlineMissed
    | DeadlineRecomputed
    | BatchCollected
    | OfficeFact,
    Field(discriminator="type"),
]


class Envelope(EnvelopeBase):
    """An event as it travels: CloudEvents attributes and one fact of the union."""

    data: AnyFact


__all__ = [
    "BY_TYPE",
    "COMPLAINT_EVENTS",
    "EVENTS",
    "RULE_EVENTS",
    "AnyFact",
    "AppealLodged",
    "AppealRejected",
    "AppealUpheld",
    "AssistanceSubmitted",
    "BatchCollected",
    "CalendarRevised",
    "CallAttempted",
    "CitizenObjected",
    "ClarificationAnswered",
    "ClarificationAsked",
    "ComplaintAnalysed",
    "ComplaintClaimed",
    "ComplaintConfirmed",
    "ComplaintDismissed",
    "ComplaintReevaluated",
    "ComplaintReleased",
    "ContactRequested",
    "ContactRevealed",
    "ContactSupplied",
    "DeadlineMissed",
    "DeadlineRecomputed",
    "DeadlineWarned",
    "DepartmentAssigned",
    "DismissalReversed",
    "Envelope",
    "ExtensionGranted",
    "ExtensionRefused",
    "ExtensionRequested",
    "Fact",
    "FactChecked",
    "Finding",
    "LaterRatingJoined",
    "LimitChanges",
    "LimitStamp",
    "MaliceAlleged",
    "MaliceRejected",
    "MaliceUpheld",
    "PersonalDataErased",
    "PolicyProposed",
    "PolicyRefused",
    "PolicyTakenIntoForce",
    "RectificationAccepted",
    "RectificationSentBack",
    "RectificationSubmitted",
    "ReevaluationInvited",
    "ReevaluationLapsed",
    "Reminded",
    "RetaliationReported",
    "ReturnAccepted",
    "ReturnRefused",
    "ReviewCollected",
    "Role",
    "RulingCalled",
    "RulingGiven",
    "SupervisionOrdered",
    "TicketLinked",
    "VerificationRequested",
    "WorkOrderAcknowledged",
    "WorkOrderReturned",
]
