"""What must hold for a step beyond state and role: each says why it does not, or None; pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import schemas as s
from schemas.codes import SCALES
from schemas.envelope import Role
from workflow.complaint import Complaint, Event
from workflow.states import BESIDE_WORK, HOTLINE_STATES, State

Condition = Callable[[Complaint, Event, Any], str | None]
_BEFOREHAND: dict[Condition, Condition] = {}


def beforehand(condition: Condition) -> Condition:
    """The same asked before anything is filled in: what stands against a step however it is
    filled in. It reads of the event who, in which role and unit, and when; never the fact.
    """
    return _BEFOREHAND.get(condition, condition)


def reads_the_fact(possible: Condition) -> Callable[[Condition], Condition]:
    """Enters a condition that reads what is filled in, with what is asked before that."""

    def enter(condition: Condition) -> Condition:
        _BEFOREHAND[condition] = possible
        return condition

    return enter


def nothing(_c: Complaint, _e: Event, _: Any) -> None:
    """Some filling always does."""


def not_claimed_by_another(c: Complaint, e: Event, _: Any) -> str | None:
    if e.role is Role.OPERATOR and c.claimer not in (None, e.actor):
        return "已由别人认领，同一位群众不由两人联系"
    return None


def not_claimed_already(c: Complaint, e: Event, _: Any) -> str | None:
    return "您已经认领了这件，不用再认领" if c.claimer == e.actor else None


def claimed_to_be_called(c: Complaint, e: Event, policy: Any) -> str | None:
    """Wherever an operator can claim it he does before he has the number: two would both call."""
    claimable = c.state in HOTLINE_STATES or (c.state in BESIDE_WORK and not policy.verify_first)
    if e.role is Role.OPERATOR and c.claimer is None and claimable:
        return "还没有人认领；先认领，再看号码，免得两人联系同一位群众"
    return not_claimed_by_another(c, e, policy)


def claimed(c: Complaint, e: Event, _: Any) -> str | None:
    if c.claimer is None:
        return "没有人认领，无需释放"
    if e.role is Role.OPERATOR and c.claimer != e.actor:
        return "由别人认领，只有本人、监督员或下班时自动释放"
    return None


def another_operator(c: Complaint, e: Event, _: Any) -> str | None:
    if c.barred is not None and c.barred == e.actor:
        return "群众提出异议后由另一位话务员核实"
    return None


def contact_wanted(c: Complaint, _e: Event, _: Any) -> str | None:
    if c.has_phone and not c.wrong_number:
        return "已有联系电话；拨过而号码有误的，才请单位补"
    return "已经在等单位补充" if c.contact_requested else None


def contact_lacking(c: Complaint, _e: Event, _: Any) -> str | None:
    return None if c.wrong_number or not c.reachable else "已有联系电话"


def contact_requested(c: Complaint, _e: Event, _: Any) -> str | None:
    return None if c.contact_requested else "没有要求补充联系方式"


def no_allegation_open(c: Complaint, _e: Event, _: Any) -> str | None:
    return None if c.alleger is None else "已报恶意复核，先由另一人决定"


def allegation_open(c: Complaint, _e: Event, _: Any) -> str | None:
    return "没有待定的恶意复核" if c.alleger is None else None


def somebody_else_alleged(c: Complaint, e: Event, _: Any) -> str | None:
    return "恶意复核须由另一人决定" if c.alleger == e.actor else None


def returns_allowed(c: Complaint, e: Event, policy: Any) -> str | None:
    if not policy.returns_allowed:
        return "本地规则不准退单"
    if c.returns >= policy.max_returns:
        return f"已退回{c.returns}次，达到上限；可提出申诉或由监督员提请终裁"
    return _inside(c, e, "return_window", "退回")


@reads_the_fact(nothing)
def another_unit(c: Complaint, e: Event, _: Any) -> str | None:
    """A new order to the unit that holds one already would give it a new clock and nothing else."""
    fact: Any = e.fact
    if fact.unit is None or fact.unit != c.unit:
        return None
    if c.state == State.RETURNED:
        return "须换一个单位；仍由原单位办理的，请不同意退回"
    return "改派须换一个单位；还需要时间的，由原单位申请延期"


def return_ruled_by(c: Complaint, e: Event, _: Any) -> str | None:
    """Operators rule on returns; the last one the cap allows is the supervisor's."""
    if e.role is Role.OPERATOR and c.returns_used_up:
        return f"第{c.returns}次退回由监督员裁定"
    return None


def _extension_askable(c: Complaint, e: Event, policy: Any) -> str | None:
    return _extension_refused(c, e, policy, working_days=1)


