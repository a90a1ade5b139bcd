"""REACTIONS, in loop order: 分析, 核实, 整改, 再评价, 督办, 时限, 通知, 指标."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from sqlalchemy import Connection, select

from consumers.analysis import Analysis
from consumers.assignment import Assignment
from consumers.deadlines import Deadlines
from consumers.metrics import Metrics
from consumers.notifications import Notifications
from consumers.reevaluation import Reevaluation
from consumers.supervision import Supervision
from consumers.verification import Verification
from schemas import ReviewCollected
from workflow.bus.consumer import Consumer
from workflow.clock import instant
from workflow.complaint import Complaint
from workflow.ledger import Ledger
from workflow.policy import Policy
from workflow.rulebook import Rulebook
from workflow.storage.models import units
from workflow.units import UnitList, stored

__all__ = ["register"]


class Running(Protocol):
    """What the consumers need of an office."""

    @property
    def ledger(self) -> Ledger: ...


def register(office: Running, sent: frozenset[str] = frozenset()) -> tuple[Consumer, ...]:
    """All consumers, in loop order; `sent` are the channels to citizens that have a gateway."""
    ledger, in_force = office.ledger, UnitsInForce()
    rulebook = ledger.rulebook

    def policy_of(complaint: Complaint) -> Policy:
        return rulebook.of(complaint).policy

    def rating_window(fact: ReviewCollected, served_at: int) -> int | None:
        rules = rulebook.of(fact)
        window = rules.stamp("rating_window", served_at, complex_case=False)
        return None if window is None else window.due_at

    return (
        Analysis(ledger.vault, rating_window),
        Verification(),
        Assignment(in_force.code_of),
        Reevaluation(policy_of, sent),
        Supervision(policy_of),
        Deadlines(ShiftEnds(rulebook)),
        Notifications(policy_of, in_force.name_of, rulebook.in_force(ledger.clock()).zone),
        Metrics(rulebook.policies),
    )


class ShiftEnds:
    """When the office closes next: its own calendar, not that of the complaint's profile."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook

    def __call__(self, at: int) -> int:
        """The close of the day of an instant (microseconds UTC), or of the next working day."""
        policy = self._rulebook.in_force(at)
        calendar = self._rulebook.bound(policy.name, policy.version).calendar
        day = instant(at).astimezone(calendar.zone).date()
        for ahead in range(366):
            spans = calendar.spans(day + timedelta(days=ahead))
            if spans and spans[-1][1] > at:
                return spans[-1][1]
        return at + timedelta(days=1) // timedelta(microseconds=1)


class UnitsInForce:
    """The list of units; each transaction sees whether the database has another version.

    Where no list is in force, a name stands for itself.
    """

    def __init__(self) -> None:
        self._units = UnitList("", ())
        self._seen_by: Connection | None = None

    def code_of(self, conn: Connection, name: str, area: str | None = None) -> str | None:
        """The code of the unit of this code, name or alias; with an area, first that area's."""
        listed = self._listed(conn)
        found = listed.resolve(name, area) or listed.resolve(name)
        return found.code if found is not None else None if listed.units else name

    def name_of(self, conn: Connection, code: str) -> str:
        found = self._listed(conn).by_code.get(code)
        return code if found is None else found.name

    def _listed(self, conn: Connection) -> UnitList:
        if conn is not self._seen_by:
            self._seen_by = conn
            if (conn.execute(_VERSION).scalar() or "") != self._units.version:
                self._units = stored(conn)
        return self._units


_VERSION = select(units.c.version).limit(1)
