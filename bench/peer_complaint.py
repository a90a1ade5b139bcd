"""The peer's complaint: an aggregate of the `eventsourcing` package, with the case's events."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from eventsourcing.domain import Aggregate, event

Fact = dict[str, Any]


class Complaint(Aggregate):
    """The complaint; `state` is the type of its last event."""

    @event("ReviewCollected")
    def __init__(self, subject: str, fact: Fact) -> None:
        self.subject, self.unit = subject, fact["unit"]
        self.state = "ReviewCollected"

    @staticmethod
    def create_id(subject: str) -> UUID:
        return uuid5(NAMESPACE_OID, subject)

    @event("ComplaintAnalysed")
    def analyse(self, fact: Fact) -> None:
        self.state, self.category = "ComplaintAnalysed", fact["category"]

    @event("VerificationRequested")
    def request(self, fact: Fact) -> None:
        self.state, self.said = "VerificationRequested", fact

    @event("CallAttempted")
    def call(self, fact: Fact) -> None:
        self.state, self.said = "CallAttempted", fact

    @event("ComplaintConfirmed")
    def confirm(self, fact: Fact) -> None:
        self.state, self.reason = "ComplaintConfirmed", fact["reason_code"]

    @event("DepartmentAssigned")
    def assign(self, fact: Fact) -> None:
        self.state, self.unit, self.order = "DepartmentAssigned", fact["unit"], fact["order"]

    @event("WorkOrderAcknowledged")
    def acknowledge(self, fact: Fact) -> None:
        self.state, self.said = "WorkOrderAcknowledged", fact

    @event("RectificationSubmitted")
    def submit(self, fact: Fact) -> None:
        self.state, self.said = "RectificationSubmitted", fact

    @event("RectificationAccepted")
    def accept(self, fact: Fact) -> None:
        self.state, self.said = "RectificationAccepted", fact

    @event("ReevaluationInvited")
    def invite(self, fact: Fact) -> None:
        self.state, self.said = "ReevaluationInvited", fact

    @event("ComplaintReevaluated")
    def reevaluate(self, fact: Fact) -> None:
        self.state, self.level = "ComplaintReevaluated", fact["level"]


DO = {
    "ComplaintAnalysed": Complaint.analyse,
    "VerificationRequested": Complaint.request,
    "CallAttempted": Complaint.call,
    "ComplaintConfirmed": Complaint.confirm,
    "DepartmentAssigned": Complaint.assign,
    "WorkOrderAcknowledged": Complaint.acknowledge,
    "RectificationSubmitted": Complaint.submit,
    "RectificationAccepted": Complaint.accept,
    "ReevaluationInvited": Complaint.invite,
    "ComplaintReevaluated": Complaint.reevaluate,
}
"""The method that records each later type."""
