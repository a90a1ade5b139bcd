"""指标: one facts row for each complaint and each work order, folded from the log alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Table, TextClause

from consumers.metrics_orders import Changed, order_changes
from consumers.metrics_rows import (
    COMPLAINT_KEYS,
    MET,
    NO_LONGER_DUE,
    ORDER_KEYS,
    Statements,
    complaint_row,
    order_row,
    statements,
)
from workflow.bus.consumer import Record, Work
from workflow.policy import Policies
from workflow.storage.models import complaint_facts, order_facts

Fold = Callable[[Record], Changed]


class Pinned(NamedTuple):
    """What a complaint's own profile says that figures need; the spacing in microseconds."""

    zone: ZoneInfo
    min_calls: int
    call_spacing: int


class Metrics:
    """Every event is one row for the complaint's statement and at most two for the orders'.

    A batch may hold a complaint's whole life, and statements run in order of first use, each with
    all its rows: so there is one statement a table, and orders never go before complaints.
    """

    name = "metrics"
    start: Literal["beginning", "now"] = "beginning"
    replayable = True
    recording = False

    def __init__(
        self, policies: Policies, tables: tuple[Table, Table] = (complaint_facts, order_facts)
    ) -> None:
        self.tables, self._policies = tables, policies
        self._statements: Statements = statements(*tables)
        self._pinned = cache(self._pinned_by)
        self.handles = HANDLES

    def over(self, tables: Sequence[Table]) -> Metrics:
        """The same over other tables of the same shape: shadows, while it is rebuilt."""
        complaints, orders = tables
        return Metrics(self._policies, (complaints, orders))

    def handle(self, record: Record, work: Work) -> None:
        for statement, keys, row in self.rows(record):
            work.run(statement, keys, row)

    def rows(self, record: Record) -> Iterator[tuple[TextClause, tuple[str, ...], tuple[Any, ...]]]:
        """What the record says, as (statement, keys, row), to be run in this order."""
        if record.type == "ReviewCollected":
            yield self._statements.complaint, COMPLAINT_KEYS, self._collected(record)
            return
        if record.type == "CallAttempted" and record.state != "REEVALUATING":
            return
        changed = _verification(record)
        if (fold := COMPLAINT_FOLDS.get(record.type)) is not None:
            changed |= fold(record)
        row = complaint_row(record.subject, record.state, record.occurred_at, changed)
        yield self._statements.complaint, COMPLAINT_KEYS, row
        for number, order in order_changes(record):
            row = order_row(record.subject, number, record.occurred_at, order)
            yield self._statements.order, ORDER_KEYS, row

    def _collected(self, record: Record) -> tuple[Any, ...]:
        fact, verify = record.fact, record.limits.opened.get("verify")
        pinned = self._pinned(fact.profile, fact.profile_version)
        day = datetime.fromtimestamp(fact.assessed_at // 1_000_000, pinned.zone).date()
        row = {
            "unit": fact.unit,
            "area": fact.area,
            "day": day.isoformat(),
            "level": fact.level,
            "real_name": fact.real_name and fact.has_phone,
            "verdict": None,
            "ground": None,
            "verify_due_at": None if verify is None else verify.due_at,
            "verified_at": None,
            "outcome": None,
            "round": 1,
            "first_level": None,
            "final_level": None,
            "ended_at": None,
            "min_calls": pinned.min_calls,
            "call_spacing": pinned.call_spacing,
        }
        return complaint_row(record.subject, record.state, record.occurred_at, row)

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
    return {**_REOPENED, "verdict": None, "ground": None, "verified_at": None}


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


COMPLAINT_FOLDS: Mapping[str, Fold] = {
    "ContactSupplied": lambda record: {"real_name": record.fact.found},
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
