"""Who records a step, what recording came to, and the event as it will be read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic_core import to_json

from schemas.envelope import Role
from workflow.complaint import Event, Open
from workflow.record import NO_CHANGE, LimitChange, Record
from workflow.stamping import Changes
from workflow.storage.log import Entry, Place


class Actor(NamedTuple):
    """Who records: an account's id, never a name; the role acted in; the unit, for a
    department's people.
    """

    name: str
    role: Role
    unit: str | None = None


PLATFORM = Actor("platform", Role.PLATFORM)
CLOCK = Actor("clock", Role.CLOCK)


class Recorded(NamedTuple):
    """What recording a step came to. `limits` are those the step opened or moved."""

    subject: str
    version: int
    state: str
    type: str
    limits: Mapping[str, Open]
    repeated: bool = False

    @property
    def event_id(self) -> str:
        return f"{self.subject}-{self.version}"


def record_at(place: Place, entry: Entry, event: Event, changes: Changes) -> Record:
    """The event as it will be read back from the log."""
    return Record(
        place.lane,
        place.pos,
        entry.subject,
        entry.version,
        entry.type,
        entry.state,
        entry.occurred_at,
        place.recorded_at,
        entry.actor,
        entry.role,
        entry.unit,
        entry.cause,
        event.fact,
        NO_CHANGE
        if entry.limits is None
        else LimitChange(
            changes.opened,
            tuple(changes.met),
            tuple(changes.cancelled),
            tuple(changes.paused),
        ),
    )


def limits_json(changes: Changes) -> str | None:
    if not (changes.opened or changes.met or changes.cancelled or changes.paused):
        return None
    return to_json(
        {
            "opened": changes.opened,
            "met": changes.met,
            "cancelled": changes.cancelled,
            "paused": changes.paused,
        }
    ).decode()
