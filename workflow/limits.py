"""时限: the table's second half: limit × opened by × met by × pauses in × cancelled by × who
answers for it; pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schemas.envelope import Role
from workflow.states import (
    ANALYSED,
    APPEALED,
    ASSIGNING,
    CLOSED,
    COLLECTED,
    DISMISSED,
    DISPATCHED,
    MALICE_REVIEW,
    RECTIFYING,
    REEVALUATING,
    RETURNED,
    REVIEWING,
    RULING,
    VERIFYING,
    State,
)

OPERATOR, REVIEWER, SUPERVISOR = Role.OPERATOR, Role.REVIEWER, Role.SUPERVISOR
DEPARTMENT, CITIZEN, CONSUMER = Role.DEPARTMENT, Role.CITIZEN, Role.CONSUMER


class Lapse(StrEnum):
    """What a timer ends, beside the alarms: an unanswered complaint, a claim, a wait for a
    phone.
    """

    COMPLAINT = "lapse"
    CLAIM = "release"
    WAIT = "unanswered"


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit: opened by these events (when they lead to that state; None: to any), met by,
    cancelled by, who answers; paused between two events where the profile's setting `pauses_if`
    says so.

    Ending cancels what is still open; `total` is met by the end itself.
    """

    name: str
    label: str
    opened_by: tuple[tuple[str, State | None], ...]
    met_by: tuple[str, ...]
    cancelled_by: tuple[str, ...]
    owner: Role
    pauses_if: str | None = None
    paused_by: str | None = None
    resumed_by: str | None = None
    window: bool = False


_TO_ASSIGNING = (
    ("ComplaintAnalysed", ASSIGNING),
    ("ComplaintConfirmed", ASSIGNING),
    ("ReturnAccepted", ASSIGNING),
    ("ComplaintReevaluated", ASSIGNING),
    ("FactChecked", ASSIGNING),
    ("RulingGiven", ASSIGNING),
    ("CitizenObjected", ASSIGNING),
)
_TO_END = (
    ("ComplaintDismissed", DISMISSED),
    ("MaliceUpheld", DISMISSED),
    ("AppealUpheld", DISMISSED),
    ("ComplaintReevaluated", CLOSED),
    ("FactChecked", CLOSED),
    ("ReevaluationLapsed", CLOSED),
    ("RulingGiven", CLOSED),
    ("RulingGiven", DISMISSED),
)
_ORDER_ENDS = ("ReturnAccepted", "RulingCalled")

LIMITS: tuple[LimitRow, ...] = (
    LimitRow(
        "verify",
        "核实",
        (("ReviewCollected", None), ("DismissalReversed", None), ("CitizenObjected", VERIFYING)),
        ("ComplaintConfirmed", "ComplaintDismissed", "MaliceUpheld"),
        (),
        OPERATOR,
        pauses_if="contact_pauses",
        paused_by="ContactRequested",
        resumed_by="ContactSupplied",
    ),
    LimitRow(
        "malice_review",
        "恶意复核",
        (("MaliceAlleged", None),),
        ("MaliceUpheld", "MaliceRejected"),
        (),
        REVIEWER,
    ),
    LimitRow("assign", "派单", _TO_ASSIGNING, ("DepartmentAssigned",), (), OPERATOR),
    LimitRow(
        "acknowledge",
        "签收",
        (("DepartmentAssigned", None),),
        ("WorkOrderAcknowledged", "WorkOrderReturned", "AppealLodged"),
        _ORDER_ENDS,
        DEPARTMENT,
    ),
    LimitRow(
        "rectify",
        "整改",
        (("DepartmentAssigned", None),),
        ("RectificationSubmitted",),
        _ORDER_ENDS,
        DEPARTMENT,
        pauses_if="appeal_pauses",
        paused_by="AppealLodged",
        resumed_by="AppealRejected",
    ),
    LimitRow(
        "return_ruling",
        "退回裁定",
        (("WorkOrderReturned", None),),
        ("ReturnAccepted", "ReturnRefused"),
        ("DepartmentAssigned", "RulingCalled"),
        OPERATOR,
    ),
    LimitRow(
        "extension_ruling",
        "延期裁定",
        (("ExtensionRequested", None),),
        ("ExtensionGranted", "ExtensionRefused"),
        ("RectificationSubmitted", "DepartmentAssigned", *_ORDER_ENDS),
        SUPERVISOR,
    ),
    LimitRow(
        "appeal_ruling",
        "申诉复核",
        (("AppealLodged", None),),
        ("AppealUpheld", "AppealRejected"),
        ("RulingCalled",),
        REVIEWER,
    ),
    LimitRow(
        "review",
        "反馈审核",
        (("RectificationSubmitted", REVIEWING),),
        ("RectificationAccepted", "RectificationSentBack"),
        ("RulingCalled",),
        OPERATOR,
    ),
    LimitRow(
        "reevaluate",
        "再评价",
        (("RectificationAccepted", None), ("RectificationSubmitted", REEVALUATING)),
        ("ComplaintReevaluated", "FactChecked", "ReevaluationLapsed"),
        ("RulingCalled",),
        OPERATOR,
    ),
    LimitRow(
        "final_ruling",
        "终裁",
        (("RulingCalled", None), ("ComplaintReevaluated", RULING), ("FactChecked", RULING)),
        ("RulingGiven",),
        (),
        SUPERVISOR,
    ),
    LimitRow(
        "total",
        "全程",
        (("ReviewCollected", None), ("DismissalReversed", None), ("CitizenObjected", None)),
        (),
        (),
        SUPERVISOR,
    ),
    LimitRow(
        "return_window",
        "可退回",
        (("DepartmentAssigned", None),),
        (),
        _ORDER_ENDS,
        DEPARTMENT,
        window=True,
    ),
    LimitRow(
        "appeal_window",
        "可申诉",
        (("DepartmentAssigned", None),),
        (),
        _ORDER_ENDS,
        DEPARTMENT,
        window=True,
    ),
    LimitRow(
        "objection_window",
        "可异议",
        _TO_END,
        (),
        ("CitizenObjected", "DismissalReversed"),
        CITIZEN,
        window=True,
    ),
)

OWNERS: Mapping[State, tuple[Role, str]] = {
    COLLECTED: (CONSUMER, "verify"),
    ANALYSED: (CONSUMER, "verify"),
    VERIFYING: (OPERATOR, "verify"),
    MALICE_REVIEW: (REVIEWER, "malice_review"),
    ASSIGNING: (OPERATOR, "assign"),
    DISPATCHED: (DEPARTMENT, "acknowledge"),
    RECTIFYING: (DEPARTMENT, "rectify"),
    RETURNED: (OPERATOR, "return_ruling"),
    APPEALED: (REVIEWER, "appeal_ruling"),
    REVIEWING: (OPERATOR, "review"),
    REEVALUATING: (OPERATOR, "reevaluate"),
    RULING: (SUPERVISOR, "final_ruling"),
}
"""Who answers for each open state, and the limit that presses him."""
