"""One event of the log as consumers, timelines and reports read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import Row

from schemas import BY_TYPE
from schemas.envelope import Fact
from workflow.complaint import Open


class LimitChange(NamedTuple):
    """What the event did to the complaint's limits, as stamped when it was recorded."""

    opened: Mapping[str, Open]
    met: tuple[str, ...]
    cancelled: tuple[str, ...]
    paused: tuple[str, ...]


NO_CHANGE = LimitChange({}, (), (), ())


class Record(NamedTuple):
    """One event of the log; `state` is the complaint's state after it; instants in microseconds
    UTC.
    """

    lane: int
    pos: int
    subject: str
    version: int
    type: str
    state: str
    occurred_at: int
    recorded_at: int
    actor: str
    role: str
    unit: str | None
    cause: str | None
    fact: Any
    limits: LimitChange

    @property
    def id(self) -> str:
        return f"{self.subject}-{self.version}"


def record_of(row: Row[Any]) -> Record:
    """A row of the log, decoded. Raises KeyError for an unknown type, ValidationError for bad
    data.
    """
    return bare(row)._replace(fact=_fact_of(row.type, row.data), limits=limits_of(row.limits))


def bare(row: Row[Any]) -> Record:
    """The row's place, subject and circumstances alone, for one that may not decode."""
    return Record(
        row.lane,
        row.pos,
        row.subject,
        row.version,
        row.type,
        row.state,
        row.occurred_at,
        row.recorded_at,
        row.actor,
        row.role,
        row.unit,
        row.cause,
        None,
        NO_CHANGE,
    )


def _fact_of(kind: str, data: str) -> Fact:
    return BY_TYPE[kind].model_validate_json(data)


def limits_of(text: str | None) -> LimitChange:
    """What stands in the column `limits` of an event."""
    if text is None:
        return NO_CHANGE
    raw = from_json(text)
    opened = {name: Open(*value) for name, value in raw["opened"].items()}
    return LimitChange(opened, tuple(raw["met"]), tuple(raw["cancelled"]), tuple(raw["paused"]))
