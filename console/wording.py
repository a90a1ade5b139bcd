"""用语: events, roles, limits, values and times as people read them, taken from the loop's own
tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from console.cli_help import line_shown
from console.cli_help import width as columns
from schemas.analysis import Finding
from schemas.codes import (
    REASONS,
    SCALES,
    Alarm,
    CallOutcome,
    CaseClass,
    DismissalReason,
    Outcome,
    Post,
    Verdict,
)
from workflow.clock import instant
from workflow.limits import LIMITS
from workflow.loop import STEPS
from workflow.states import ROLE_NAMES, STATE_NAMES

ERASED = "（已删除）"
"""Stands where a text was."""

WEEKDAYS = "一二三四五六日"
LIMIT_NAMES = {row.name: row.label for row in LIMITS}
OTHER_EVENTS = {
    "BatchCollected": "归集批次",
    "CalendarRevised": "日历修订",
    "PolicyProposed": "提请生效",
    "PolicyRefused": "不同意生效",
    "PolicyTakenIntoForce": "规则生效",
    "PersonalDataErased": "删除个人信息",
}
FIELDS = {
    "level": "满意度",
    "reasons": "勾选原因",
    "origin": "评价来源",
    "unit": "单位",
    "unit_named": "所写单位",
    "area": "区县",
    "item": "事项",
    "window": "窗口",
    "text": "原话",
    "category": "类别",
    "severity": "严重程度",
    "misoperation": "误操作疑",
    "duplicate_of": "疑与此件重复",
    "findings": "依据",
    "path": "核实途径",
    "ticket": "12345工单号",
    "reason": "理由",
    "outcome": "结果",
    "next_call_at": "约定再拨",
    "recording": "录音编号",
    "note": "说明",
    "found": "查到电话",
    "by": "途径",
    "reason_code": "核实原因",
    "case_class": "分类",
    "show_service_number": "可露办件号",
    "contact_by_unit": "同意单位联系",
    "verdict": "结论",
    "ground": "原因",
    "order": "工单号",
    "assisting": "协办",
    "rule": "派单依据",
    "legal_basis": "法律依据",
    "suggested_unit": "建议单位",
    "working_days": "工作日",
    "question": "代问",
    "answer": "答复",
    "kind": "方式",
    "facts": "查明事实",
    "cause": "原因",
    "measures": "措施",
    "reply": "给群众的答复",
    "signed_by": "签批人",
    "post": "责任岗位",
    "channel": "方式",
    "expires_at": "有效期至",
    "contacted": "联系过",
    "solved": "解决了",
    "words": "群众原话",
    "rectified": "已整改",
    "limit": "时限",
    "card": "牌",
    "due_at": "到期",
    "from_due_at": "原到期",
    "decision": "裁定",
    "assessed_at": "评价时间",
    "calendar": "日历",
}
VALUES = {
    "path": {"call": "电话核实", "fact_check": "事实核查"},
    "by": {
        "call": "电话",
        "fact_check": "事实核查",
        "message": "短信",
        "link": "链接",
        "site": "评价平台",
    },
    "channel": {"call": "电话", "message": "短信", "link": "链接"},
    "kind": {"rectified": "已整改", "explained": "解释说明"},
    "card": {a.value: a.label for a in Alarm},
    "misoperation": {"low": "低", "medium": "中", "high": "高"},
    "decision": {
        "reassign": "重新派单",
        "close_unresolved": "按未解决办结",
        "dismiss": "结案",
    },
    "ground": {
        **{g.value: g.label for g in DismissalReason},
        "overdue": "超期",
        "dissatisfied": "回访不满意",
        "second_round": "二次办理",
        "rounds_used_up": "轮次用完",
        "manual": "人工",
    },
    "verdict": {v.value: v.label for v in Verdict} | {"valid": "有效"},
    "outcome": {o.value: o.label for o in (*CallOutcome, *Outcome)},
    "case_class": {c.value: c.label for c in CaseClass},
    "reason": {"done": "办完", "handed_over": "交接", "end_of_shift": "下班"},
    "limit": LIMIT_NAMES,
    "post": {post.value: post.label for post in Post},
    "role": {str(role): name for role, name in ROLE_NAMES.items()},
    "rule": {
        "person": "人工指定",
        "named": "核实时指明",
        "same-again": "原单位重办",
        "handler": "谁办理谁负责",
    },
}

_STATES = {str(state): name for state, name in STATE_NAMES.items()}
_ROLES = {str(role): name for role, name in ROLE_NAMES.items()}


@cache
def event_name(event: str) -> str:
    """The event as the loop's table calls it: where several rows share it, what their notes begin
    with.
    """
    notes = [step.note for step in STEPS if step.event == event and step.note]
    if not notes:
        return OTHER_EVENTS.get(event, event)
    same = 0
    while all(len(note) > same and note[same] == notes[0][same] for note in notes):
        same += 1
    return notes[0][:same].rstrip("：，") or notes[0]


@cache
def step_name(event: str, before: str, after: str) -> str:
    """The row of the table that led from one state to the other."""
    for step in STEPS:
        stays = step.to is None and before == after
        if step.event == event and before in step.sources and (stays or step.to == after):
            return step.note
    return event_name(event)


def state_name(state: str) -> str:
    return _STATES.get(state, state)


def size_text(size: int) -> str:
    """So many bytes, as a person reads them."""
    if size < 1000:
        return f"{size} 字节"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def role_name(role: str) -> str:
    return _ROLES.get(role, role)


def value_text(field: str, value: object, zone: ZoneInfo, scale: str = "five") -> str:
    """A fact's value as a person reads it; instants in the office's zone, levels on the scale."""
    if isinstance(value, Finding):
        value = value.evidence
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int) and field.endswith("_at"):
        return when(value, zone)
    if field == "level" and isinstance(value, int):
        return f"{SCALES[scale].get(value, '')}({value})"
    if isinstance(value, tuple | list):
        return "、".join(value_text(field, part, zone) for part in value)
    if field in ("reason_code", "reasons"):
        known = REASONS.get(str(value))
        return f"{value} {known.text}" if known else str(value)
    return str(getattr(value, "label", "") or VALUES.get(field, {}).get(str(value), value))


@lru_cache(maxsize=4096)
def when(at: int, zone: ZoneInfo) -> str:
    """An instant (microseconds UTC) in the office's zone: 2021-10-21(四)15:00."""
    at_office = local(at, zone)
    return f"{at_office:%Y-%m-%d}({WEEKDAYS[at_office.weekday()]}){at_office:%H:%M}"


