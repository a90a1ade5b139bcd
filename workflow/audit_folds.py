"""核对: what the log alone says a complaint must be: a naive fold, shared with nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from workflow.audit_facts import Figures, begun, take_figures
from workflow.audit_limits import take_class, take_limits, take_pauses
from workflow.audit_moves import LEGAL_MOVES
from workflow.audit_rules import Pinned
from workflow.audit_timers import Armed, take_timers

ENDS = ("DISMISSED", "CLOSED")
_CLAIMABLE = ("VERIFYING", "ASSIGNING", "RETURNED", "REVIEWING", "REEVALUATING")
_BESIDE = ("DISPATCHED", "RECTIFYING", "APPEALED")
_NEXT_ROUND = ("ComplaintReevaluated", "FactChecked", "RulingGiven", "CitizenObjected")
_PEOPLE = ("operator", "reviewer", "department", "clerk", "supervisor", "citizen")
_UNTOLD = ("TicketLinked", "ContactRevealed", "RetaliationReported")
_NONE = """ended_at ticket misoperation duplicate_of claimer verifier barred alleger outcome
last_call_at next_call_at verdict ground reason_code case_class named_unit unit final_level
met_rectify handled_by area"""
_FALSE = """contact_requested contact_sought answered show_service_number contact_by_unit
acknowledged class_late appealed question_open invited objected retaliation real_name has_phone
wrong_number returns_used_up"""
_ZERO = """level collected_at version touched calls orders returns extensions extension_days
extension_asked sent_back supervised"""
_NEW: Mapping[str, Any] = {
    **dict.fromkeys(_NONE.split()),
    **dict.fromkeys(_FALSE.split(), False),
    **dict.fromkeys(_ZERO.split(), 0),
    "round": 1,
}
_UNCALLED = {"calls": 0, "last_call_at": None, "next_call_at": None, "answered": False}
_AGAIN: Mapping[str, Any] = {
    **dict.fromkeys(("verdict", "ground", "ended_at")),
    **_UNCALLED,
    "contact_requested": False,
    "contact_sought": False,
}
_UNASKED = {"contact_requested": False}
_ENDED = {"alleger": None, "next_call_at": None, **_UNASKED}
_NEW_ORDER = {
    **dict.fromkeys(("acknowledged", "invited", "question_open", "class_late"), False),
    **dict.fromkeys(("sent_back", "extensions", "extension_days", "extension_asked"), 0),
    **dict.fromkeys(("named_unit", "met_rectify")),
}
_ALWAYS: Mapping[str, Mapping[str, Any]] = {
    "ComplaintReleased": {"claimer": None},
    "DismissalReversed": _AGAIN,
    "WorkOrderAcknowledged": {"acknowledged": True},
    "ReturnRefused": {"acknowledged": True},
    "AppealRejected": {"acknowledged": True},
    "ReturnAccepted": {"unit": None, "assisting": []},
    "ExtensionGranted": {"extension_asked": 0},
    "ExtensionRefused": {"extension_asked": 0},
    "AppealLodged": {"appealed": True},
    "ClarificationAsked": {"question_open": True},
    "ClarificationAnswered": {"question_open": False},
    "RectificationSubmitted": {"extension_asked": 0, "invited": False},
    "ReevaluationInvited": {"invited": True},
    "ReevaluationLapsed": {"outcome": "unanswered"},
    "CitizenObjected": {"objected": True, "ended_at": None, "outcome": None},
    "RetaliationReported": {"retaliation": True},
    "ComplaintConfirmed": {"verdict": "valid", "ground": None, "next_call_at": None, **_UNASKED},
    "MaliceRejected": {"alleger": None},
    "MaliceUpheld": {"verdict": "malicious", "ground": None},
    "DepartmentAssigned": _NEW_ORDER,
}
"""What an event says whatever it carries."""

_COUNTED = {"SupervisionOrdered": "supervised", "WorkOrderReturned": "returns"}
_COUNTED |= {"RectificationSentBack": "sent_back", "DepartmentAssigned": "orders"}
_COPIED = {
    "ReviewCollected": "profile profile_version source project_no service_number level real_name "
    "has_phone area",
    "ComplaintAnalysed": "misoperation duplicate_of",
    "TicketLinked": "ticket",
    "ComplaintConfirmed": "reason_code case_class show_service_number",
    "ComplaintDismissed": "verdict ground",
    "AppealUpheld": "verdict ground",
}
"""Fields taken over as the event states them."""


@dataclass
class Folded:
    """One complaint as its events tell it: the row's fold, its figures, the timers, the illegal
    moves.
    """

    row: dict[str, Any]
    figures: Figures = field(default_factory=Figures)
    timers: dict[str, Armed] = field(default_factory=dict)
    illegal: list[tuple[int, str]] = field(default_factory=list)


def unwritten() -> dict[str, Any]:
    """What a field is that the row's fold does not write out."""
    lists: dict[str, Any] = {"assisting": [], "named_assisting": [], "missed": []}
    return {**_NEW, **lists, **{name: {} for name in ("limits", "generations", "paused", "pauses")}}


