"""闭环: states and steps as one table: state × event → state, and who may record it; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.envelope import Role
from workflow import conditions as c
from workflow.complaint import Complaint, Event

Condition = Callable[[Complaint, Event, Any], str | None]
Route = Callable[[Complaint, Event, Any], bool]


class State(StrEnum):
    """Where a complaint stands; overdue, extended, supervised, co-handled are overlays, never states."""

    COLLECTED = "COLLECTED"
    ANALYSED = "ANALYSED"
    VERIFYING = "VERIFYING"
    MALICE_REVIEW = "MALICE_REVIEW"
    ASSIGNING = "ASSIGNING"
    DISPATCHED = "DISPATCHED"
    RECTIFYING = "RECTIFYING"
    RETURNED = "RETURNED"
    APPEALED = "APPEALED"
    REVIEWING = "REVIEWING"
    REEVALUATING = "REEVALUATING"
    RULING = "RULING"
    DISMISSED = "DISMISSED"
    CLOSED = "CLOSED"


STATE_NAMES: Mapping[State, str] = {
    State.COLLECTED: "已归集",
    State.ANALYSED: "已分析",
    State.VERIFYING: "核实中",
    State.MALICE_REVIEW: "恶意复核",
    State.ASSIGNING: "待派单",
    State.DISPATCHED: "待签收",
    State.RECTIFYING: "整改中",
    State.RETURNED: "退回待裁",
    State.APPEALED: "申诉复核",
    State.REVIEWING: "反馈待审",
    State.REEVALUATING: "待再评价",
    State.RULING: "待终裁",
    State.DISMISSED: "核实结案",
    State.CLOSED: "办结",
}

ENDS = (State.DISMISSED, State.CLOSED)
OPEN = tuple(state for state in State if state not in ENDS)
FROM_DISPATCH = OPEN[OPEN.index(State.DISPATCHED) : OPEN.index(State.RULING)]
HOTLINE_STATES = (
    State.VERIFYING,
    State.ASSIGNING,
    State.RETURNED,
    State.REVIEWING,
    State.REEVALUATING,
)
"""States the hotline owns: claims are made here and fall away when the complaint leaves them."""

STAGES: Mapping[str, tuple[State, ...]] = {
    "归集": (State.COLLECTED,),
    "分析": (State.ANALYSED,),
    "核实": (State.VERIFYING, State.MALICE_REVIEW, State.DISMISSED),
    "整改": (
        State.ASSIGNING,
        State.DISPATCHED,
        State.RECTIFYING,
        State.RETURNED,
        State.APPEALED,
        State.REVIEWING,
        State.RULING,
    ),
    "再评价": (State.REEVALUATING, State.CLOSED),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One row: this event, from these states, to that one (None: it stays), by these roles, if these hold.

    `when` chooses between rows of the same event; `needs` are conditions whose failure is a refusal with its reason.
    """

    event: str
    sources: tuple[State, ...]
    to: State | None
    roles: frozenset[Role]
    when: Route | None = None
    needs: tuple[Condition, ...] = ()
    note: str = ""


