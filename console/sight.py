"""视野: who may read complaints, and which steps, fields and limits of them; the unit its own
only.
"""

from __future__ import annotations

from collections.abc import Collection

from console.scope import WHOLE
from schemas.envelope import Role
from workflow.bus.consumer import Record
from workflow.complaint import Complaint
from workflow.errors import InvalidInput, NotPermitted
from workflow.ledger import Actor
from workflow.legal import legal_rows
from workflow.limits import LIMITS
from workflow.policy import Policy

READERS = WHOLE | {Role.DEPARTMENT}
RETALIATION_READERS = frozenset({Role.SUPERVISOR, Role.AUDITOR})
UNITS_LIMITS = frozenset(row.name for row in LIMITS if row.owner is Role.DEPARTMENT)
ADDRESSED = frozenset(
    {
        "DepartmentAssigned",
        "ReturnAccepted",
        "ReturnRefused",
        "ExtensionGranted",
        "ExtensionRefused",
        "AppealUpheld",
        "AppealRejected",
        "ClarificationAnswered",
        "RectificationAccepted",
        "RectificationSentBack",
        "ComplaintReevaluated",
        "FactChecked",
        "ReevaluationLapsed",
        "RulingGiven",
    }
)
"""What the hotline and the supervisors tell the unit that holds the order."""

PRESSING = frozenset({"SupervisionOrdered", "Reminded", "DeadlineWarned", "DeadlineMissed"})
FOR_THE_WHOLE = frozenset({"SupervisionOrdered", "Reminded"})
"""Pressing that names no limit is meant for whoever holds the order."""

UNITS_FIELDS = frozenset(
    {
        "order",
        "unit",
        "assisting",
        "reason",
        "legal_basis",
        "suggested_unit",
        "working_days",
        "answer",
        "question",
        "note",
        "kind",
        "facts",
        "cause",
        "measures",
        "reply",
        "signed_by",
        "post",
        "level",
        "rectified",
        "decision",
        "verdict",
        "limit",
        "card",
        "due_at",
        "ground",
    }
)
NEVER = frozenset(
    {
        "phone",
        "profile",
        "profile_version",
        "source",
        "project_no",
        "service_number",
        "assess_number",
        "received_at",
        "real_name",
        "has_phone",
        "rules_version",
        "generation",
        "named_by_person",
        "attachments",
    }
)
"""Fields a timeline leaves out: keys, flags shown elsewhere, and the phone, which is an act of
its own.
"""

RELAYED = "联系群众", "群众同意单位联系：请通过“请热线代问”由热线转接，不显示号码"
"""What a unit is told where the citizen agrees to be contacted."""


def admit(viewer: Actor, role_name: str) -> None:
    """Raises NotPermitted for a role that reads no complaints, InvalidInput for a unit unnamed."""
    if viewer.role not in READERS:
        raise NotPermitted(f"{role_name}不看差评件")
    if viewer.role is Role.DEPARTMENT and not viewer.unit:
        raise InvalidInput("unit", "", "责任单位查看时须写单位")


def may_see(viewer: Actor, record: Record, holder: str | None, assisting: tuple[str, ...]) -> bool:
    """Whether this step is shown, given which units held the order when it was recorded."""
    if viewer.role is Role.DEPARTMENT:
        return _units_own(viewer.unit, record, holder, assisting)
    if record.type == "RetaliationReported" and viewer.role not in RETALIATION_READERS:
        return record.actor == viewer.name
    return True


def _units_own(
    unit: str | None, record: Record, holder: str | None, assisting: tuple[str, ...]
) -> bool:
    if record.role == Role.DEPARTMENT:
        return record.unit == unit
    if unit in assisting:
        return record.type == "DepartmentAssigned"
    if holder != unit:
        return False
    if record.type in PRESSING:
        limit = getattr(record.fact, "limit", None)
        return limit in UNITS_LIMITS or (limit is None and record.type in FOR_THE_WHOLE)
    return record.type in ADDRESSED


def concerns(viewer: Actor, kind: str, unit: str | None) -> bool:
    """Whether an open page of the viewer's is told of this event. What the hotline and the citizen
    do between them gives a unit no sign.
    """
    told = ADDRESSED | FOR_THE_WHOLE
    return viewer.role is not Role.DEPARTMENT or kind in told or unit == viewer.unit


def version_for(c: Complaint, *, unit: bool) -> int:
    """What the next step expects; a unit's does not count what it is to have no sign of."""
    return c.touched if unit else c.version


def may_read(viewer: Actor, name: str) -> bool:
    """Whether a field of a fact is shown."""
    if name == "type" or name in NEVER:
        return False
    return viewer.role is not Role.DEPARTMENT or name in UNITS_FIELDS


def may_know(viewer: Actor, limit: str, assisting: Collection[str]) -> bool:
    """Whether a limit is shown. A unit that assists works to the order's due time; to acknowledge,
    return and appeal is the main unit's.
    """
    if viewer.role is not Role.DEPARTMENT:
        return True
    return limit == "rectify" if viewer.unit in assisting else limit in UNITS_LIMITS


def overlays(c: Complaint, viewer: Actor) -> tuple[str, ...]:
    """What lies over the complaint's state, as far as the viewer may know of it."""
    told = c.retaliation and viewer.role in RETALIATION_READERS
    marks = {
        f"督办{c.supervised}次": c.supervised,
        f"退回{c.returns}次": c.returns,
        f"反馈打回{c.sent_back}次": c.sent_back,
        f"延期{c.extension_days}个工作日": c.extension_days,
        "已邀请再评价": c.invited,
        "群众同意单位联系（由热线转接）": c.contact_by_unit,
        "反映打击报复": told,
    }
    return tuple(mark for mark, holds in marks.items() if holds)


def steps_for(complaint: Complaint, viewer: Actor, at: int, policy: Policy) -> tuple[str, ...]:
    """Names of the steps the viewer may take now (microseconds UTC)."""
    rows = legal_rows(complaint, viewer.role, viewer.name, at, policy, viewer.unit)
    return tuple(dict.fromkeys(step.note for step in rows))