def near(at: int, zone: ZoneInfo, now: int) -> str:
    """The same without its year, if that is this year's: 10-21(四)15:00."""
    this = local(at, zone).year == local(now, zone).year
    return when(at, zone)[5 if this else 0 :]


def day_of(at: int, zone: ZoneInfo) -> str:
    """The office's date of an instant (microseconds UTC): 10月21日."""
    at_office = local(at, zone)
    return f"{at_office.month}月{at_office.day}日"


def iso(at: int, zone: ZoneInfo) -> str:
    """An instant (microseconds UTC) as ISO 8601 with the office's offset."""
    return local(at, zone).isoformat()


def local(at: int, zone: ZoneInfo) -> datetime:
    """An instant (microseconds UTC) in the office's zone."""
    return instant(at).astimezone(zone)


def week_of(day: date | datetime) -> str:
    """A date no finer than its week: 10月第3周."""
    return f"{day.month}月第{(day.day - 1) // 7 + 1}周"


def padded(text: str, width: int) -> str:
    """The text filled to a width of terminal columns; Chinese characters take two."""
    return text + " " * max(0, width - columns(text))


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as aligned lines, each a line whatever its cells hold; the first one is the heading."""
    rows = [[line_shown(cell) for cell in row] for row in rows]
    widths = [max(columns(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(padded(c, w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
