"""我的工单: the unit's orders as a table for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, select

from console import wording
from console.rated import rated
from console.scope import visible
from console.traces import looked
from console.web.departments.listing import outcome_of
from console.wiring import Office
from workflow.complaint import Complaint, load
from workflow.ledger import Actor
from workflow.storage.models import complaints, order_facts

HEAD: Final = (
    *("工单号", "状态", "主办或协办", "事项", "核实原因", "分类", "派单时间"),
    *("签收到期", "签收时间", "整改到期", "提交反馈时间", "结果"),
)
AT_ONCE = 500


def exported(office: Office, viewer: Actor) -> Sequence[Sequence[str]]:
    """A heading, and every order of the unit, the newest first; each counts as looked at."""
    seen: list[str] = []
    with office.database.read() as conn:
        rows = [HEAD, *_rows(conn, office, viewer, seen)]
    if seen:
        looked(office, viewer, "export", *seen)
    return rows


def _rows(
    conn: Connection, office: Office, viewer: Actor, seen: list[str]
) -> Iterator[Sequence[str]]:
    query = select(complaints.c.fold).where(visible(viewer), complaints.c.unit.is_not(None))
    ordered = query.order_by(complaints.c.collected_at.desc(), complaints.c.id)
    with conn.execute(ordered, execution_options={"yield_per": AT_ONCE}) as folds:
        for part in folds.scalars().partitions(AT_ONCE):
            found = [load(fold) for fold in part]
            ids = [c.id for c in found]
            first, times = rated(conn, ids, to_unit=True), _times(conn, found)
            seen += ids
            for c in found:
                yield _row(office, viewer, c, first[c.id].item, times.get(c.id, (None,) * 5))


def _times(conn: Connection, found: Sequence[Complaint]) -> dict[str, tuple[int | None, ...]]:
    """Of each complaint's newest order: sent, to be acknowledged, acknowledged, due, submitted."""
    newest = {c.id: c.orders for c in found}
    named = ("assigned_at", "acknowledge_due_at", "acknowledged_at", "rectify_due_at")
    columns = [order_facts.c[name] for name in (*named, "submitted_at")]
    query = select(order_facts.c.subject, order_facts.c.number, *columns).where(
        order_facts.c.subject.in_(list(newest))
    )
    return {
        subject: tuple(times)
        for subject, number, *times in conn.execute(query)
        if newest[subject] == number
    }


def _row(
    office: Office, viewer: Actor, c: Complaint, item: str, times: Sequence[int | None]
) -> Sequence[str]:
    zone = office.rulebook.of(c).policy.zone
    when = [f"{wording.local(at, zone):%Y-%m-%d %H:%M}" if at else "" for at in times]
    return (
        str(c.order),
        wording.state_name(c.state),
        "主办" if c.unit == viewer.unit else "协办",
        item,
        wording.value_text("reason_code", c.reason_code, zone) if c.reason_code else "",
        wording.value_text("case_class", c.case_class, zone) if c.case_class else "",
        *when,
        outcome_of(c),
    )
