"""通知: who is told of which event, and in which words; nothing of these words is personal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

OPERATOR: Final = "role:operator"
REVIEWER: Final = "role:reviewer"
SUPERVISOR: Final = "role:supervisor"
AUDITOR: Final = "role:auditor"
UNIT: Final = "unit"
"""The unit that answers for the work order."""


class Note(NamedTuple):
    """Told to `to`, in these words; with the due time of the limit `until` that the event opened.

    `state`: only if the event led there.
    """

    to: str
    says: str
    until: str | None = None
    state: str | None = None


NOTES: Final[Mapping[str, tuple[Note, ...]]] = {
    "VerificationRequested": (Note(OPERATOR, "新的差评，请核实"),),
    "ContactSupplied": (Note(OPERATOR, "补联系方式有了结果，请继续核实", "verify", "VERIFYING"),),
    "MaliceAlleged": (Note(REVIEWER, "报恶意复核，请另一人决定", "malice_review"),),
    "MaliceRejected": (Note(OPERATOR, "恶意不成立，请继续核实"),),
    "ComplaintDismissed": (Note(UNIT, "核实结案，无需再办"),),
    "DismissalReversed": (Note(OPERATOR, "结案已撤销，请重新核实", "verify"),),
    "WorkOrderReturned": (Note(OPERATOR, "责任单位退回工单，请裁定", "return_ruling"),),
    "ReturnRefused": (Note(UNIT, "退回未获同意，请继续办理，到期时间不变"),),
    "ExtensionRequested": (Note(SUPERVISOR, "责任单位申请延期，请裁定", "extension_ruling"),),
    "ExtensionGranted": (Note(UNIT, "延期申请已同意", "rectify"),),
    "ExtensionRefused": (Note(UNIT, "延期申请未获同意，到期时间不变"),),
    "AppealLodged": (Note(REVIEWER, "责任单位申诉，请复核", "appeal_ruling"),),
    "AppealUpheld": (Note(UNIT, "申诉成立，已结案"),),
    "AppealRejected": (Note(UNIT, "申诉不成立，请继续办理", "rectify"),),
    "ClarificationAsked": (Note(OPERATOR, "责任单位请代问群众"),),
    "ClarificationAnswered": (Note(UNIT, "代问已有答复"),),
    "RectificationSubmitted": (Note(OPERATOR, "整改反馈已提交，请审核", "review", "REVIEWING"),),
    "RectificationSentBack": (Note(UNIT, "整改反馈被打回，请重新整改", "rectify"),),
    "ComplaintReevaluated": (
        Note(SUPERVISOR, "群众对重办仍不满意，请终裁", "final_ruling", "RULING"),
    ),
    "FactChecked": (Note(SUPERVISOR, "核查仍未整改，请终裁", "final_ruling", "RULING"),),
    "RulingCalled": (Note(SUPERVISOR, "提请终裁", "final_ruling"),),
    "RulingGiven": (
        Note(UNIT, "终裁：重新派单", None, "ASSIGNING"),
        Note(UNIT, "终裁：未解决办结", None, "CLOSED"),
        Note(UNIT, "终裁：结案，无需再办", None, "DISMISSED"),
    ),
    "CitizenObjected": (
        Note(OPERATOR, "群众对结案有异议，请另一位话务员核实", "verify", "VERIFYING"),
        Note(UNIT, "群众对办结有异议，重新办理", None, "ASSIGNING"),
    ),
    "RetaliationReported": tuple(Note(to, "群众反映打击报复") for to in (SUPERVISOR, AUDITOR)),
}

GROUNDS: Final[Mapping[str, str]] = {
    "overdue": "超期",
    "dissatisfied": "群众回访不满意",
    "second_round": "重办后仍未解决",
    "manual": "监督员督办",
}
