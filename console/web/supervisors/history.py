"""督办经过: how one complaint was pressed, who was told, and what the supervisor may do now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.entries import Entry, Timeline
from console.messages import Message, of_events
from console.people import names_of
from console.timeline import viewing
from console.web.supervisors.acting import ACTS
from console.wiring import Office
from workflow.complaint import Complaint
from workflow.ledger import Actor
from workflow.legal import legal_steps
from workflow.policy import Policy

PRESSING = frozenset(
    {
        "DeadlineWarned",
        "DeadlineMissed",
        "DeadlineRecomputed",
        "Reminded",
        "SupervisionOrdered",
        "DepartmentAssigned",
        "WorkOrderAcknowledged",
        "WorkOrderReturned",
        "ReturnAccepted",
        "ReturnRefused",
        "ExtensionRequested",
        "ExtensionGranted",
        "ExtensionRefused",
        "AppealLodged",
        "AppealRejected",
        "RectificationSubmitted",
        "RectificationSentBack",
        "ComplaintReevaluated",
        "RulingCalled",
        "RulingGiven",
    }
)
"""Steps that tell how a complaint came to be where it hangs."""


@dataclass(frozen=True, slots=True)
class Step:
    """One of them, with the messages it sent."""

    entry: Entry
    sent: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class History:
    """One complaint: its fold and timeline, how it was pressed, and the viewer's legal steps;
    `names` are people's by their accounts.
    """

    complaint: Complaint
    timeline: Timeline
    pressed: tuple[Step, ...]
    legal: tuple[str, ...]
    names: Mapping[str, str]

    @property
    def head(self) -> tuple[tuple[str, str], ...]:
        """What the complaint is about, and by name who has claimed it."""
        return tuple(
            (label, self.name(text) if label == "认领" else text)
            for label, text in self.timeline.head
        )

    def name(self, account: str) -> str:
        return self.names.get(account, account)


def history(office: Office, subject: str, viewer: Actor) -> History:
    """Records that the viewer looked. Raises UnknownComplaint, NotPermitted."""
    with viewing(office, subject, viewer) as view:
        complaint, found = view.complaint, view.timeline()
        entries = [entry for entry in found.entries if entry.type in PRESSING]
        ids = (f"{complaint.id}-{entry.version}" for entry in entries)
        sent = of_events(view.conn, office.units, ids)
        names = names_of(view.conn, (complaint.claimer, *(entry.who for entry in found.entries)))
    steps = tuple(Step(e, _of(sent, f"{complaint.id}-{e.version}")) for e in entries)
    policy = office.rulebook.of(complaint).policy
    may = legal(complaint, viewer, office.clock(), policy)
    return History(complaint, found, steps, may, names)


def legal(c: Complaint, viewer: Actor, at: int, policy: Policy) -> tuple[str, ...]:
    """The events of `ACTS` that the viewer may record then (microseconds UTC), in their order."""
    steps = legal_steps(c, viewer.role, viewer.name, at, policy, viewer.unit)
    return tuple(event for event in ACTS if event in steps)


def _of(sent: tuple[Message, ...], event: str) -> tuple[Message, ...]:
    return tuple(message for message in sent if message.event == event)
