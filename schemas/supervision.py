"""督办: a supervisor presses, and at the top of the ladder rules."""

from typing import Literal

from schemas.codes import DismissalReason, Verdict
from schemas.envelope import Code, Digest, Fact


class SupervisionOrdered(Fact):
    """督办: after overdue, after a dissatisfied call-back, after a second round, or by hand."""

    type: Literal["SupervisionOrdered"] = "SupervisionOrdered"
    ground: Literal["overdue", "dissatisfied", "second_round", "manual"]
    limit: str | None = None
    note: Digest | None = None


class Reminded(Fact):
    """催办."""

    type: Literal["Reminded"] = "Reminded"
    limit: str | None = None
    note: Digest | None = None


class RulingCalled(Fact):
    """提请终裁: by a supervisor, or by the clock at the top of the ladder."""

    type: Literal["RulingCalled"] = "RulingCalled"
    ground: Literal["rounds_used_up", "overdue", "manual"]
    note: Digest | None = None


class RulingGiven(Fact):
    """终裁: another unit's turn, closed unresolved, or dismissed."""

    type: Literal["RulingGiven"] = "RulingGiven"
    decision: Literal["reassign", "close_unresolved", "dismiss"]
    unit: Code | None = None
    verdict: Verdict | None = None
    ground: DismissalReason | None = None
    reason: Digest
