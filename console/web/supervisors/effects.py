"""裁决后果: what each answer to a decision would do, said before it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from console import wording
from workflow.complaint import Complaint
from workflow.policy import Policy

Effects = tuple[tuple[str, str], ...]


def effects(kind: str, c: Complaint, policy: Policy) -> Effects:
    """Each answer with what follows from it, for a decision of this kind."""
    return _EFFECTS[kind](c, policy)


def _due(c: Complaint, limit: str, zone: ZoneInfo) -> str:
    opened = c.limits.get(limit)
    return "（已停）" if opened is None else wording.when(opened.due_at, zone)


def _extension(c: Complaint, policy: Policy) -> Effects:
    due = _due(c, "rectify", policy.zone)
    most = policy.extension_max
    used = c.extension_days
    return (
        (
            "同意",
            f"整改到期从 {due} 往后移；全程时限不变。累计最多延 {most.chinese}，已延 {used} 个",
        ),
        ("不同意", f"整改仍到 {due}"),
    )


def _appeal(c: Complaint, policy: Policy) -> Effects:
    window = policy.limit_for("objection_window")
    objection = f"，群众可在{window.limit.chinese}内提异议" if window else ""
    ran = "申诉期间整改时限停着，裁定后接着算" if "rectify" in c.paused else "申诉期间整改时限照走"
    return (
        ("成立", f"这件结案，按所选结论计数，单位不再整改{objection}"),
        ("不成立", f"回到整改，到 {_due(c, 'rectify', policy.zone)}；{ran}"),
    )


def _returned(c: Complaint, policy: Policy) -> Effects:
    return (
        ("同意", "撤回这张工单，不计入该单位的率；重新派单，整改时限从新的派单起算"),
        ("不同意", f"视为已签收，仍由该单位办，到 {_due(c, 'rectify', policy.zone)}；不能再退"),
    )


def _malice(c: Complaint, policy: Policy) -> Effects:
    return (
        ("成立", "这件结案，单列为“恶意”，不算无效；只结这件，不处理评价人"),
        ("不成立", f"继续核实，到 {_due(c, 'verify', policy.zone)}"),
    )


def _ruling(c: Complaint, _: Policy) -> Effects:
    return (
        ("重新派单", f"开第 {c.round + 1} 轮，另发工单，整改时限重新起算；可另派单位"),
        ("按未解决办结", "办结，结果记“终裁未解决”，不算满意"),
        ("结案", "认定差评不成立，按所选结论计数"),
    )


_EFFECTS: Mapping[str, Callable[[Complaint, Policy], Effects]] = {
    "extension": _extension,
    "appeal": _appeal,
    "returned": _returned,
    "malice": _malice,
    "ruling": _ruling,
}
