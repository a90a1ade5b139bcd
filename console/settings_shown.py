"""规则一览: what a profile says, item by item, in Chinese, each with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from console.wording import LIMIT_NAMES
from schemas.codes import Alarm
from workflow.policy import LIMITS, WINDOWS, Policy
from workflow.policy_profile import OURS, Escalation

RULES = {
    "verify_first": "先核实、后派单",
    "review": "整改反馈须热线审核",
    "start_rule": "从哪天起算",
    "end": "到最后一天的什么时候",
    "roll": "到期遇不办公顺延",
    "extension_max": "延期累计最多",
    "max_extensions": "最多延期几次",
    "returns_allowed": "准许退回",
    "max_returns": "最多退回几次",
    "max_rounds": "最多办几轮",
    "min_calls": "至少拨打几次",
    "call_spacing_minutes": "两次拨打至少隔几分钟",
    "scale": "再评价几级",
    "appeal_pauses": "申诉期间停表",
    "contact_pauses": "等联系方式时停表",
    "reevaluation_channels": "再评价方式",
    "min_match_k": "可识别度：至少相符几件",
    "retention_days": "个人信息留存天数",
}
_WORDS = {
    "next_day": "次日起",
    "same_day": "当日起",
    "next_working_day": "次一工作日起",
    "close": "下班时",
    "day_end": "24:00",
    "five": "五级",
    "three": "三级",
    "call": "电话",
    "message": "短信",
    "link": "链接短信",
    **{alarm.value: alarm.label for alarm in Alarm},
    "remind": "催办",
    "supervise": "督办",
    "rule": "提请终裁",
    "answerable": "承办人",
    "supervisor": "监督员",
}
_WINDOWS = {"rating_window": "补评期限"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One value; `ours`: no document gives it."""

    name: str
    value: str
    source: str
    ours: bool


def limit_name(name: str) -> str:
    """What a limit or window of a profile is called."""
    return LIMIT_NAMES.get(name) or _WINDOWS.get(name, name)


def limits_of(policy: Policy) -> Iterator[Setting]:
    """The limits and windows, in the order of the loop."""
    for name in (*LIMITS, *WINDOWS):
        rule = policy.limits.get(name)
        if rule is not None:
            more = f"（复杂件 {rule.complex_limit.chinese}）" if rule.complex_limit else ""
            yield _setting(limit_name(name), f"{rule.limit.chinese}{more}", rule.source)


def rules_of(policy: Policy) -> Iterator[Setting]:
    """Everything else a profile sets, and how it presses."""
    for path, source in policy.sources.items():
        kind, _, name = path.partition(".")
        if kind == "rules":
            yield _setting(RULES.get(name, name), _value(policy, name), source)
        elif kind == "escalation":
            yield _setting("逐级督促", _pressed(policy, policy.ladder[int(name)]), source)


def _pressed(policy: Policy, rung: Escalation) -> str:
    """What is done at a stage, and of which limits where it is not of all."""
    held = [name for name in LIMITS if name in policy.limits]
    of = [limit_name(name) for name in held if rung in policy.limits[name].escalates_to]
    which = "" if len(of) == len(held) else f"“{'”“'.join(of)}”"
    stage, act, role = (_WORDS.get(str(part), str(part)) for part in rung)
    return f"{which}{stage}时{act}（{role}）"


def _value(policy: Policy, name: str) -> str:
    value = getattr(policy, name.replace("_minutes", ""))
    if isinstance(value, bool):
        return "是" if value else "否"
    if name == "call_spacing_minutes":
        return str(int(value.total_seconds() // 60))
    if isinstance(value, tuple):
        return "、".join(_WORDS.get(str(part), str(part)) for part in value)
    return str(getattr(value, "chinese", "") or _WORDS.get(str(value), value))


def _setting(name: str, value: str, source: str) -> Setting:
    ours = source.startswith(OURS)
    return Setting(name, value, "本办自定" if ours else source, ours)
