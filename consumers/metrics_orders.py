"""指标: what an event says of a complaint's work orders."""

from __future__ import annotations

from consumers.metrics_rows import FROM_DISPATCH, NO_LONGER_DUE, Changed
from workflow.advance import NEXT_ROUND
from workflow.bus.consumer import Record

OF_AN_ORDER = frozenset(
    {
        "acknowledge",
        "rectify",
        "return_window",
        "appeal_window",
        "return_ruling",
        "appeal_ruling",
        "review",
        "reevaluate",
    }
)
"""Limits that are open only while a work order is out."""


def order_changes(record: Record) -> list[tuple[int | None, Changed]]:
    """What the event says of work orders: (number, changes); None is the complaint's last one."""
    if record.type == "DepartmentAssigned":
        return _replaced(record)
    changed = _order_limits(record)
    at = record.occurred_at
    if record.type == "CallAttempted":
        changed |= {"last_call_at": at, "called_back_at": at if _answered(record) else None}
    elif record.type == "ComplaintReevaluated":
        changed |= {"level": record.fact.level, "answered_at": at, "called_back_at": at}
    elif record.type == "FactChecked":
        # Nobody could be called: should a phone be found later, this stands for the call.
        changed["called_back_at"] = at
    elif record.type == "RectificationAccepted":
        changed["accepted_at"] = at
    elif record.type == "RectificationSentBack":
        changed["submitted_at"] = None
    elif record.type == "ReturnAccepted" or _dismissed_with_an_order(record):
        changed["withdrawn_at"] = FROM_DISPATCH
    elif record.type == "RulingCalled":
        changed["withdrawn_at"] = at
    if record.type in NEXT_ROUND and record.state == "ASSIGNING":
        changed["next_round"] = 1
    return [(None, changed)] if changed else []


def _dismissed_with_an_order(record: Record) -> bool:
    """A dismissal by verification alone finds no limit of an order open; a ruling always has one
    behind it.
    """
    if record.state != "DISMISSED":
        return False
    return record.type == "RulingGiven" or not OF_AN_ORDER.isdisjoint(record.limits.cancelled)


def _answered(record: Record) -> bool:
    return bool(record.fact.outcome == "answered")


def new_order(record: Record) -> tuple[int, Record, Changed]:
    """The number of the order that goes out, its record, and what that says of it."""
    opened = record.limits.opened
    acknowledge, rectify = opened.get("acknowledge"), opened.get("rectify")
    given = {
        "unit": record.fact.unit,
        "acknowledge_due_at": None if acknowledge is None else acknowledge.due_at,
        "rectify_due_at": None if rectify is None else rectify.due_at,
        "original_due_at": None if rectify is None else rectify.original_due_at,
    }
    return _number(record), record, given


def _number(record: Record) -> int:
    return int(record.fact.order.rsplit("-", 1)[1])


def _replaced(record: Record) -> list[tuple[int | None, Changed]]:
    """An earlier order still open is withdrawn, as if never sent if it was returned."""
    number = _number(record)
    if number == 1:
        return []
    returned = "return_ruling" in record.limits.cancelled
    return [(number - 1, {"withdrawn_at": FROM_DISPATCH if returned else record.occurred_at})]


def _order_limits(record: Record) -> Changed:
    """Due times opened, moved, met or no longer waited for."""
    limits, changed = record.limits, Changed()
    if (rectify := limits.opened.get("rectify")) is not None:
        changed["rectify_due_at"] = rectify.due_at
    elif "rectify" in limits.paused:
        changed["rectify_due_at"] = NO_LONGER_DUE
    if (acknowledge := limits.opened.get("acknowledge")) is not None:
        changed["acknowledge_due_at"] = acknowledge.due_at
    if (callback := limits.opened.get("reevaluate")) is not None:
        changed["callback_due_at"] = callback.due_at
    elif "reevaluate" in limits.cancelled:
        changed["callback_due_at"] = NO_LONGER_DUE
    if "acknowledge" in limits.met:
        changed["acknowledged_at"] = record.occurred_at
    if "rectify" in limits.met:
        changed["submitted_at"] = record.occurred_at
        if record.state == "REEVALUATING":
            changed["accepted_at"] = record.occurred_at
    return changed
