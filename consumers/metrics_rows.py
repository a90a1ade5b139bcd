"""指标: a complaint's facts and its orders', moved on by what events say; pure."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pydantic_core import from_json, to_json

from workflow.bus.consumer import Record
from workflow.storage.models import order_facts

NO_LONGER_DUE: Final = -2
"""A due time nobody waits for any more: gone, unless it had already passed."""
MET: Final = -3
"""A due time that was met: kept; a paused one stands as due when it was met."""
FROM_DISPATCH: Final = -4
"""Withdrawn as if never dispatched."""

Row = dict[str, Any]
Changed = dict[str, Any]
_NO_ORDER: Final = dict.fromkeys(column.name for column in order_facts.columns)


class Facts(NamedTuple):
    """One complaint's row, and those of its orders by number."""

    complaint: Row
    orders: dict[int, Row]


def move_complaint(row: Row, record: Record, named: Changed) -> None:
    """Moves the row on; `named` is used up. What is not named is kept; `round` is added to."""
    row["state"] = record.state
    if named.pop("verify_again", False):
        _verify_again(row)
    if "verify_due_at" in named:
        due = named.pop("verify_due_at")
        row["verify_due_at"] = _due(row["verify_due_at"], due, record.occurred_at)
    level = named.pop("first_level", None)
    if row["first_level"] is None and row["round"] <= 1:
        row["first_level"] = level
    row["round"] += named.pop("round", 0)
    row["real_name"] = bool(row["real_name"] or named.pop("real_name", False))
    if record.state == "CLOSED" and row["verdict"] is None:
        row["verdict"] = "valid"
    row.update(named)


def _verify_again(row: Row) -> None:
    """The verification before is kept beside the one that begins, if it was due at all."""
    if row["verify_due_at"] is not None:
        before = from_json(row["verified_before"] or "[]")
        before.append((row["verify_due_at"], row["verified_at"]))
        row["verified_before"] = to_json(before).decode()
    row["verify_due_at"] = row["verified_at"] = None


def _due(due: int | None, changed: int, at: int) -> int | None:
    if changed == MET:
        return at if due is None else due
    if changed == NO_LONGER_DUE:
        return due if due is not None and due < at else None
    return changed


def open_order(facts: Facts, number: int, record: Record, given: Changed) -> None:
    """An order goes out, in the round its complaint has come to."""
    last = facts.orders.get(number - 1)
    facts.orders[number] = {
        **_NO_ORDER,
        "subject": record.subject,
        "number": number,
        "day": facts.complaint["day"],
        "round": 1 if last is None else last["round"] + last["next_round"],
        "next_round": 0,
        "calls": 0,
        "assigned_at": record.occurred_at,
        **given,
    }


def move_order(facts: Facts, number: int | None, record: Record, named: Changed) -> None:
    """Moves this order's row on, as above; None is the complaint's last one."""
    row = facts.orders[max(facts.orders) if number is None else number]
    _withdraw(row, named.pop("withdrawn_at", None))
    if "rectify_due_at" in named:
        due = named.pop("rectify_due_at")
        row["rectify_due_at"] = _due(row["rectify_due_at"], due, record.occurred_at)
    callback = named.pop("callback_due_at", None)
    if callback is not None and not (callback == NO_LONGER_DUE and row["called_back_at"]):
        row["callback_due_at"] = _due(row["callback_due_at"], callback, record.occurred_at)
    _call(row, facts.complaint, named.pop("last_call_at", None), named.pop("called_back_at", None))
    row.update(named)


def _withdraw(row: Row, at: int | None) -> None:
    if at is None or row["accepted_at"] is not None:
        return
    if at == FROM_DISPATCH:
        row["withdrawn_at"] = row["assigned_at"]
    elif row["withdrawn_at"] is None:
        row["withdrawn_at"] = at


def _call(row: Row, complaint: Row, at: int | None, answered_at: int | None) -> None:
    """A call-back is a call answered, or the last one the complaint's profile requires; calls
    closer to one another than it says are one.
    """
    last = row["last_call_at"]
    if at is not None and (last is None or last <= at - complaint["call_spacing"]):
        row["calls"] += 1
        row["last_call_at"] = at
    if row["called_back_at"] is not None:
        return
    if answered_at is not None:
        row["called_back_at"] = answered_at
    elif at is not None and row["calls"] >= complaint["min_calls"]:
        row["called_back_at"] = at