@reads_the_fact(_extension_askable)
def extension_open(c: Complaint, e: Event, policy: Any) -> str | None:
    fact: Any = e.fact
    return _extension_refused(c, e, policy, fact.working_days)


def _extension_refused(c: Complaint, e: Event, policy: Any, working_days: int) -> str | None:
    limit = c.limits.get("rectify")
    if limit is None or e.at > limit.due_at:
        return "延期须在到期前申请"
    if c.extension_asked:
        return "已有一次延期申请待裁"
    if c.extensions >= policy.max_extensions:
        return f"已延期{c.extensions}次，达到上限"
    if c.extension_days + working_days > policy.extension_max.amount:
        left = policy.extension_max.amount - c.extension_days
        return f"延期累计不超过{policy.extension_max.amount}个工作日，还可延{left}个"
    return None


def _extension_asked(c: Complaint, _e: Event, _: Any) -> str | None:
    return None if c.extension_asked else "没有待裁的延期申请"


@reads_the_fact(_extension_asked)
def extension_pending(c: Complaint, e: Event, policy: Any) -> str | None:
    fact: Any = e.fact
    if not c.extension_asked:
        return _extension_asked(c, e, policy)
    if isinstance(fact, s.ExtensionGranted) and fact.working_days > c.extension_asked:
        return f"申请了{c.extension_asked}个工作日，不能批得更多"
    return None


def appeal_open(c: Complaint, e: Event, _: Any) -> str | None:
    return "申诉只有一次" if c.appealed else _inside(c, e, "appeal_window", "申诉")


def not_the_verifier(c: Complaint, e: Event, _: Any) -> str | None:
    return "申诉由核实人以外的人复核" if c.verifier == e.actor else None


def question_open(c: Complaint, _e: Event, _: Any) -> str | None:
    return None if c.question_open else "没有待答的代问"


def no_question_open(c: Complaint, _e: Event, _: Any) -> str | None:
    return "上一个代问还没有答复" if c.question_open else None


@reads_the_fact(nothing)
def legal_basis_given(_c: Complaint, e: Event, _: Any) -> str | None:
    fact: Any = e.fact
    return "解释说明须写法律依据" if fact.kind == "explained" and not fact.legal_basis else None


def _some_channel(_c: Complaint, _e: Event, policy: Any) -> str | None:
    return None if policy.reevaluation_channels else "本地规则不邀请再评价"


@reads_the_fact(_some_channel)
def channel_allowed(_c: Complaint, e: Event, policy: Any) -> str | None:
    fact: Any = e.fact
    if fact.channel not in policy.reevaluation_channels:
        return f"本地规则不用“{fact.channel}”邀请再评价"
    return None


@reads_the_fact(nothing)
def on_the_scale(_c: Complaint, e: Event, policy: Any) -> str | None:
    fact: Any = e.fact
    if fact.level not in SCALES[policy.scale]:
        return "本地按三级评价：1 不满意、3 基本满意、5 满意"
    return None


def somebody_to_call(c: Complaint, _e: Event, _: Any) -> str | None:
    return None if c.reachable else "匿名或没有联系电话，无人可拨；请用事实核查"


def somebody_to_ask(c: Complaint, e: Event, _: Any) -> str | None:
    """An operator speaks for a citizen who can be asked; the others may answer themselves."""
    if e.role is Role.OPERATOR and not c.reachable:
        return "匿名或没有联系电话，无人可问；请用事实核查"
    return None


def nobody_to_ask(c: Complaint, _e: Event, _: Any) -> str | None:
    return "有人可问，应电话回访或邀请群众再评价" if c.reachable else None


def lapse_allowed(c: Complaint, e: Event, policy: Any) -> str | None:
    limit = c.limits.get("reevaluate")
    if limit is None or e.at < limit.due_at:
        return "再评价期限未到"
    if not c.reachable:
        return "无人可问的由话务员事实核查"
    if c.calls < policy.min_calls:
        return f"至少拨打{policy.min_calls}次仍未答复，才可按未答复办结"
    return None


def objection_open(c: Complaint, e: Event, _: Any) -> str | None:
    return "异议只有一次" if c.objected else _inside(c, e, "objection_window", "异议")


def _some_limit(c: Complaint, _e: Event, _: Any) -> str | None:
    return None if c.limits else "没有未办结的时限"


@reads_the_fact(_some_limit)
def limit_open(c: Complaint, e: Event, _: Any) -> str | None:
    fact: Any = e.fact
    limit = c.limits.get(fact.limit)
    if limit is None or limit.generation != fact.generation:
        return "该时限已办结或已变更"
    return None


def _inside(c: Complaint, e: Event, window: str, what: str) -> str | None:
    limit = c.limits.get(window)
    if limit is None or e.at > limit.due_at:
        return f"{what}期限已过"
    return None
