"""差评件: what stands at its head, for whoever looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console import wording
from console.rated import TICKED, unverified
from console.recognised import for_the_office, in_words
from console.service import named, served, service_told, taken_in
from console.sight import RELAYED, overlays
from workflow.loop import BEFORE_FEEDBACK
from workflow.phones import number_in
from workflow.record import Record

if TYPE_CHECKING:
    from console.timeline import View


def head(view: View) -> Iterator[tuple[str, str]]:
    """Label and words, in their order; the unit learns no more than it may."""
    c, first = view.complaint, view.records[0]
    fact = first.fact
    yield "满意度", wording.value_text("level", fact.level, view.zone)
    if view.unit:
        yield from _of_unit(view, first)
        return
    yield "勾选原因", wording.value_text("reasons", fact.reasons, view.zone) or "（未勾选）"
    if fact.text:
        yield "原话", view.text(first, "text") or wording.ERASED
    yield "评价时间", wording.when(fact.assessed_at, view.zone)
    yield from taken_in(view.conn, fact, view.served, view.zone)
    yield "实名", ("是" if c.real_name else "否") + f"，{_phone(view)}"
    item, window = view.named
    for label, value in (("事项", item), ("窗口", window), ("区县", fact.area)):
        if value:
            yield label, value
    yield "办件", f"{c.project_no} 第{c.service_number}次服务"
    where = "" if c.handled_by or not view.handler else "（据办件记录）"
    yield "经办单位", f"{view.unit_name(view.handler) or '（未配上）'}{where}"
    yield "单位可见", for_the_office(*view.shown, view.k)
    if c.unit:
        yield "责任单位", view.unit_name(c.unit)
    if c.claimer:
        yield "认领", c.claimer
    if c.ticket:
        yield "12345工单号", c.ticket
    if c.outcome:
        yield "结果", wording.value_text("outcome", c.outcome, view.zone)
    if marks := overlays(c, view.viewer):
        yield "标记", "、".join(marks)


def _of_unit(view: View, first: Record) -> Iterator[tuple[str, str]]:
    """For the unit: time and window coarsened, the service only with consent."""
    c, fact = view.complaint, first.fact
    if c.reason_code:
        yield "核实原因", wording.value_text("reason_code", c.reason_code, view.zone)
    elif ticked := unverified(c, fact.reasons, view.zone):
        yield TICKED, ticked
    if c.case_class:
        yield "分类", wording.value_text("case_class", c.case_class, view.zone)
    if fact.text:
        yield "原话", view.text(first, "text") or wording.ERASED
    if item := named(fact, served(view.conn, fact, view.known_at)).item:
        yield "事项", item
    found, day = view.shown
    yield "时间", in_words(found, day)
    if found.window:
        yield "窗口", found.window
    yield "办件号", service_told(c, agreed=c.show_service_number)
    yield "评价人", "依法保密，请勿查找"
    if c.contact_by_unit and c.unit == view.unit and c.state in BEFORE_FEEDBACK:
        yield RELAYED


def _phone(view: View) -> str:
    if not view.complaint.has_phone:
        return "无电话"
    return "有电话" if number_in(view.citizen.left) else "电话已删除"