def _by(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


def verify_first(_c: Complaint, _e: Event, policy: Any) -> bool:
    return bool(policy.verify_first)


def dispatch_first(_c: Complaint, _e: Event, policy: Any) -> bool:
    return not policy.verify_first


def with_review(_c: Complaint, _e: Event, policy: Any) -> bool:
    return bool(policy.review)


def without_review(_c: Complaint, _e: Event, policy: Any) -> bool:
    return not policy.review


def satisfied(_c: Complaint, e: Event, _: Any) -> bool:
    return int(getattr(e.fact, "level", 0)) >= 3


def dissatisfied(c_: Complaint, e: Event, policy: Any) -> bool:
    return not satisfied(c_, e, policy) and c_.round < policy.max_rounds


def dissatisfied_at_the_cap(c_: Complaint, e: Event, policy: Any) -> bool:
    return not satisfied(c_, e, policy) and c_.round >= policy.max_rounds


def rectified(_c: Complaint, e: Event, _: Any) -> bool:
    return bool(getattr(e.fact, "rectified", False))


def not_rectified(c_: Complaint, e: Event, policy: Any) -> bool:
    return not rectified(c_, e, policy) and c_.round < policy.max_rounds


def not_rectified_at_the_cap(c_: Complaint, e: Event, policy: Any) -> bool:
    return not rectified(c_, e, policy) and c_.round >= policy.max_rounds


def _decides(decision: str) -> Route:
    return lambda _c, e, _p: getattr(e.fact, "decision", None) == decision


DEPARTMENT, OPERATOR, REVIEWER = Role.DEPARTMENT, Role.OPERATOR, Role.REVIEWER
SUPERVISOR, CITIZEN, CONSUMER, CLOCK = Role.SUPERVISOR, Role.CITIZEN, Role.CONSUMER, Role.CLOCK
COLLECTED, ANALYSED, VERIFYING = State.COLLECTED, State.ANALYSED, State.VERIFYING
MALICE_REVIEW, ASSIGNING, DISPATCHED = State.MALICE_REVIEW, State.ASSIGNING, State.DISPATCHED
RECTIFYING, RETURNED, APPEALED = State.RECTIFYING, State.RETURNED, State.APPEALED
REVIEWING, REEVALUATING, RULING = State.REVIEWING, State.REEVALUATING, State.RULING
DISMISSED, CLOSED = State.DISMISSED, State.CLOSED
ANY = tuple(State)
VERDICT = (c.not_claimed_by_another, c.another_operator)

STEPS: tuple[Step, ...] = (
    Step("ReviewCollected", (), COLLECTED, _by(Role.PLATFORM), note="归集"),
    Step("LaterRatingJoined", ANY, None, _by(Role.PLATFORM), note="追评并入"),
    Step("ComplaintAnalysed", (COLLECTED,), ANALYSED, _by(CONSUMER), verify_first, note="分析"),
    Step("ComplaintAnalysed", (COLLECTED,), ASSIGNING, _by(CONSUMER), dispatch_first, note="分析"),
    Step("VerificationRequested", (ANALYSED,), VERIFYING, _by(CONSUMER), note="转核实"),
    Step("TicketLinked", ANY, None, _by(OPERATOR, Role.HOTLINE), note="登记热线工单号"),
    Step(
        "ComplaintClaimed",
        HOTLINE_STATES,
        None,
        _by(OPERATOR),
        needs=(c.not_claimed_by_another, c.another_operator),
        note="认领",
    ),
    Step(
        "ComplaintReleased",
        HOTLINE_STATES,
        None,
        _by(OPERATOR, SUPERVISOR, CLOCK),
        needs=(c.claimed,),
        note="释放",
    ),
    Step(
        "CallAttempted",
        (VERIFYING, REEVALUATING),
        None,
        _by(OPERATOR),
        needs=(c.not_claimed_by_another,),
        note="记一次通话",
    ),
    Step(
        "ContactRequested",
        (VERIFYING,),
        None,
        _by(OPERATOR),
        needs=(c.not_claimed_by_another, c.contact_wanted),
        note="请单位补联系方式",
    ),
    Step(
        "ContactSupplied",
        (VERIFYING,),
        None,
        _by(Role.CLERK),
        needs=(c.contact_requested,),
        note="补充联系方式",
    ),
    Step("MaliceAlleged", (VERIFYING,), MALICE_REVIEW, _by(OPERATOR), needs=VERDICT, note="报恶意复核"),
    Step(
        "MaliceUpheld",
        (MALICE_REVIEW,),
        DISMISSED,
        _by(OPERATOR, REVIEWER, SUPERVISOR),
        needs=(c.somebody_else_alleged,),
        note="恶意成立",
    ),
    Step(
        "MaliceRejected",
        (MALICE_REVIEW,),
        VERIFYING,
        _by(OPERATOR, REVIEWER, SUPERVISOR),
        needs=(c.somebody_else_alleged,),
        note="恶意不成立",
    ),
    Step(
        "ComplaintConfirmed",
        (VERIFYING,),
        ASSIGNING,
        _by(OPERATOR),
        needs=(*VERDICT, c.confirmation_grounded),
        note="确认有效",
    ),
    Step(
        "ComplaintConfirmed",
        FROM_DISPATCH,
        None,
        _by(OPERATOR),
        dispatch_first,
        needs=(*VERDICT, c.confirmation_grounded),
        note="确认有效",
    ),
    Step(
        "ComplaintDismissed",
        (VERIFYING,),
        DISMISSED,
        _by(OPERATOR),
        needs=(*VERDICT, c.dismissal_grounded),
        note="核实结案",
    ),
    Step(
        "ComplaintDismissed",
        FROM_DISPATCH,
        DISMISSED,
        _by(OPERATOR),
        dispatch_first,
        needs=(*VERDICT, c.dismissal_grounded),
        note="核实结案",
    ),
    Step("DismissalReversed", (DISMISSED,), VERIFYING, _by(SUPERVISOR), note="撤销结案"),
    Step("DepartmentAssigned", (ASSIGNING,), DISPATCHED, _by(CONSUMER, OPERATOR, SUPERVISOR), note="派单"),
    Step(
        "DepartmentAssigned",
        (DISPATCHED, RECTIFYING, RETURNED),
        DISPATCHED,
        _by(OPERATOR, SUPERVISOR),
        note="改派",
    ),
    Step("WorkOrderAcknowledged", (DISPATCHED,), RECTIFYING, _by(DEPARTMENT), note="签收"),
    Step(
        "WorkOrderReturned",
        (DISPATCHED, RECTIFYING),
        RETURNED,
        _by(DEPARTMENT),
        needs=(c.returns_allowed,),
        note="退回",
    ),
    Step(
        "ReturnAccepted",
        (RETURNED,),
        ASSIGNING,
        _by(OPERATOR, SUPERVISOR),
        needs=(c.return_ruled_by,),
        note="同意退回",
    ),
    Step(
        "ReturnRefused",
        (RETURNED,),
        RECTIFYING,
        _by(OPERATOR, SUPERVISOR),
        needs=(c.return_ruled_by,),
        note="不同意退回",
    ),
    Step("ExtensionRequested", (RECTIFYING,), None, _by(DEPARTMENT), needs=(c.extension_open,), note="申请延期"),
    Step("ExtensionGranted", (RECTIFYING,), None, _by(SUPERVISOR), needs=(c.extension_pending,), note="同意延期"),
    Step("ExtensionRefused", (RECTIFYING,), None, _by(SUPERVISOR), needs=(c.extension_pending,), note="不同意延期"),
    Step("AppealLodged", (DISPATCHED, RECTIFYING), APPEALED, _by(DEPARTMENT), needs=(c.appeal_open,), note="申诉"),
    Step(
        "AppealUpheld",
        (APPEALED,),
        DISMISSED,
        _by(REVIEWER),
        needs=(c.not_the_verifier, c.verdict_stated),
        note="申诉成立",
    ),
    Step("AppealRejected", (APPEALED,), RECTIFYING, _by(REVIEWER), needs=(c.not_the_verifier,), note="申诉不成立"),
    Step("AssistanceSubmitted", (DISPATCHED, RECTIFYING), None, _by(DEPARTMENT), note="协办反馈"),
    Step(
        "ClarificationAsked",
        (DISPATCHED, RECTIFYING),
        None,
        _by(DEPARTMENT),
        needs=(c.no_question_open,),
        note="请热线代问",
    ),
    Step(
        "ClarificationAnswered",
        (DISPATCHED, RECTIFYING),
        None,
        _by(OPERATOR),
        needs=(c.question_open,),
        note="代问答复",
    ),
    Step(
        "RectificationSubmitted",
        (RECTIFYING,),
        REVIEWING,
        _by(DEPARTMENT),
        with_review,
        needs=(c.legal_basis_given,),
        note="提交整改反馈",
    ),
    Step(
        "RectificationSubmitted",
        (RECTIFYING,),
        REEVALUATING,
        _by(DEPARTMENT),
        without_review,
        needs=(c.legal_basis_given,),
        note="提交整改反馈",
    ),
    Step("RectificationAccepted", (REVIEWING,), REEVALUATING, _by(OPERATOR), note="审核通过"),
    Step("RectificationSentBack", (REVIEWING,), RECTIFYING, _by(OPERATOR), note="打回"),
    Step(
        "ReevaluationInvited",
        (REEVALUATING,),
        None,
        _by(CONSUMER, OPERATOR),
        needs=(c.channel_allowed,),
        note="邀请再评价",
    ),
    Step(
        "ComplaintReevaluated",
        (REEVALUATING,),
        CLOSED,
        _by(CITIZEN, OPERATOR),
        satisfied,
        needs=(c.on_the_scale, c.not_claimed_by_another),
        note="再评价满意",
    ),
    Step(
        "ComplaintReevaluated",
        (REEVALUATING,),
        ASSIGNING,
        _by(CITIZEN, OPERATOR),
        dissatisfied,
        needs=(c.on_the_scale, c.not_claimed_by_another),
        note="再评价不满意，重办",
    ),
    Step(
        "ComplaintReevaluated",
        (REEVALUATING,),
        RULING,
        _by(CITIZEN, OPERATOR),
        dissatisfied_at_the_cap,
        needs=(c.on_the_scale, c.not_claimed_by_another),
        note="再评价不满意，提请终裁",
    ),
    Step(
        "FactChecked",
        (REEVALUATING,),
        CLOSED,
        _by(OPERATOR),
        rectified,
        needs=(c.nobody_to_ask,),
        note="事实核查属实",
    ),
    Step(
        "FactChecked",
        (REEVALUATING,),
        ASSIGNING,
        _by(OPERATOR),
        not_rectified,
        needs=(c.nobody_to_ask,),
        note="事实核查未整改，重办",
    ),
    Step(
        "FactChecked",
        (REEVALUATING,),
        RULING,
        _by(OPERATOR),
        not_rectified_at_the_cap,
        needs=(c.nobody_to_ask,),
        note="事实核查未整改，提请终裁",
    ),
    Step("ReevaluationLapsed", (REEVALUATING,), CLOSED, _by(CLOCK), needs=(c.lapse_allowed,), note="未答复办结"),
    Step("SupervisionOrdered", OPEN, None, _by(SUPERVISOR, CLOCK, CONSUMER), note="督办"),
    Step("Reminded", OPEN, None, _by(SUPERVISOR, CLOCK, CONSUMER), note="催办"),
    Step("ContactRevealed", ANY, None, _by(OPERATOR, REVIEWER, SUPERVISOR), note="显示号码"),
    Step("RulingCalled", FROM_DISPATCH, RULING, _by(SUPERVISOR, CLOCK), note="提请终裁"),
    Step("RulingGiven", (RULING,), ASSIGNING, _by(SUPERVISOR), _decides("reassign"), note="终裁：重新派单"),
    Step("RulingGiven", (RULING,), CLOSED, _by(SUPERVISOR), _decides("close_unresolved"), note="终裁：未解决办结"),
    Step(
        "RulingGiven",
        (RULING,),
        DISMISSED,
        _by(SUPERVISOR),
        _decides("dismiss"),
        needs=(c.verdict_stated,),
        note="终裁：结案",
    ),
    Step("CitizenObjected", (DISMISSED,), VERIFYING, _by(CITIZEN, OPERATOR), needs=(c.objection_open,), note="群众异议"),
    Step("CitizenObjected", (CLOSED,), ASSIGNING, _by(CITIZEN, OPERATOR), needs=(c.objection_open,), note="群众异议"),
    Step("RetaliationReported", ANY, None, _by(CITIZEN, OPERATOR), note="反映打击报复"),
    Step("DeadlineWarned", OPEN, None, _by(CLOCK), needs=(c.limit_open,), note="时限预警"),
    Step("DeadlineMissed", OPEN, None, _by(CLOCK), needs=(c.limit_open,), note="超期"),
    Step("DeadlineRecomputed", OPEN, None, _by(CLOCK), note="时限重算"),
)
"""The loop. Order of rows = order of the stages; every row can be read aloud."""
