"""核对: what the columns are called in Chinese, for whoever reads a finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row

from workflow.audit_finding import Finding

_NAMES: Mapping[str, str] = {
    "subject": "差评件",
    "number": "工单序号",
    "unit": "责任单位",
    "area": "区域",
    "day": "评价日",
    "level": "评价等级",
    "real_name": "实名",
    "state": "状态",
    "verdict": "核实结论",
    "ground": "不属实的理由",
    "collected_at": "归集时间",
    "verify_due_at": "核实到期时间",
    "verified_at": "核实时间",
    "verified_before": "此前的核实",
    "outcome": "办结方式",
    "round": "轮次",
    "first_level": "首次再评价等级",
    "final_level": "最后再评价等级",
    "ended_at": "办结时间",
    "min_calls": "最少回访次数",
    "call_spacing": "回访间隔",
    "next_round": "是否进入下一轮",
    "assigned_at": "派单时间",
    "acknowledge_due_at": "签收到期时间",
    "acknowledged_at": "签收时间",
    "rectify_due_at": "整改到期时间",
    "original_due_at": "延期前的整改到期时间",
    "submitted_at": "整改反馈时间",
    "accepted_at": "反馈审核通过时间",
    "callback_due_at": "回访到期时间",
    "called_back_at": "回访时间",
    "calls": "回访次数",
    "last_call_at": "最后回访时间",
    "answered_at": "再评价时间",
    "withdrawn_at": "撤单时间",
    "generation": "代次",
    "due_at": "到期时间",
    "warn_at": "黄牌时间",
    "red_at": "红牌时间",
    "next_at": "下次提醒时间",
    "next_step": "下次提醒",
    "phone": "电话的索引",
    "last4": "电话后四位的索引",
    "item": "事项",
    "window": "窗口",
}


def shown(column: str) -> str:
    """The column's Chinese name with its own beside it."""
    return f"{_NAMES[column]}（{column}）"


def differing(
    kind: str, where: str, row: Row[Any], expected: Mapping[str, Any]
) -> Iterator[Finding]:
    """A finding for each of these columns that says something else in the row."""
    for name, value in expected.items():
        said = getattr(row, name)
        if said != value:
            yield Finding(kind, where, f"{shown(name)}现为 {said}，按日志应为 {value}")
