"""闭环: the loop as one table: state × event → state, and who may record it; pure."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.envelope import Role
from workflow import conditions as c
from workflow import routes as r
from workflow import verdicts as v
from workflow.states import (
    ANALYSED,
    APPEALED,
    ASSIGNING,
    BESIDE_WORK,
    CLOSED,
    COLLECTED,
    DISMISSED,
    DISPATCHED,
    ENDS,
    FROM_ASSIGNING,
    FROM_DISPATCH,
    HOTLINE_STATES,
    MALICE_REVIEW,
    OPEN,
    RECTIFYING,
    REEVALUATING,
    RETURNED,
    REVIEWING,
    RULING,
    VERIFYING,
    State,
)

From = State | tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One row: this event, from these states, to that one (None: it stays), by these roles.

    `when` chooses between rows of the same event; `needs` are conditions whose failure is a
    refusal with its reason.
    """

    event: str
    note: str
    sources: tuple[State, ...]
    to: State | None
    roles: frozenset[Role]
    when: r.Route | None = None
    needs: tuple[c.Condition, ...] = ()


def _by(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


ANY = tuple(State)
BEFORE_FEEDBACK = (DISPATCHED, RECTIFYING)
TO_REVIEWING = FROM_DISPATCH[: FROM_DISPATCH.index(REEVALUATING)]
PLATFORM, SYSTEM, CLOCK = _by(Role.PLATFORM), _by(Role.CONSUMER), _by(Role.CLOCK)
OPERATOR, UNIT, CLERK = _by(Role.OPERATOR), _by(Role.DEPARTMENT), _by(Role.CLERK)
REVIEWER, SUPERVISOR = _by(Role.REVIEWER), _by(Role.SUPERVISOR)
CHECKERS = OPERATOR | REVIEWER | SUPERVISOR
RULERS = OPERATOR | SUPERVISOR
ASKED = _by(Role.CITIZEN) | OPERATOR
PRESSING = SUPERVISOR | CLOCK | SYSTEM

FREE, CLAIMED = (c.not_claimed_by_another,), (c.claimed,)
TO_CALL = (c.claimed_to_be_called,)
VERDICT = (c.not_claimed_by_another, c.another_operator)
CLAIMING = (c.not_claimed_already, *VERDICT)
SECOND = (c.allegation_open, c.somebody_else_alleged)
ALLEGING = (*VERDICT, c.no_allegation_open, v.unjudged)
CONFIRMING = (*ALLEGING, v.confirmation_grounded)
DISMISSING = (*ALLEGING, v.dismissal_grounded)
DISMISSING_BESIDE = (*ALLEGING, v.no_appeal_failed, v.dismissal_grounded)
CALL = (*FREE, c.somebody_to_call)
CONTACT, SUPPLYING = (*FREE, c.contact_wanted), (c.contact_requested,)
RETURN_RULING, EXTENSION = (c.return_ruled_by,), (c.extension_pending,)
ELSEWHERE = (c.another_unit,)
BASIS = (c.legal_basis_given,)
ANSWER = (c.on_the_scale, *FREE, c.somebody_to_ask)
NOBODY, OBJECTION = (c.nobody_to_ask,), (c.objection_open,)
LACKING = (c.contact_lacking,)
RUN_OUT = (c.limit_open,)


def _row(
    event: str,
    note: str,
    sources: From,
    to: State | None,
    roles: frozenset[Role],
    when: r.Route | None = None,
    needs: tuple[c.Condition, ...] = (),
) -> Step:
    states = (sources,) if isinstance(sources, State) else sources
    return Step(event, note, states, to, roles, when, needs)


# fmt: off
STEPS: tuple[Step, ...] = (
    # 归集
    _row("ReviewCollected", "归集", (), COLLECTED, PLATFORM),
    _row("LaterRatingJoined", "追评并入", ANY, None, PLATFORM),
    # 分析
    _row("ComplaintAnalysed", "分析", COLLECTED, ANALYSED, SYSTEM, r.verify_first),
    _row("ComplaintAnalysed", "分析，直接派单", COLLECTED, ASSIGNING, SYSTEM, r.dispatch_first),
    # 核实
    _row("VerificationRequested", "转核实", ANALYSED, VERIFYING, SYSTEM),
    _row("TicketLinked", "登记热线工单号", ANY, None, OPERATOR | _by(Role.HOTLINE)),
    _row("ComplaintClaimed", "认领", HOTLINE_STATES, None, OPERATOR, None, CLAIMING),
    _row("ComplaintClaimed", "认领", BESIDE_WORK, None, OPERATOR, r.dispatch_first, CLAIMING),
    _row("ComplaintReleased", "释放", HOTLINE_STATES, None, RULERS | CLOCK, None, CLAIMED),
    _row("ComplaintReleased", "释放", BESIDE_WORK, None, RULERS | CLOCK, r.dispatch_first,
         CLAIMED),
    _row("CallAttempted", "记一次通话", (VERIFYING, REEVALUATING), None, OPERATOR, None, CALL),
    _row("CallAttempted", "记一次通话", TO_REVIEWING, None, OPERATOR, r.dispatch_first, CALL),
    _row("ContactRequested", "请单位补联系方式", VERIFYING, None, OPERATOR, None, CONTACT),
    _row("ContactRequested", "请单位补联系方式", FROM_DISPATCH, None, OPERATOR, r.dispatch_first,
         CONTACT),
    _row("ContactSupplied", "补充联系方式", VERIFYING, None, CLERK, None, SUPPLYING),
    _row("ContactSupplied", "补充联系方式", FROM_ASSIGNING, None, CLERK, r.dispatch_first,
         SUPPLYING),
    _row("ContactSupplied", "等联系方式到期", OPEN, None, CLOCK, None, SUPPLYING),
    _row("ContactSupplied", "追评带来联系方式", OPEN, None, PLATFORM, None, LACKING),
    _row("ContactSupplied", "追评带来联系方式", ENDS, None, PLATFORM, None,
         (*LACKING, *OBJECTION)),
    _row("MaliceAlleged", "报恶意复核", VERIFYING, MALICE_REVIEW, OPERATOR, None, ALLEGING),
    _row("MaliceAlleged", "报恶意复核", FROM_DISPATCH, None, OPERATOR, r.dispatch_first, ALLEGING),
    _row("MaliceUpheld", "恶意成立", MALICE_REVIEW, DISMISSED, CHECKERS, None, SECOND),
    _row("MaliceUpheld", "恶意成立", FROM_ASSIGNING, DISMISSED, CHECKERS, r.dispatch_first,
         SECOND),
    _row("MaliceRejected", "恶意不成立", MALICE_REVIEW, VERIFYING, CHECKERS, None, SECOND),
    _row("MaliceRejected", "恶意不成立", FROM_ASSIGNING, None, CHECKERS, r.dispatch_first,
         SECOND),
    _row("ComplaintConfirmed", "确认有效", VERIFYING, ASSIGNING, OPERATOR, None, CONFIRMING),
    _row("ComplaintConfirmed", "确认有效", FROM_DISPATCH, None, OPERATOR, r.dispatch_first,
         CONFIRMING),
    _row("ComplaintDismissed", "核实结案", VERIFYING, DISMISSED, OPERATOR, None, DISMISSING),
    _row("ComplaintDismissed", "核实结案", FROM_DISPATCH, DISMISSED, OPERATOR, r.dispatch_first,
         DISMISSING_BESIDE),
    _row("DismissalReversed", "撤销结案", DISMISSED, VERIFYING, SUPERVISOR),
    # 整改
    _row("DepartmentAssigned", "派单", ASSIGNING, DISPATCHED, SYSTEM | RULERS),
    _row("DepartmentAssigned", "改派", (*BEFORE_FEEDBACK, RETURNED), DISPATCHED, RULERS, None,
         ELSEWHERE),
    _row("WorkOrderAcknowledged", "签收", DISPATCHED, RECTIFYING, UNIT),
    _row("WorkOrderReturned", "退回", BEFORE_FEEDBACK, RETURNED, UNIT, None, (c.returns_allowed,)),
    _row("ReturnAccepted", "同意退回", RETURNED, ASSIGNING, RULERS, None,
         (*RETURN_RULING, *ELSEWHERE)),
    _row("ReturnRefused", "不同意退回", RETURNED, RECTIFYING, RULERS, None, RETURN_RULING),
    _row("ExtensionRequested", "申请延期", RECTIFYING, None, UNIT, None, (c.extension_open,)),
    _row("ExtensionGranted", "同意延期", RECTIFYING, None, SUPERVISOR, None, EXTENSION),
    _row("ExtensionRefused", "不同意延期", RECTIFYING, None, SUPERVISOR, None, EXTENSION),
    _row("AppealLodged", "申诉", BEFORE_FEEDBACK, APPEALED, UNIT, None, (c.appeal_open,)),
    _row("AppealUpheld", "申诉成立", APPEALED, DISMISSED, REVIEWER, None,
         (c.not_the_verifier, v.verdict_stated)),
    _row("AppealRejected", "申诉不成立", APPEALED, RECTIFYING, REVIEWER, None,
         (c.not_the_verifier,)),
    _row("AssistanceSubmitted", "协办反馈", BEFORE_FEEDBACK, None, UNIT),
    _row("ClarificationAsked", "请热线代问", BEFORE_FEEDBACK, None, UNIT, None,
         (c.no_question_open,)),
    _row("ClarificationAnswered", "代问答复", BEFORE_FEEDBACK, None, OPERATOR, None,
         (c.question_open,)),
    _row("RectificationSubmitted", "提交整改反馈", RECTIFYING, REVIEWING, UNIT, r.with_review,
         BASIS),
    _row("RectificationSubmitted", "提交整改反馈", RECTIFYING, REEVALUATING, UNIT, r.without_review,
         BASIS),
    _row("RectificationAccepted", "审核通过", REVIEWING, REEVALUATING, OPERATOR),
    _row("RectificationSentBack", "打回", REVIEWING, RECTIFYING, OPERATOR),
    # 再评价
    _row("ReevaluationInvited", "邀请再评价", REEVALUATING, None, SYSTEM | OPERATOR, None,
         (c.channel_allowed,)),
    _row("ComplaintReevaluated", "再评价满意", REEVALUATING, CLOSED, ASKED, r.satisfied, ANSWER),
    _row("ComplaintReevaluated", "再评价不满意，重办", REEVALUATING, ASSIGNING, ASKED,
         r.dissatisfied, ANSWER),
    _row("ComplaintReevaluated", "再评价不满意，提请终裁", REEVALUATING, RULING, ASKED,
         r.dissatisfied_at_the_cap, ANSWER),
    _row("FactChecked", "事实核查属实", REEVALUATING, CLOSED, OPERATOR, r.rectified, NOBODY),
    _row("FactChecked", "事实核查未整改，重办", REEVALUATING, ASSIGNING, OPERATOR, r.not_rectified,
         NOBODY),
    _row("FactChecked", "事实核查未整改，提请终裁", REEVALUATING, RULING, OPERATOR,
         r.not_rectified_at_the_cap, NOBODY),
    _row("ReevaluationLapsed", "未答复办结", REEVALUATING, CLOSED, CLOCK, None, (c.lapse_allowed,)),
    # 督办、终裁、异议
    _row("SupervisionOrdered", "督办", OPEN, None, PRESSING),
    _row("Reminded", "催办", OPEN, None, PRESSING),
    _row("ContactRevealed", "显示号码", ANY, None, CHECKERS, None, TO_CALL),
    _row("RulingCalled", "提请终裁", FROM_DISPATCH, RULING, SUPERVISOR | CLOCK),
    _row("RulingGiven", "终裁：重新派单", RULING, ASSIGNING, SUPERVISOR, r.decides("reassign")),
    _row("RulingGiven", "终裁：未解决办结", RULING, CLOSED, SUPERVISOR,
         r.decides("close_unresolved")),
    _row("RulingGiven", "终裁：结案", RULING, DISMISSED, SUPERVISOR, r.decides("dismiss"),
         (v.verdict_stated,)),
    _row("CitizenObjected", "群众异议，再核实", DISMISSED, VERIFYING, ASKED, None, OBJECTION),
    _row("CitizenObjected", "群众异议，重办", CLOSED, ASSIGNING, ASKED, None, OBJECTION),
    _row("RetaliationReported", "反映打击报复", ANY, None, ASKED),
    # 时限
    _row("DeadlineWarned", "时限预警", OPEN, None, CLOCK, None, RUN_OUT),
    _row("DeadlineMissed", "超期", OPEN, None, CLOCK, None, RUN_OUT),
    _row("DeadlineRecomputed", "时限重算", OPEN, None, CLOCK),
)
# fmt: on
"""The loop, in the order of its stages; every row can be read aloud."""
