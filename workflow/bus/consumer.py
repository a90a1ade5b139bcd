"""What a consumer is: a name, what it handles, where it starts, and one function; what it is
handed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic_core import from_json
from sqlalchemy import Connection, Executable, Row

from schemas import BY_TYPE
from schemas.envelope import Fact, Role
from workflow.complaint import Complaint, Open
from workflow.ledger import Actor, Posting, Recorded
from workflow.storage.vault import Sealed


@dataclass(frozen=True, slots=True)
class LimitChange:
    """What the event did to the complaint's limits, as stamped when it was recorded."""

    opened: Mapping[str, Open]
    met: tuple[str, ...]
    cancelled: tuple[str, ...]
    paused: tuple[str, ...]


NO_CHANGE = LimitChange({}, (), (), ())


@dataclass(frozen=True, slots=True)
class Record:
    """One event of the log as a consumer sees it; `state` is the complaint's state after it;
    instants in microseconds UTC.
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


def fact_of(kind: str, data: str) -> Fact:
    """The event's fact from its stored JSON. Raises KeyError for an unknown type,
    ValidationError for a bad one.
    """
    return BY_TYPE[kind].model_validate_json(data)


def record_of(row: Row[Any]) -> Record:
    """A row of the log, decoded."""
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
        fact_of(row.type, row.data),
        limits_of(row.limits),
    )


def limits_of(text: str | None) -> LimitChange:
    if text is None:
        return NO_CHANGE
    raw = from_json(text)
    opened = {name: Open(*value) for name, value in raw["opened"].items()}
    return LimitChange(opened, tuple(raw["met"]), tuple(raw["cancelled"]), tuple(raw["paused"]))


class Work:
    """One batch's transaction in a consumer's hands. `batch` are its records, for questions asked
    once for all of them.
    """

    def __init__(self, posting: Posting, consumer: str, batch: Sequence[Record] = ()) -> None:
        self._posting, self._actor = posting, Actor(consumer, Role.CONSUMER)
        self.batch = batch

    @property
    def conn(self) -> Connection:
        return self._posting.conn

    @property
    def now(self) -> int:
        return self._posting.now

    def complaint(self, subject: str) -> Complaint:
        """The complaint as it stands today, which may be later than the record in hand."""
        return self._posting.complaint(subject)

    def record(
        self,
        cause: Record,
        fact: Fact,
        *,
        actor: Actor | None = None,
        texts: Mapping[str, Sealed] | None = None,
    ) -> Recorded:
        """Records a step on the cause's own subject. A step already made unnecessary raises
        IllegalStep: let it pass.
        """
        return self._posting.record(
            cause.subject, fact, actor or self._actor, cause=cause.id, texts=texts
        )

    def run(self, statement: Executable, keys: tuple[str, ...], row: tuple[Any, ...]) -> None:
        """Queues one row for a statement, a module-level constant; runs before the log is
        appended.
        """
        self._posting.run(statement, keys, row)


class Consumer(Protocol):
    """A reaction. `start` says where a new one begins; a replayable one reads the record alone
    and may be rebuilt.

    `recording` consumers look at the complaint's row or record steps: theirs is prefetched.
    """

    name: str
    handles: frozenset[str]
    start: Literal["beginning", "now"]
    replayable: bool
    recording: bool

    def handle(self, record: Record, work: Work) -> None: ...