def fold(events: Sequence[Row[Any]], rules: Pinned) -> Folded:
    """Folds a complaint's events by version, under the rules its profile pins."""
    claimable = _CLAIMABLE if rules.verify_first else (*_CLAIMABLE, *_BESIDE)
    told = Folded({"id": events[0].subject, "state": "new", **unwritten()})
    told.figures.complaint = begun(json.loads(events[0].data), rules)
    for event in events:
        before = told.row["state"]
        _move(told, event, claimable)
        data = json.loads(event.data)
        _take(told.row, event, data, rules.call_spacing)
        told.row["returns_used_up"] = 0 < told.row["returns"] >= rules.max_returns
        changed = json.loads(event.limits) if event.limits else {}
        take_class(told.row, event)
        take_pauses(told.row, event, changed)
        take_limits(told.row, event.type, changed)
        take_figures(told.figures, told.row, before, event, data, changed)
        take_timers(told.timers, told.row, event, data, changed)
    return told


def _move(told: Folded, event: Row[Any], claimable: Sequence[str]) -> None:
    row, before = told.row, told.row["state"]
    if (before, event.state) not in LEGAL_MOVES.get(event.type, ()):
        told.illegal.append((event.version, f"{event.type}：{before} → {event.state}"))
    row["version"] += 1
    if event.state != before or (event.role in _PEOPLE and event.type not in _UNTOLD):
        row["touched"] = row["version"]
    row["state"] = event.state
    if event.state == "ASSIGNING" != before and event.type in _NEXT_ROUND:
        row |= {"round": row["round"] + 1, "next_call_at": None}
    if event.state == "RULING":
        row["next_call_at"] = None
    if event.type == "CitizenObjected" and event.state == "VERIFYING":
        row |= {"barred": row["verifier"], **_AGAIN}
    row.update(_ALWAYS.get(event.type, {}))
    if event.state in ENDS and before not in ENDS:
        row |= {"ended_at": event.occurred_at, **_ENDED}
        if event.state == "CLOSED":
            row["verdict"] = row["verdict"] or "valid"
    if event.state == "REEVALUATING" != before:
        row |= _UNCALLED
    if event.type == "ComplaintClaimed":
        row["claimer"] = event.actor
    if event.state not in claimable:
        row["claimer"] = None


def _take(row: dict[str, Any], event: Row[Any], data: dict[str, Any], spacing: int) -> None:
    kind, at = event.type, event.occurred_at
    for name in _COPIED.get(kind, "").split():
        row[name] = data.get(name)
    if kind in _COUNTED:
        row[_COUNTED[kind]] += 1
    if kind in ("ComplaintConfirmed", "ComplaintDismissed", "MaliceUpheld"):
        row["verifier"] = event.actor
    if kind == "ReviewCollected":
        row |= {"handled_by": data.get("unit"), "collected_at": at}
    elif kind == "MaliceAlleged":
        row["alleger"] = event.actor
    elif kind == "CallAttempted":
        _take_call(row, at, data, spacing)
    elif kind == "ContactRequested":
        row |= {"contact_requested": True, "contact_sought": True}
    elif kind == "ContactSupplied":
        row["contact_requested"] = False
        if data["found"]:
            row |= {"has_phone": True, "real_name": True, "wrong_number": False}
    else:
        _take_work(row, kind, data)
        _take_end(row, kind, data)


def _take_work(row: dict[str, Any], kind: str, data: dict[str, Any]) -> None:
    if kind == "ComplaintConfirmed":
        row["contact_by_unit"] = data.get("contact_by_unit") is True
        if data.get("unit"):
            row |= {"named_unit": data["unit"], "named_assisting": data["assisting"]}
    elif kind == "ReturnAccepted":
        row |= {"named_unit": data.get("unit"), "named_assisting": []}
    elif kind == "DepartmentAssigned":
        row |= {"unit": data["unit"], "assisting": data["assisting"], "named_assisting": []}
    elif kind == "ExtensionRequested":
        row["extension_asked"] = data["working_days"]
    elif kind == "ExtensionGranted":
        row["extension_days"] += data["working_days"]
        row["extensions"] += 1
    elif kind == "DeadlineMissed":
        row["missed"].append(f"{data['limit']}:{data['generation']}")


def _take_call(row: dict[str, Any], at: int, data: dict[str, Any], spacing: int) -> None:
    if row["last_call_at"] is None or at - row["last_call_at"] >= spacing:
        row |= {"calls": row["calls"] + 1, "last_call_at": at}
    row["next_call_at"] = data.get("next_call_at")
    if data["outcome"] == "answered":
        row |= {"answered": True, "wrong_number": False}
    elif data["outcome"] == "wrong_number":
        row["wrong_number"] = True


def _take_end(row: dict[str, Any], kind: str, data: dict[str, Any]) -> None:
    closed = row["state"] == "CLOSED"
    if kind == "ComplaintReevaluated":
        row["final_level"] = data["level"]
        row["outcome"] = "satisfied" if closed else row["outcome"]
    elif kind == "FactChecked" and closed:
        row["outcome"] = "checked"
    elif kind == "RulingGiven":
        if closed:
            row["outcome"] = "unresolved"
        elif row["state"] == "DISMISSED":
            row |= {"verdict": data.get("verdict"), "ground": data.get("ground")}
        else:
            row |= {"named_unit": data.get("unit"), "named_assisting": []}
