"""试算: what moved the due time of each work order after its dispatch: extensions and pauses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from workflow.clock import instant
from workflow.storage.database import looked_up
from workflow.storage.models import events


@dataclass(slots=True)
class Delays:
    """Days granted to one order, all its extensions together, and its pauses that are over."""

    days: int = 0
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    paused_at: datetime | None = None

    def take(self, at: datetime, days: int, limits: Mapping[str, Any]) -> None:
        self.days += days
        if "rectify" in limits.get("paused", ()):
            self.paused_at = at
        elif self.paused_at is not None and "rectify" in limits.get("opened", ()):
            self.pauses.append((self.paused_at, at))
            self.paused_at = None


_TOLD: Final = ("DepartmentAssigned", "ExtensionGranted", "AppealLodged", "AppealRejected")


def delays_of(conn: Connection, subjects: Sequence[str]) -> Mapping[tuple[str, int], Delays]:
    """Every order of these complaints, by complaint and number."""
    told = (events.c.occurred_at, events.c.data, events.c.limits)
    query = (
        select(events.c.subject, events.c.type, *told)
        .where(events.c.type.in_(_TOLD))
        .order_by(events.c.subject, events.c.version)
    )
    number: dict[str, int] = {}
    found: dict[tuple[str, int], Delays] = {}
    for subject, kind, at, data, limits in looked_up(conn, query, events.c.subject, subjects):
        if kind == "DepartmentAssigned":
            number[subject] = number.get(subject, 0) + 1
            found[subject, number[subject]] = Delays()
            continue
        days = json.loads(data)["working_days"] if kind == "ExtensionGranted" else 0
        found[subject, number[subject]].take(instant(at), days, json.loads(limits or "{}"))
    return found
