"""The loop told a second time, from its description alone; imports nothing of the product.

`judge` says where a step leads, or None where it must be refused; `take` makes it; `due` says
which limits must run, from where the complaint stands and not from what opened or met them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OPEN = (
    "COLLECTED ANALYSED VERIFYING MALICE_REVIEW ASSIGNING DISPATCHED RECTIFYING RETURNED APPEALED "
    "REVIEWING REEVALUATING RULING"
)
ALL = f"{OPEN} DISMISSED CLOSED"
WORK = "DISPATCHED RECTIFYING RETURNED APPEALED REVIEWING REEVALUATING"
DESKS = "VERIFYING ASSIGNING RETURNED REVIEWING REEVALUATING"
PEOPLE = ["operator", "reviewer", "department", "clerk", "supervisor", "citizen"]

TABLE = {
    line.split()[0]: (line.split(":")[1].split(), line.split(":")[2].split())
    for line in f"""
LaterRatingJoined :platform:{ALL}
ComplaintAnalysed :consumer:COLLECTED
VerificationRequested :consumer:ANALYSED
TicketLinked :operator hotline:{ALL}
ComplaintClaimed :operator:{DESKS} DISPATCHED RECTIFYING APPEALED
ComplaintReleased :operator supervisor clock:{DESKS} DISPATCHED RECTIFYING APPEALED
CallAttempted :operator:VERIFYING {WORK}
ContactRequested :operator:VERIFYING {WORK}
ContactSupplied :clerk clock platform:{ALL}
MaliceAlleged :operator:VERIFYING {WORK}
MaliceUpheld :operator reviewer supervisor:MALICE_REVIEW ASSIGNING {WORK} RULING
MaliceRejected :operator reviewer supervisor:MALICE_REVIEW ASSIGNING {WORK} RULING
ComplaintConfirmed :operator:VERIFYING {WORK}
ComplaintDismissed :operator:VERIFYING {WORK}
DismissalReversed :supervisor:DISMISSED
DepartmentAssigned :consumer operator supervisor:ASSIGNING DISPATCHED RECTIFYING RETURNED
WorkOrderAcknowledged :department:DISPATCHED
WorkOrderReturned :department:DISPATCHED RECTIFYING
ReturnAccepted :operator supervisor:RETURNED
ReturnRefused :operator supervisor:RETURNED
ExtensionRequested :department:RECTIFYING
ExtensionGranted :supervisor:RECTIFYING
ExtensionRefused :supervisor:RECTIFYING
AppealLodged :department:DISPATCHED RECTIFYING
AppealUpheld :reviewer:APPEALED
AppealRejected :reviewer:APPEALED
AssistanceSubmitted :department:DISPATCHED RECTIFYING
ClarificationAsked :department:DISPATCHED RECTIFYING
ClarificationAnswered :operator:DISPATCHED RECTIFYING
RectificationSubmitted :department:RECTIFYING
RectificationAccepted :operator:REVIEWING
RectificationSentBack :operator:REVIEWING
ReevaluationInvited :consumer operator:REEVALUATING
ComplaintReevaluated :citizen operator:REEVALUATING
FactChecked :operator:REEVALUATING
ReevaluationLapsed :clock:REEVALUATING
SupervisionOrdered :supervisor clock consumer:{OPEN}
Reminded :supervisor clock consumer:{OPEN}
ContactRevealed :operator reviewer supervisor:{ALL}
RulingCalled :supervisor clock:{WORK}
RulingGiven :supervisor:RULING
CitizenObjected :citizen operator:DISMISSED CLOSED
RetaliationReported :citizen operator:{ALL}
DeadlineWarned :clock:{OPEN}
DeadlineMissed :clock:{OPEN}
DeadlineRecomputed :clock:{OPEN}
""".strip().splitlines()
}
"""By event: who may record it, and where."""

LEADS_TO = {
    "VerificationRequested": "VERIFYING",
    "MaliceUpheld": "DISMISSED",
    "ComplaintDismissed": "DISMISSED",
    "DismissalReversed": "VERIFYING",
    "DepartmentAssigned": "DISPATCHED",
    "WorkOrderAcknowledged": "RECTIFYING",
    "WorkOrderReturned": "RETURNED",
    "ReturnAccepted": "ASSIGNING",
    "ReturnRefused": "RECTIFYING",
    "AppealLodged": "APPEALED",
    "AppealUpheld": "DISMISSED",
    "AppealRejected": "RECTIFYING",
    "RectificationAccepted": "REEVALUATING",
    "RectificationSentBack": "RECTIFYING",
    "ReevaluationLapsed": "CLOSED",
    "RulingCalled": "RULING",
}


BESIDE = (
    *("CallAttempted", "ContactRequested", "ContactSupplied"),
    *("MaliceAlleged", "MaliceUpheld", "MaliceRejected"),
    *("ComplaintConfirmed", "ComplaintDismissed"),
)
"""Verifying, which goes on beside the work where the order is sent out first."""
BACK = ("CallAttempted", "REEVALUATING")


@dataclass
class Step:
    """What somebody wants to record."""

    kind: str
    role: str
    actor: str
    at: int
    data: dict[str, Any]
    unit: str | None = None


@dataclass
class Told:
    """What has been told of one complaint so far."""

    rules: dict[str, Any]
    handled_by: str
    reachable: bool
    has_phone: bool
    state: str = "COLLECTED"
    version: int = 1
    round: int = 1
    orders: int = 0
    returns: int = 0
    calls: int = 0
    last_call_at: int | None = None
    answered: bool = False
    misdialled: bool = False
    claimer: str | None = None
    verifier: str | None = None
    barred: str | None = None
    alleger: str | None = None
    awaited: bool = False
    sought: bool = False
    verdict: str | None = None
    ground: str | None = None
    outcome: str | None = None
    unit: str | None = None
    assisting: list[str] = field(default_factory=list)
    extended: int = 0
    extensions: int = 0
    asked: int = 0
    appealed: bool = False
    objected: bool = False
    question: bool = False
    unverified: bool = True
    ended_at: int | None = None
    paused: set[str] = field(default_factory=set)
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)


def judge(told: Told, step: Step) -> str | None:
    """The state this step leads to; None if it must be refused."""
    who, where = TABLE[step.kind]
    if step.role not in who or told.state not in where or not _in_scope(told, step):
        return None
    to = _target(told, step)
    return to if to is not None and _holds(told, step) else None


def _in_scope(told: Told, step: Step) -> bool:
    if step.role == "clerk":
        return step.unit == told.handled_by
    if step.role != "department":
        return True
    if step.kind == "AssistanceSubmitted":
        return step.unit in told.assisting
    return step.unit == told.unit


def _target(told: Told, step: Step) -> str | None:
    kind, data, rules = step.kind, step.data, told.rules
    if kind == "ComplaintAnalysed":
        return "ANALYSED" if rules["verify_first"] else "ASSIGNING"
    if (
        kind in BESIDE
        and step.role not in ("platform", "clock")
        and told.state not in ("VERIFYING", "MALICE_REVIEW")
    ):
        beside = not rules["verify_first"] or (kind, told.state) == BACK
        return LEADS_TO.get(kind, told.state) if beside else None
    if kind in ("ComplaintClaimed", "ComplaintReleased"):
        return told.state if told.state in _desks(told) else None
    if kind == "ComplaintConfirmed":
        return "ASSIGNING"
    if kind in ("MaliceAlleged", "MaliceRejected"):
        return "MALICE_REVIEW" if kind == "MaliceAlleged" else "VERIFYING"
    if kind == "DepartmentAssigned" and told.state != "ASSIGNING" and step.role == "consumer":
        return None
    if kind == "RectificationSubmitted":
        return "REVIEWING" if rules["review"] else "REEVALUATING"
    if kind in ("ComplaintReevaluated", "FactChecked"):
        good = data["level"] >= 3 if "level" in data else data["rectified"]
        again = "ASSIGNING" if told.round < rules["max_rounds"] else "RULING"
        return "CLOSED" if good else again
    if kind == "RulingGiven":
        ways = {"reassign": "ASSIGNING", "close_unresolved": "CLOSED", "dismiss": "DISMISSED"}
        return ways[data["decision"]]
    if kind == "CitizenObjected":
        return "VERIFYING" if told.state == "DISMISSED" else "ASSIGNING"
    return LEADS_TO.get(kind, told.state)


def _desks(told: Told) -> list[str]:
    return DESKS.split() if told.rules["verify_first"] else f"{DESKS} {WORK}".split()


def _holds(told: Told, step: Step) -> bool:
    """Everything beyond who and where."""
    kind, data, rules = step.kind, step.data, told.rules
    mine = step.role != "operator" or told.claimer in (None, step.actor)
    in_vain = told.misdialled and told.sought and not told.awaited
    enough = not told.reachable or in_vain or told.calls >= rules["min_calls"]
    last_return = told.returns >= rules["max_returns"]
    checks: dict[str, Any] = {
        "ComplaintClaimed": lambda: told.claimer is None and told.barred != step.actor,
        "ComplaintReleased": lambda: told.claimer is not None and mine,
        "CallAttempted": lambda: mine and told.reachable,
        "ContactRequested": lambda: (
            mine and (told.misdialled or not told.has_phone) and not told.awaited
        ),
        "ContactSupplied": lambda: (
            told.awaited and told.state != "MALICE_REVIEW"
            if step.role == "clerk"
            else told.awaited
            if step.role == "clock"
            else (told.misdialled or not told.reachable)
            and (
                told.state in OPEN.split()
                or (not told.objected and _before(told, "objection_window", step))
            )
        ),
        "MaliceAlleged": lambda: (
            mine and told.barred != step.actor and not told.alleger and told.unverified
        ),
        "MaliceUpheld": lambda: told.alleger and step.actor != told.alleger,
        "MaliceRejected": lambda: told.alleger and step.actor != told.alleger,
        "ComplaintConfirmed": lambda: (
            mine
            and told.barred != step.actor
            and not told.alleger
            and told.unverified
            and (told.answered if data["by"] == "call" else enough)
        ),
        "ComplaintDismissed": lambda: (
            mine
            and told.barred != step.actor
            and not told.alleger
            and told.unverified
            and (not told.appealed or told.state in ("VERIFYING", "APPEALED"))
            and _dismissible(told, data, enough)
        ),
        "WorkOrderReturned": lambda: (
            rules["returns_allowed"] and not last_return and _before(told, "return_window", step)
        ),
        "DepartmentAssigned": lambda: told.state == "ASSIGNING" or data["unit"] != told.unit,
        "ReturnAccepted": lambda: (
            (step.role == "supervisor" or not last_return)
            and (told.unit is None or data.get("unit") != told.unit)
        ),
        "ReturnRefused": lambda: step.role == "supervisor" or not last_return,
        "ExtensionRequested": lambda: (
            _before(told, "rectify", step)
            and not told.asked
            and told.extensions < rules["max_extensions"]
            and told.extended + data["working_days"] <= rules["extension_max"]
        ),
        "ExtensionGranted": lambda: 0 < data["working_days"] <= told.asked,
        "ExtensionRefused": lambda: told.asked > 0,
        "AppealLodged": lambda: not told.appealed and _before(told, "appeal_window", step),
        "AppealUpheld": lambda: step.actor != told.verifier and _stated(data),
        "AppealRejected": lambda: step.actor != told.verifier,
        "ClarificationAsked": lambda: not told.question,
        "ClarificationAnswered": lambda: told.question,
        "RectificationSubmitted": lambda: data["kind"] != "explained" or "legal_basis" in data,
        "ReevaluationInvited": lambda: data["channel"] in rules["channels"],
        "ComplaintReevaluated": lambda: (
            mine
            and (step.role != "operator" or told.reachable)
            and (rules["scale"] != "three" or data["level"] in (1, 3, 5))
        ),
        "FactChecked": lambda: not told.reachable,
        "ReevaluationLapsed": lambda: (
            step.at >= told.stamps["reevaluate"][0] and told.reachable and enough
        ),
        "ContactRevealed": lambda: (
            mine and (step.role != "operator" or told.claimer or told.state not in _desks(told))
        ),
        "RulingGiven": lambda: data["decision"] != "dismiss" or _stated(data),
        "CitizenObjected": lambda: not told.objected and _before(told, "objection_window", step),
        "DeadlineWarned": lambda: _running(told, data),
        "DeadlineMissed": lambda: _running(told, data),
    }
    return bool(checks.get(kind, lambda: True)())


def _dismissible(told: Told, data: dict[str, Any], enough: bool) -> bool:
    ground = data.get("ground")
    if data["verdict"] == "unverifiable":
        return ground is None and enough
    heard = told.answered or not told.reachable
    return (
        data["verdict"] == "invalid" and ground is not None and (heard or ground != "misoperation")
    )


def _stated(data: dict[str, Any]) -> bool:
    verdict = data.get("verdict")
    return verdict is not None and (verdict == "invalid") == ("ground" in data)


def _before(told: Told, limit: str, step: Step) -> bool:
    return limit in told.stamps and step.at <= told.stamps[limit][0]


def _running(told: Told, data: dict[str, Any]) -> bool:
    return told.stamps.get(data["limit"], (0, 0))[1] == data["generation"]


def take(told: Told, step: Step, stamps: dict[str, tuple[int, int]]) -> None:
    """Makes the step; `stamps` are the limits it opened or moved: due time and generation."""
    to = judge(told, step)
    assert to is not None
    before, told.state, told.version = told.state, to, told.version + 1
    _taken(told, step, before)
    if to not in _desks(told):
        told.claimer = None
    if to in ("DISMISSED", "CLOSED") and before not in ("DISMISSED", "CLOSED"):
        told.ended_at, told.unverified, told.alleger, told.awaited = step.at, False, None, False
        if to == "CLOSED" and told.verdict is None:
            told.verdict = "valid"
    if to == "REEVALUATING" != before:
        told.calls, told.last_call_at, told.answered = 0, None, False
    if to == "ASSIGNING" and before in ("REEVALUATING", "RULING", "CLOSED"):
        told.round += 1
    told.paused = _resting(told)
    told.stamps = {n: s for n, s in told.stamps.items() if n in due(told) or n in _ASKING} | stamps


def _resting(told: Told) -> set[str]:
    """The limits that stand still, from where the complaint stands."""
    resting = set()
    if told.awaited and told.unverified and told.rules["contact_pauses"]:
        resting.add("verify")
    if told.state == "APPEALED" and told.rules["appeal_pauses"]:
        resting.add("rectify")
    return resting


_ASKING = ("return_window", "appeal_window")


def _taken(told: Told, step: Step, before: str) -> None:  # noqa: PLR0912, PLR0915
    kind, data = step.kind, step.data
    if kind == "ComplaintClaimed":
        told.claimer = step.actor
    elif kind == "ComplaintReleased":
        told.claimer = None
    elif kind == "CallAttempted":
        spaced = told.rules["call_spacing"]
        if told.last_call_at is None or step.at - told.last_call_at >= spaced:
            told.calls, told.last_call_at = told.calls + 1, step.at
        told.answered |= data["outcome"] == "answered"
        if data["outcome"] in ("answered", "wrong_number"):
            told.misdialled = data["outcome"] == "wrong_number"
    elif kind == "ContactRequested":
        told.awaited = told.sought = True
    elif kind == "ContactSupplied":
        told.awaited = False
        if data["found"]:
            told.has_phone, told.reachable, told.misdialled = True, True, False
    elif kind == "MaliceAlleged":
        told.alleger = step.actor
    elif kind == "MaliceRejected":
        told.alleger = None
    elif kind in ("MaliceUpheld", "ComplaintConfirmed", "ComplaintDismissed"):
        given = {"MaliceUpheld": "malicious", "ComplaintConfirmed": "valid"}
        told.verdict = given.get(kind) or data["verdict"]
        told.ground = data.get("ground")
        told.verifier, told.unverified, told.awaited = step.actor, False, False
    elif kind == "AppealUpheld" or (kind == "RulingGiven" and data["decision"] == "dismiss"):
        told.verdict, told.ground = data["verdict"], data.get("ground")
    elif kind == "DepartmentAssigned":
        told.unit, told.assisting = data["unit"], list(data["assisting"])
        told.orders, told.extended, told.asked = told.orders + 1, 0, 0
        told.extensions = 0
        told.question = False
    elif kind == "WorkOrderReturned":
        told.returns += 1
    elif kind == "ReturnAccepted":
        told.unit, told.assisting = None, []
    elif kind == "ExtensionRequested":
        told.asked = data["working_days"]
    elif kind == "ExtensionGranted":
        told.extended, told.asked = told.extended + data["working_days"], 0
        told.extensions += 1
    elif kind == "ExtensionRefused":
        told.asked = 0
    elif kind == "AppealLodged":
        told.appealed = True
    elif kind in ("ClarificationAsked", "ClarificationAnswered"):
        told.question = kind == "ClarificationAsked"
    elif kind == "RectificationSubmitted":
        told.asked = 0
    elif kind == "CitizenObjected":
        told.objected = True
    if told.state == "CLOSED" and before != "CLOSED":
        told.outcome = {
            "ComplaintReevaluated": "satisfied",
            "FactChecked": "checked",
            "ReevaluationLapsed": "unanswered",
            "RulingGiven": "unresolved",
        }[kind]
    if kind in ("CitizenObjected", "DismissalReversed"):
        _opened_again(told, kind)


def _opened_again(told: Told, kind: str) -> None:
    told.ended_at = None
    if kind == "CitizenObjected":
        told.outcome = None
    if told.state == "VERIFYING":
        told.barred = told.verifier if kind == "CitizenObjected" else told.barred
        told.verdict = told.ground = told.last_call_at = None
        told.calls, told.answered, told.unverified = 0, False, True
        told.awaited = told.sought = False


def due(told: Told) -> set[str]:
    """The limits that must be running, and the citizen's window, from where it stands."""
    state = told.state
    by_state = {
        "ASSIGNING": {"assign"},
        "DISPATCHED": {"acknowledge", "rectify"},
        "RECTIFYING": {"rectify"},
        "RETURNED": {"rectify", "return_ruling"},
        "APPEALED": {"rectify", "appeal_ruling"},
        "REVIEWING": {"review"},
        "REEVALUATING": {"reevaluate"},
        "RULING": {"final_ruling"},
    }
    running = set(by_state.get(state, ()))
    if told.ended_at is not None:
        return {"objection_window"}
    if told.unverified:
        running.add("verify")
    if told.alleger:
        running.add("malice_review")
    if told.asked and state in ("RECTIFYING", "RETURNED", "APPEALED"):
        running.add("extension_ruling")
    return running | {"total"}
