"""The one way to change a complaint: check the step, move the row, stamp what falls due, append
to the log, at once.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from pydantic_core import to_json
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from schemas.envelope import Fact
from workflow.clock import Clock
from workflow.errors import Busy, KeyReused
from workflow.posting import Posting
from workflow.recent import Recent
from workflow.record import limits_of
from workflow.recorded import Actor, Recorded
from workflow.rulebook import Rulebook
from workflow.storage.database import Database, run_many
from workflow.storage.models import commands, events
from workflow.storage.vault import Keys, Sealed, Vault, opened_text

PAUSES = (0.02, 0.2)
_COMMAND = insert(commands).on_conflict_do_nothing()
Done = TypeVar("Done")

__all__ = ["Actor", "Ledger", "Posting", "Recorded"]


class Ledger:
    """Opens transactions in which steps are recorded; holds the rules, the keys and the clock."""

    def __init__(self, database: Database, rulebook: Rulebook, keys: Keys, clock: Clock) -> None:
        self.database, self.rulebook, self.clock = database, rulebook, clock
        self.keys, self.vault = keys, Vault(keys)
        self.recent = Recent()

    @contextmanager
    def transaction(self, *, patient: bool = False) -> Iterator[Posting]:
        """One transaction: whatever is recorded in it is committed together at its end, or not
        at all. Who writes much is `patient`: people go first.
        """
        with self.database.write(patient=patient) as conn:
            self.rulebook.refresh(conn)
            posting = Posting(conn, self.now(conn), self.rulebook, self.keys, self.recent)
            yield posting
            posting.flush()
        # Only now is it committed.
        self.recent.keep_complaints(posting.touched)
        self.recent.keep_records(posting.appended)

    def insist(self, once: Callable[[], Done]) -> Done:
        """One transaction of its own, which may be done again: on a server it is, when another's
        locks or a deadlock have undone it. A file's writers stand in a queue, and wait there.
        """
        for pause in () if self.database.one_writer else PAUSES:
            try:
                return once()
            except Busy:
                time.sleep(pause)
        return once()

    def now(self, conn: Connection) -> int:
        """The server's clock; without a server, or with a clock of the demo's, that clock."""
        return self.database.now(conn, self.clock)

    def command(
        self,
        subject: str,
        fact: Fact,
        actor: Actor,
        *,
        key: str | None = None,
        expected_version: int | None = None,
        texts: Mapping[str, Sealed] | None = None,
        also: Callable[[Posting], None] | None = None,
    ) -> Recorded:
        """A person's step, insisted on. A key heard before gets the first answer, which is waited
        for if it is being given; StaleVersion if somebody moved the complaint since. `also` is
        done in the same transaction, once.

        Raises IllegalStep, NotPermitted, UnknownComplaint, StaleVersion, KeyReused.
        """
        fingerprint = self._fingerprint(subject, fact, actor, texts or {})

        def once() -> Recorded:
            with self.transaction() as posting:
                if key is not None:
                    posting.prefetch([subject])  # who came first with the key is done by now
                    if (first := _heard(posting.conn, key, fingerprint)) is not None:
                        return first
                done = posting.record(
                    subject, fact, actor, expected_version=expected_version, texts=texts
                )
                if also is not None:
                    also(posting)
                if key is not None:
                    _remember(posting, key, fingerprint, done)
                return done

        return self.insist(once)

    def _fingerprint(
        self, subject: str, fact: Fact, actor: Actor, texts: Mapping[str, Sealed]
    ) -> str:
        """What the command asks for: each free text itself, for its digest is salted anew at every
        try; not the order's number. Keyed, so that no text can be guessed from it.
        """
        asked = {k: v for k, v in fact.model_dump(mode="json").items() if k != "order"}
        asked |= {name: opened_text(text.salted) for name, text in texts.items()}
        whole = to_json([subject, asked, actor.name, actor.role, actor.unit])
        return hmac.digest(self.keys.match, whole, "sha256").hex()


def _heard(conn: Connection, key: str, fingerprint: str) -> Recorded | None:
    """The first answer to this command key. Raises KeyReused if it stood for something else."""
    row = conn.execute(select(commands).where(commands.c.key == key)).one_or_none()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise KeyReused(key)
    query = select(events.c.state, events.c.type, events.c.limits).where(
        events.c.subject == row.subject, events.c.version == row.version
    )
    state, kind, limits = conn.execute(query).one()
    opened = limits_of(limits).opened
    return Recorded(row.subject, row.version, state, kind, opened, repeated=True)


def _remember(posting: Posting, key: str, fingerprint: str, done: Recorded) -> None:
    """Keeps what will be the first answer. Raises Busy if the key has become that of a command on
    another complaint: the next try hears so.
    """
    row = (key, fingerprint, done.subject, done.version, posting.now)
    if not run_many(posting.conn, _COMMAND, tuple(commands.c.keys()), [row]):
        raise Busy
