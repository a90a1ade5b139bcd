"""核对: what the log alone says of a complaint's figures and its work orders', told once more."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from workflow.audit_rules import Pinned

Told = dict[str, Any]

_OUT = ("DISPATCHED", "RECTIFYING", "RETURNED", "APPEALED", "REVIEWING", "REEVALUATING")
"""States in which a work order is out with its unit."""
_LATER = """acknowledged_at submitted_at accepted_at called_back_at last_call_at level answered_at
withdrawn_at callback_due_at"""
_OF_ROW = "state verdict ground outcome round level area collected_at ended_at"


@dataclass
class Figures:
    """A complaint's facts beyond its row, and those of its work orders by number."""

    complaint: Told = field(default_factory=dict)
    orders: dict[int, Told] = field(default_factory=dict)


def facts_of(row: Told, figures: Figures) -> Told:
    """Every column of the complaint's facts; `row` is its fold."""
    known = row["real_name"] and row["has_phone"]
    return {
        "subject": row["id"],
        **figures.complaint,
        **{name: row[name] for name in _OF_ROW.split()},
        "unit": row["handled_by"],
        "real_name": known,
    }


def take_figures(
    figures: Figures, row: Told, before: str, event: Row[Any], data: Told, changed: Told
) -> None:
    """One more event; `row` is the complaint's fold after it, `before` the state it came from."""
    if event.type == "DepartmentAssigned":
        _dispatched(figures, row, before, event, data, changed)
    elif figures.orders:
        order = figures.orders[len(figures.orders)]
        _withdrawn(order, before, event)
        _limits_of(order, row, event, changed)
        _work(order, event, changed)
        _calls(order, row, event, data, figures.complaint["min_calls"])
        order["next_round"] = row["round"] - order["round"]
    _complaint(figures.complaint, row, event, data, changed)


def begun(data: Told, rules: Pinned) -> Told:
    """A complaint's facts as it is collected."""
    named = {"day": rules.day_of(data["assessed_at"]), "min_calls": rules.min_calls}
    named |= {"call_spacing": rules.call_spacing}
    unknown = ("verify_due_at", "verified_at", "verified_before", "first_level", "final_level")
    return {**named, **dict.fromkeys(unknown), "round": 1}


def _complaint(told: Told, row: Told, event: Row[Any], data: Told, changed: Told) -> None:
    kind, at = event.type, event.occurred_at
    if kind in ("DismissalReversed", "CitizenObjected") and event.state == "VERIFYING":
        due, verdict_at = told["verify_due_at"], told["verified_at"]
        told |= {"verify_due_at": None, "verified_at": None}
        if due is not None:
            ended = [*json.loads(told["verified_before"] or "[]"), [due, verdict_at]]
            told["verified_before"] = json.dumps(ended, separators=(",", ":"))
    gone = (*changed.get("paused", ()), *changed.get("cancelled", ()))
    told["verify_due_at"] = _due("verify", told["verify_due_at"], row, at, gone)
    if "verify" in changed.get("met", ()):
        told["verified_at"] = at
        told["verify_due_at"] = at if told["verify_due_at"] is None else told["verify_due_at"]
    if kind == "ComplaintReevaluated":
        told["final_level"] = data["level"]
        if told["round"] == 1 and told["first_level"] is None:
            told["first_level"] = data["level"]
    if kind == "CitizenObjected" and event.state == "ASSIGNING":
        told["final_level"] = None
    told["round"] = row["round"]


def _due(name: str, due: int | None, row: Told, at: int, gone: Collection[str]) -> int | None:
    """When it is due as it runs; of one nobody waits for any more, only a time that had passed."""
    if name in row["limits"] and name not in row["paused"]:
        running: int = row["limits"][name][0]
        return running
    return None if name in gone and due is not None and due >= at else due


def _dispatched(
    figures: Figures, row: Told, before: str, event: Row[Any], data: Told, changed: Told
) -> None:
    opened = changed.get("opened", {})
    if figures.orders:
        from_dispatch = before == "RETURNED"
        _withdraw(figures.orders[len(figures.orders)], event.occurred_at, from_dispatch)
    number = len(figures.orders) + 1
    figures.orders[number] = {
        **dict.fromkeys(_LATER.split()),
        "subject": event.subject,
        "number": number,
        "day": figures.complaint["day"],
        "round": row["round"],
        "next_round": 0,
        "unit": data["unit"],
        "assigned_at": event.occurred_at,
        "acknowledge_due_at": opened["acknowledge"][0] if "acknowledge" in opened else None,
        "rectify_due_at": opened["rectify"][0] if "rectify" in opened else None,
        "original_due_at": opened["rectify"][3] if "rectify" in opened else None,
        "calls": 0,
    }


def _withdrawn(order: Told, before: str, event: Row[Any]) -> None:
    dismissed = event.state == "DISMISSED" and (before in _OUT or event.type == "RulingGiven")
    if event.type == "ReturnAccepted" or dismissed:
        _withdraw(order, event.occurred_at, from_dispatch=True)
    elif event.type == "RulingCalled":
        _withdraw(order, event.occurred_at, from_dispatch=False)


def _withdraw(order: Told, at: int, from_dispatch: bool) -> None:
    """One that was accepted stands; one taken back counts as never sent."""
    if order["accepted_at"] is not None:
        return
    if from_dispatch:
        order["withdrawn_at"] = order["assigned_at"]
    elif order["withdrawn_at"] is None:
        order["withdrawn_at"] = at


def _limits_of(order: Told, row: Told, event: Row[Any], changed: Told) -> None:
    at, due = event.occurred_at, "acknowledge_due_at"
    order[due] = _due("acknowledge", order[due], row, at, ())
    due = "rectify_due_at"
    order[due] = _due("rectify", order[due], row, at, changed.get("paused", ()))
    gone = () if order["called_back_at"] else changed.get("cancelled", ())
    due = "callback_due_at"
    order[due] = _due("reevaluate", order[due], row, at, gone)


def _work(order: Told, event: Row[Any], changed: Told) -> None:
    kind, at = event.type, event.occurred_at
    if "acknowledge" in changed.get("met", ()):
        order["acknowledged_at"] = at
    submitted = kind == "RectificationSubmitted"
    if submitted or kind == "RectificationSentBack":
        order["submitted_at"] = at if submitted else None
    if kind == "RectificationAccepted" or (submitted and event.state == "REEVALUATING"):
        order["accepted_at"] = at


def _calls(order: Told, row: Told, event: Row[Any], data: Told, enough: int) -> None:
    """The citizen is called back once he was reached, or as often as his profile requires."""
    kind, at, reached = event.type, event.occurred_at, False
    if kind == "CallAttempted" and event.state == "REEVALUATING":
        order |= {"calls": row["calls"], "last_call_at": row["last_call_at"]}
        reached = data["outcome"] == "answered" or row["calls"] >= enough
    elif kind == "ComplaintReevaluated":
        order |= {"level": data["level"], "answered_at": at}
        reached = True
    if (reached or kind == "FactChecked") and order["called_back_at"] is None:
        order["called_back_at"] = at
