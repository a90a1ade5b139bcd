"""What a consumer is: a name, what it handles, where it starts, and one function; what it is
handed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, Executable

from schemas.envelope import Fact, Role
from workflow.complaint import Complaint
from workflow.ledger import Actor, Posting, Recorded
from workflow.posting import Folding
from workflow.record import Record
from workflow.storage.vault import Sealed

__all__ = ["Consumer", "Record", "Work"]


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
        occurred_at: int | None = None,
        texts: Mapping[str, Sealed] | None = None,
    ) -> Recorded:
        """Records a step on the cause's own subject; it occurs now, unless it was somebody's and
        came with the cause. A step already made unnecessary raises IllegalStep: let it pass.
        """
        return self._posting.record(
            cause.subject,
            fact,
            actor or self._actor,
            occurred_at=occurred_at,
            cause=cause.id,
            texts=texts,
        )

    def run(self, statement: Executable, keys: tuple[str, ...], row: tuple[Any, ...]) -> None:
        """Queues one row for a statement, a module-level constant; runs before the log is
        appended.
        """
        self._posting.run(statement, keys, row)

    def fold(self, folding: Folding, key: Any, change: Any) -> None:
        """Keeps a change of this key's row for the transaction's end, where it is written once."""
        self._posting.fold(folding, key, change)


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
