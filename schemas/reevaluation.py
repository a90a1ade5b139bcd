"""再评价: the citizen is asked again; only an answer counts as one."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.envelope import Digest, Fact, Micros


class ReevaluationInvited(Fact):
    """邀请再评价: by call, message or link; an undelivered message is not an invitation."""

    type: Literal["ReevaluationInvited"] = "ReevaluationInvited"
    channel: Literal["call", "message", "link"]
    expires_at: Micros | None = None


class ComplaintReevaluated(Fact):
    """再评价: satisfied from level 3 up; on the three-level scale 1 is 不满意, 3 基本满意, 5
    满意.
    """

    type: Literal["ComplaintReevaluated"] = "ComplaintReevaluated"
    level: Annotated[int, Field(ge=1, le=5)]
    by: Literal["call", "message", "link", "site"]
    contacted: bool | None = None
    solved: bool | None = None
    words: Digest | None = None


class FactChecked(Fact):
    """事实核查: nobody to ask; the operator looked at the facts."""

    type: Literal["FactChecked"] = "FactChecked"
    rectified: bool
    note: Digest


class ReevaluationLapsed(Fact):
    """No answer within the limit, after the least number of calls: unanswered, never satisfied."""

    type: Literal["ReevaluationLapsed"] = "ReevaluationLapsed"


class CitizenObjected(Fact):
    """群众异议: to a dismissal or a closing; once, inside the window."""

    type: Literal["CitizenObjected"] = "CitizenObjected"
    words: Digest | None = None


class RetaliationReported(Fact):
    """打击报复: shown to supervisor and auditor, never to the unit."""

    type: Literal["RetaliationReported"] = "RetaliationReported"
    words: Digest
