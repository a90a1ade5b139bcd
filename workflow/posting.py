"""One open transaction of the ledger: steps recorded in it, rows moved, events appended last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Executable, insert, select

from schemas import ReviewCollected
from schemas.envelope import Fact, Role
from workflow.advance import UNTOLD, advance
from workflow.complaint import Complaint, Event, load
from workflow.errors import StaleVersion, UnknownComplaint
from workflow.legal import in_scope
from workflow.recent import Recent
from workflow.record import Record
from workflow.recorded import Actor, Recorded, limits_json, record_at
from workflow.rulebook import Rulebook
from workflow.stamping import Changes
from workflow.storage import log
from workflow.storage.database import run_many
from workflow.storage.models import events, vault
from workflow.storage.rows import folds_of, store, versions_of
from workflow.storage.vault import Keys, Sealed, Vault

_TEXT = insert(vault)


class Folding(Protocol):
    """Writes rows that were changed, each once: a key's changes in the order they came in."""

    def write(self, conn: Connection, changes: Mapping[Any, Sequence[Any]]) -> None: ...


class Posting:
    """One open transaction of the ledger: complaints in hand, events waiting to be appended
    last.
    """

    def __init__(
        self,
        conn: Connection,
        now: int,
        rulebook: Rulebook,
        keys: Keys,
        recent: Recent,
    ) -> None:
        self.conn, self.now = conn, now
        self._rulebook, self._key, self._vault = rulebook, keys.chain, Vault(keys)
        self._recent = recent
        self._complaints: dict[str, Complaint | None] = {}
        self._stored: set[str] = set()
        self._moved: dict[str, Complaint] = {}
        self._entries: list[log.Entry] = []
        self._happened: list[tuple[Event, Changes]] = []
        self._appended: dict[tuple[int, int], Record] = {}
        self._texts: list[tuple[str, str, bytes]] = []
        self._queued: dict[int, tuple[Executable, tuple[str, ...], list[tuple[Any, ...]]]] = {}
        self._folded: dict[int, tuple[Folding, dict[Any, list[Any]]]] = {}

    def prefetch(self, subjects: Iterable[str]) -> None:
        """Loads these complaints in one query, in order of id (and locks them, where the
        database locks rows).
        """
        wanted = sorted(set(subjects) - self._complaints.keys())
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            self._complaints.update(dict.fromkeys(part))
            self._load(versions_of(self.conn, part))

    def _load(self, versions: Mapping[str, int]) -> None:
        """Those committed lately by this process, in this version, need not be read again."""
        missing = []
        for subject, version in versions.items():
            known = self._recent.complaint(subject, version)
            if known is None:
                missing.append(subject)
            else:
                self._complaints[subject] = known
        for subject, fold in folds_of(self.conn, missing):
            self._complaints[subject] = load(fold)
        self._stored.update(versions)

    @property
    def touched(self) -> Mapping[str, Complaint]:
        """Every complaint in hand, as this transaction leaves it."""
        return {key: c for key, c in self._complaints.items() if c is not None}

    @property
    def appended(self) -> Iterable[Record]:
        """Every event this transaction has appended to the log so far."""
        return self._appended.values()

    def record_at(self, lane: int, pos: int) -> Record | None:
        """The event of that place, if it is this transaction's own or was committed lately."""
        return self._appended.get((lane, pos)) or self._recent.record(lane, pos)

    def complaint(self, subject: str) -> Complaint:
        """The complaint as it stands in this transaction. Raises UnknownComplaint."""
        if subject not in self._complaints:
            self.prefetch([subject])
        complaint = self._complaints[subject]
        if complaint is None:
            raise UnknownComplaint(subject)
        return complaint

    def record(
        self,
        subject: str,
        fact: Fact,
        actor: Actor,
        *,
        occurred_at: int | None = None,
        cause: str | None = None,
        expected_version: int | None = None,
        texts: Mapping[str, Sealed] | None = None,
    ) -> Recorded:
        """Records one step of a complaint; the row moves now, the event is appended at the
        transaction's end.

        `occurred_at` (microseconds UTC) is the transaction's own time unless a platform or a bridge
        says otherwise.
        """
        before = self._before(subject, fact)
        at = self.now if occurred_at is None else occurred_at
        event = Event(type(fact).__name__, fact, actor.name, actor.role, at, actor.unit, cause)
        if before is not None and expected_version is not None:
            in_scope(before, event)  # being stale would tell another unit that it exists
            self._refuse_stale(before, expected_version, actor.role)
        rules = self._rulebook.rules_for(before, fact)
        after, changes = advance(before, subject, event, rules)
        self._complaints[subject] = self._moved[subject] = after
        self._append(after.version, after.state, subject, event, changes)
        self.keep(f"{subject}-{after.version}", texts or {})
        return Recorded(subject, after.version, after.state, event.type, changes.opened)

    def _before(self, subject: str, fact: Fact) -> Complaint | None:
        if isinstance(fact, ReviewCollected):
            self._complaints.setdefault(subject, None)
            return self._complaints[subject]
        return self.complaint(subject)

    def append(self, subject: str, version: int, fact: Fact, actor: Actor) -> None:
        """An event with a subject of its own: a batch, a calendar, a policy."""
        event = Event(type(fact).__name__, fact, actor.name, actor.role, self.now, actor.unit)
        self._append(version, "", subject, event, Changes())

    def _append(
        self, version: int, state: str, subject: str, event: Event, changes: Changes
    ) -> None:
        self._happened.append((event, changes))
        self._entries.append(
            log.Entry(
                subject,
                version,
                event.type,
                state,
                event.at,
                event.actor,
                str(event.role),
                event.unit,
                event.cause,
                event.fact.__pydantic_serializer__.to_json(
                    event.fact, exclude={"type"}, exclude_none=True
                ).decode(),
                limits_json(changes),
            )
        )

    def keep(self, owner: str, texts: Mapping[str, Sealed]) -> None:
        """Puts free texts into the vault under their event."""
        for name, text in texts.items():
            self._texts.append((owner, name, text.salted))

    def run(self, statement: Executable, keys: tuple[str, ...], row: tuple[Any, ...]) -> None:
        """Queues one row for this statement (a module-level constant); statements run in order
        of first use.
        """
        queued = self._queued.get(id(statement))
        if queued is None:
            queued = self._queued[id(statement)] = (statement, keys, [])
        queued[2].append(row)

    def fold(self, folding: Folding, key: Any, change: Any) -> None:
        """Keeps a change of this key's row until the transaction's end: a row is written once,
        whatever became of it meanwhile.
        """
        found = self._folded.get(id(folding))
        if found is None:
            found = self._folded[id(folding)] = (folding, {})
        found[1].setdefault(key, []).append(change)

    def _refuse_stale(self, complaint: Complaint, expected: int, role: Role) -> None:
        # A unit knows no later one: let through, it would tell that there is something later.
        latest = complaint.touched if role is Role.DEPARTMENT else complaint.version
        if complaint.touched <= expected <= latest:
            return
        seen = min(max(expected, 0), complaint.version)  # whatever number was said
        since = (events.c.subject == complaint.id, events.c.version > seen)
        query = select(events.c.type).where(*since, events.c.type.not_in(UNTOLD))
        changed = tuple(self.conn.execute(query.order_by(events.c.version)).scalars())
        raise StaleVersion(complaint.id, expected, complaint.touched, changed)

    def flush(self) -> None:
        """Rows, texts and queued statements first; the log, with its lanes, last of all."""
        self._write_rows()
        self.append_log()

    def _write_rows(self) -> None:
        new = [c for key, c in self._moved.items() if key not in self._stored]
        old = [c for key, c in self._moved.items() if key in self._stored]
        store(self.conn, new, old)
        self._stored.update(self._moved)
        sealed = self._vault.sealed(self._texts)
        run_many(self.conn, _TEXT, ("owner", "field", "sealed"), sealed)
        for statement, keys, rows in self._queued.values():
            run_many(self.conn, statement, keys, rows)
        for folding, changes in self._folded.values():
            folding.write(self.conn, changes)
        self._moved, self._texts, self._queued, self._folded = {}, [], {}, {}

    def append_log(self) -> None:
        """The events so far, ahead of all rows: for one who writes alone, and whose next question
        is for these events.
        """
        if self._entries:
            places = log.append(self.conn, self._key, self._entries, self.now)
            for place, entry, happened in zip(places, self._entries, self._happened, strict=True):
                self._appended[place.lane, place.pos] = record_at(place, entry, *happened)
        self._entries, self._happened = [], []
