"""指标: one facts row for each complaint and each work order, folded from the log alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table

from consumers.metrics_orders import new_order, order_changes
from consumers.metrics_rows import (
    MET,
    NO_LONGER_DUE,
    Changed,
    Facts,
    Row,
    move_complaint,
    move_order,
    open_order,
)
from consumers.metrics_tables import FactsTables
from workflow.bus.consumer import Record, Work
from workflow.policy import Policies
from workflow.storage.models import complaint_facts, order_facts

Said = Callable[[Record], Changed]


class Pinned(NamedTuple):
    """What a complaint's own profile says that figures need; the spacing in microseconds."""

    zone: ZoneInfo
    min_calls: int
    call_spacing: int


class Metrics:
    """Folds a batch's records in memory; each row is read and written once for all of them."""

    name = "metrics"
    start: Literal["beginning", "now"] = "beginning"
    replayable = True
    recording = False

    def __init__(
        self, policies: Policies, tables: tuple[Table, Table] = (complaint_facts, order_facts)
    ) -> None:
        self.tables, self._policies = tables, policies
        self._facts = FactsTables(*tables, self.folded)
        self._pinned = cache(self._pinned_by)
        self.handles = HANDLES

    def over(self, tables: Sequence[Table]) -> Metrics:
        """The same over other tables of the same shape: shadows, while it is rebuilt."""
        complaints, orders = tables
        return Metrics(self._policies, (complaints, orders))

    def handle(self, record: Record, work: Work) -> None:
        work.fold(self._facts, record.subject, record)

    def write(self, conn: Connection, records: Iterable[Record]) -> None:
        """What these records say, in their order, written at once."""
        changes: dict[str, list[Record]] = {}
        for record in records:
            changes.setdefault(record.subject, []).append(record)
        self._facts.write(conn, changes)

    def folded(self, facts: Facts | None, record: Record) -> Facts | None:
        """The complaint's facts after this record; None while its collection is left out."""
        if record.type == "ReviewCollected":
            return Facts(self._collected(record), {})
        if facts is None or (record.type == "CallAttempted" and record.state != "REEVALUATING"):
            return facts
        changed = _verification(record)
        if (said := COMPLAINT_FOLDS.get(record.type)) is not None:
            changed |= said(record)
        move_complaint(facts.complaint, record, changed)
        if record.type == "DepartmentAssigned":
            open_order(facts, *new_order(record))
        for number, order in order_changes(record):
            move_order(facts, number, record, order)
        return facts

    def _collected(self, record: Record) -> Row:
        fact, verify = record.fact, record.limits.opened.get("verify")
        pinned = self._pinned(fact.profile, fact.profile_version)
        day = datetime.fromtimestamp(fact.assessed_at // 1_000_000, pinned.zone).date()
        return {
            "subject": record.subject,
            "state": record.state,
            "collected_at": record.occurred_at,
            "unit": fact.unit,
            "area": fact.area,
            "day": day.isoformat(),
            "level": fact.level,
            "real_name": bool(fact.real_name and fact.has_phone),
            "verdict": None,
            "ground": None,
            "verify_due_at": None if verify is None else verify.due_at,
            "verified_at": None,
            "verified_before": None,
            "outcome": None,
            "round": 1,
            "first_level": None,
            "final_level": None,
            "ended_at": None,
            "min_calls": pinned.min_calls,
            "call_spacing": pinned.call_spacing,
        }

    def _pinned_by(self, profile: str, version: str) -> Pinned:
        policy = self._policies.get(profile, version)
        spacing = int(policy.call_spacing.total_seconds() * 1_000_000)
        return Pinned(policy.zone, policy.min_calls, spacing)


def _verification(record: Record) -> Changed:
    """What becomes of the verification's due time, and when the verdict was given."""
    limits = record.limits
    if (verify := limits.opened.get("verify")) is not None:
        return {"verify_due_at": verify.due_at}
    if "verify" in limits.met:
        return {"verify_due_at": MET, "verified_at": record.occurred_at}
    if "verify" in limits.paused or "verify" in limits.cancelled:
        return {"verify_due_at": NO_LONGER_DUE}
    return {}


def _confirmed(_: Record) -> Changed:
    return {"verdict": "valid", "ground": None}


def _dismissed(record: Record) -> Changed:
    fact = record.fact
    ground = None if fact.ground is None else str(fact.ground)
    return {"verdict": str(fact.verdict), "ground": ground, "ended_at": record.occurred_at}


def _malicious(record: Record) -> Changed:
    return {"verdict": "malicious", "ground": None, "ended_at": record.occurred_at}


_REOPENED: Mapping[str, Any] = MappingProxyType({"ended_at": None, "outcome": None})


def _verify_again(_: Record) -> Changed:
    return {**_REOPENED, "verdict": None, "ground": None, "verify_again": True}


def _objected(record: Record) -> Changed:
    """An objection to a closing takes the citizen's satisfaction back until asked again."""
    if record.state == "VERIFYING":
        return _verify_again(record)
    return {**_REOPENED, "final_level": None, "round": 1}


def _asked_again(record: Record, outcome: str) -> Changed:
    if record.state == "CLOSED":
        return {"outcome": outcome, "ended_at": record.occurred_at}
    return {"round": 1} if record.state == "ASSIGNING" else {}


def _reevaluated(record: Record) -> Changed:
    level = record.fact.level
    return {"first_level": level, "final_level": level, **_asked_again(record, "satisfied")}


def _ruled(record: Record) -> Changed:
    if record.fact.decision == "dismiss":
        return _dismissed(record)
    return _asked_again(record, "unresolved")


COMPLAINT_FOLDS: Mapping[str, Said] = {
    "ContactSupplied": lambda record: {"real_name": True} if record.fact.found else {},
    "ComplaintConfirmed": _confirmed,
    "ComplaintDismissed": _dismissed,
    "AppealUpheld": _dismissed,
    "MaliceUpheld": _malicious,
    "DismissalReversed": _verify_again,
    "CitizenObjected": _objected,
    "ComplaintReevaluated": _reevaluated,
    "FactChecked": lambda record: _asked_again(record, "checked"),
    "ReevaluationLapsed": lambda record: _asked_again(record, "unanswered"),
    "RulingGiven": _ruled,
}
"""What an event says of its complaint, beyond its state and its verification."""

_PLAIN = (
    "ReviewCollected",
    "ComplaintAnalysed",
    "VerificationRequested",
    "CallAttempted",
    "ContactRequested",
    "MaliceAlleged",
    "MaliceRejected",
    "DepartmentAssigned",
    "WorkOrderAcknowledged",
    "WorkOrderReturned",
    "ReturnAccepted",
    "ReturnRefused",
    "ExtensionGranted",
    "AppealLodged",
    "AppealRejected",
    "RectificationSubmitted",
    "RectificationAccepted",
    "RectificationSentBack",
    "RulingCalled",
    "DeadlineRecomputed",
)
HANDLES = frozenset({*COMPLAINT_FOLDS, *_PLAIN})
