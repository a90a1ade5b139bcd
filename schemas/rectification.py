"""整改: the work order, from 派单 to the accepted feedback."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from schemas.codes import DismissalReason, Post, Verdict
from schemas.envelope import STRICT, Code, Digest, Fact

ATTACHMENTS_MOST = 10
"""Files one feedback may have."""


class DepartmentAssigned(Fact):
    """派单, 改派: the main unit answers for the whole; assisting units see their part."""

    type: Literal["DepartmentAssigned"] = "DepartmentAssigned"
    order: Code
    unit: Code
    assisting: tuple[Code, ...] = ()
    rule: Code
    named_by_person: bool = False


class WorkOrderAcknowledged(Fact):
    """签收."""

    type: Literal["WorkOrderAcknowledged"] = "WorkOrderAcknowledged"


class WorkOrderReturned(Fact):
    """退回: not our duty, with reason and legal basis."""

    type: Literal["WorkOrderReturned"] = "WorkOrderReturned"
    reason: Digest
    legal_basis: Digest
    suggested_unit: str | None = None


class ReturnAccepted(Fact):
    """同意退回: another unit is named, or assignment decides again."""

    type: Literal["ReturnAccepted"] = "ReturnAccepted"
    unit: str | None = None
    note: Digest | None = None


class ReturnRefused(Fact):
    """不同意退回: counts as acknowledged; the due time stays."""

    type: Literal["ReturnRefused"] = "ReturnRefused"
    reason: Digest


class ExtensionRequested(Fact):
    """申请延期: working days added to the original due time, asked for before expiry."""

    type: Literal["ExtensionRequested"] = "ExtensionRequested"
    working_days: Annotated[int, Field(ge=1, le=60)]
    reason: Digest


class ExtensionGranted(Fact):
    """同意延期: the days granted may be fewer than asked; the original due time is kept for
    statistics.
    """

    type: Literal["ExtensionGranted"] = "ExtensionGranted"
    working_days: Annotated[int, Field(ge=1, le=60)]


class ExtensionRefused(Fact):
    """不同意延期."""

    type: Literal["ExtensionRefused"] = "ExtensionRefused"
    reason: Digest


class AppealLodged(Fact):
    """申诉: the unit thinks the complaint should not count; once."""

    type: Literal["AppealLodged"] = "AppealLodged"
    reason: Digest


class AppealUpheld(Fact):
    """申诉成立: dismissed after all, by a reviewer other than the verifier."""

    type: Literal["AppealUpheld"] = "AppealUpheld"
    verdict: Verdict
    ground: DismissalReason | None = None
    reason: Digest


class AppealRejected(Fact):
    """申诉不成立: counts as acknowledged; rectification goes on."""

    type: Literal["AppealRejected"] = "AppealRejected"
    reason: Digest


class AssistanceSubmitted(Fact):
    """协办: an assisting unit's part."""

    type: Literal["AssistanceSubmitted"] = "AssistanceSubmitted"
    note: Digest


class ClarificationAsked(Fact):
    """请热线代问: the unit asks the citizen through the hotline, never by itself."""

    type: Literal["ClarificationAsked"] = "ClarificationAsked"
    question: Digest


class ClarificationAnswered(Fact):
    """代问答复."""

    type: Literal["ClarificationAnswered"] = "ClarificationAnswered"
    answer: Digest


class Attached(BaseModel):
    """A file of a feedback: its number, and the salted digest of what it holds."""

    model_config = STRICT
    id: Code
    digest: Digest


class RectificationSubmitted(Fact):
    """整改反馈: rectified, or explained with its legal basis; somebody signs it off."""

    type: Literal["RectificationSubmitted"] = "RectificationSubmitted"
    kind: Literal["rectified", "explained"]
    facts: Digest
    cause: Digest
    measures: Digest
    reply: Digest
    signed_by: Digest
    legal_basis: Digest | None = None
    post: Post | None = None
    attachments: Annotated[tuple[Attached, ...], Field(max_length=ATTACHMENTS_MOST)] | None = None


class RectificationAccepted(Fact):
    """审核通过."""

    type: Literal["RectificationAccepted"] = "RectificationAccepted"


class RectificationSentBack(Fact):
    """打回: to be done again by the same due time."""

    type: Literal["RectificationSentBack"] = "RectificationSentBack"
    reason: Digest
