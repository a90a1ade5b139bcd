"""工单: a complaint as text for the hotline's own system, and as its unit is shown it: with no more
of the citizen than either needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from console import wording
from console.entries import Timeline
from console.service import service_told
from console.sight import RELAYED
from console.timeline import View
from console.web.hotline.preview import Wanted
from schemas.persons import without_persons

COPIED = ("满意度", "勾选原因", "原话", "评价时间", "事项", "窗口")


@dataclass(frozen=True, slots=True)
class Sheets:
    """The text to copy, and what the unit sees or would see if the order were sent now."""

    copied: str
    seen: tuple[tuple[str, str], ...]


def sheets(view: View, line: Timeline, wanted: Wanted | None = None) -> Sheets:
    """Phone, name and ID number stand in neither; of the service's number the unit is told as the
    form has it that is being filled in.
    """
    c = view.complaint
    copied = without_persons("\n".join(_lines(view, line)), *view.citizen.known)
    seen = view.as_its_unit_has_it()
    if wanted is not None:
        told = service_told(c, agreed=wanted.agreed)
        seen = tuple((label, told if label == "办件号" else text) for label, text in seen)
        seen = (*seen, RELAYED) if wanted.relayed and RELAYED not in seen else seen
    return Sheets(copied, seen)


def _lines(view: View, line: Timeline) -> list[str]:
    office, c = view.office, view.complaint
    head = dict(line.head)
    rows = [f"差评件编号：{c.id}"]
    rows += [f"{label}：{head[label]}" for label in COPIED if label in head]
    unit = c.unit or view.handler
    rows.append(f"责任单位：{office.unit_name(unit) if unit else '待定'}")
    verify = c.limits.get("verify")
    if verify is not None:
        rows.append(f"核实期限：{wording.when(verify.due_at, line.zone)}")
    return [*rows, "联系方式在闭环系统内按理由查看，此处不写。"]
