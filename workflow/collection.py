"""归集: the bulk path. A batch goes in whole, in one transaction: rows, tallies, complaints, one
BatchCollected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from schemas import BatchCollected
from schemas.envelope import Role
from schemas.rating import Rating, Refusal, ServiceRecord
from workflow import intake
from workflow.intake import Desk, Ready
from workflow.ledger import Actor, Ledger, Posting
from workflow.openings import Openings
from workflow.storage.database import run_many
from workflow.storage.models import (
    conflicts,
    raters,
    ratings,
    refused,
    services,
    tallies,
    vault,
)
from workflow.storage.numbers import next_number

MOST = 1000
"""Rows of a batch at most: what one writer may hold the queue for."""

PLATFORM = Actor("platform", Role.PLATFORM)
Outcome = Literal["accepted", "repeat", "conflict", "refused"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one row: `number` is its line or place; refused ones say field, value and
    reason.
    """

    number: int
    outcome: Outcome
    complaint: str | None = None
    refusal: Refusal | None = None


@dataclass
class Answers:
    """A batch's answers in order, and their counts."""

    batch: int = 0
    rows: list[Answer] = field(default_factory=list)
    complaints: int = 0

    def count(self, outcome: Outcome) -> int:
        return sum(1 for answer in self.rows if answer.outcome == outcome)


_RATING = insert(ratings).on_conflict_do_nothing()
_SERVICE = insert(services).on_conflict_do_nothing()
_VAULT = insert(vault).on_conflict_do_nothing()
_RATER = insert(raters)
_RATER_UP = _RATER.on_conflict_do_update(
    index_elements=["day", "phone"], set_={"ratings": raters.c.ratings + _RATER.excluded.ratings}
)
_TALLY = insert(tallies)
_TALLY_UP = _TALLY.on_conflict_do_update(
    index_elements=["day", "unit"],
    set_={
        name: tallies.c[name] + _TALLY.excluded[name]
        for name in ("services", "ratings", "onsite", "bad")
    },
)
_CONFLICT = insert(conflicts).on_conflict_do_nothing()
_REFUSED = insert(refused)
_MATCH = (
    update(ratings)
    .where(
        ratings.c.source == bindparam("of_source"),
        ratings.c.project_no == bindparam("of_project"),
        ratings.c.service_number == bindparam("of_service"),
        ratings.c.unit.is_(None),
    )
    .values(unit=bindparam("unit"), matched=bindparam("in_batch"))
)
PENDING = ""
"""The tally's unit of ratings whose service record has not arrived."""


def collect(
    ledger: Ledger,
    desk: Desk,
    source: str,
    rows: Sequence[tuple[int, Rating | ServiceRecord]],
    refusals: Sequence[Refusal] = (),
    *,
    import_id: str | None = None,
    also: Callable[[Connection, Answers], None] | None = None,
) -> Answers:
    """Takes in at most 1,000 numbered rows; answers each: accepted, repeat, conflict, refused
    with field and reason.

    All or nothing: when this returns, everything is committed. `also` writes the caller's receipt
    into the same
    transaction. Late and out-of-order rows are normal; a service record may come after its rating.
    """
    if len(rows) > MOST:
        raise ValueError(f"a batch holds at most {MOST} rows")
    received_at = ledger.clock()
    ready, bad = _made_ready(desk, rows, received_at)
    with ledger.transaction() as posting:
        batch = _Batch(posting, ledger, desk, source, received_at, import_id)
        answers = batch.take(ready, [*refusals, *bad])
        if also is not None:
            also(posting.conn, answers)
    return answers


def _made_ready(
    desk: Desk, rows: Sequence[tuple[int, Rating | ServiceRecord]], received_at: int
) -> tuple[list[tuple[int, Ready]], list[Refusal]]:
    ready: list[tuple[int, Ready]] = []
    bad: list[Refusal] = []
    for number, row in rows:
        made = desk.ready(row, number, received_at)
        if isinstance(made, Refusal):
            bad.append(made)
        else:
            ready.append((number, made))
    return ready, bad


class _Batch:
    """One batch in its transaction."""

    def __init__(
        self,
        posting: Posting,
        ledger: Ledger,
        desk: Desk,
        source: str,
        received_at: int,
        import_id: str | None,
    ) -> None:
        self.import_id = import_id
        self.posting, self.conn, self.ledger = posting, posting.conn, ledger
        self.desk, self.source, self.received_at = desk, source, received_at
        self.number = next_number(self.conn, "batch")
        self.tally: dict[tuple[str, str], list[int]] = {}

    def take(self, ready: Sequence[tuple[int, Ready]], refusals: Sequence[Refusal]) -> Answers:
        answers = Answers(self.number)
        service_rows = [(n, r) for n, r in ready if isinstance(r.sent, ServiceRecord)]
        rating_rows = [(n, r) for n, r in ready if isinstance(r.sent, Rating)]
        new_services = self._new(service_rows, "service", answers)
        self._match_waiting(new_services)
        new_ratings = self._new(self._with_units(rating_rows), "rating", answers)
        self._count(new_services, new_ratings)
        opened = Openings(self.posting, self.ledger, self.desk, self.received_at)
        complaints = opened.open([r for _, r in new_ratings])
        answers.complaints = opened.opened
        answers.rows += [
            Answer(n, "accepted", complaints.get(r.key)) for n, r in (*new_services, *new_ratings)
        ]
        self._refuse(refusals, answers)
        answers.rows.sort(key=lambda answer: answer.number)
        self._append(new_services, new_ratings, answers)
        return answers

    def _new(
        self, rows: Sequence[tuple[int, Ready]], kind: str, answers: Answers
    ) -> list[tuple[int, Ready]]:
        """Stores what is new; what is not is answered as a repeat, or kept beside the first as a
        conflict.
        """
        if not rows:
            return []
        first: dict[tuple[str, ...], tuple[int, Ready]] = {}
        for number, row in rows:
            first.setdefault(row.key, (number, row))
        stored = self._stored(first, kind)
        for number, row in rows:
            digest = stored.get(row.key)
            if digest is None and first[row.key][0] == number:
                continue
            same = (digest or first[row.key][1].digest) == row.digest
            if not same:
                self._conflict(row, kind)
            answers.rows.append(Answer(number, "repeat" if same else "conflict"))
        return [pair for key, pair in first.items() if key not in stored]

    def _stored(
        self, rows: dict[tuple[str, ...], tuple[int, Ready]], kind: str
    ) -> dict[tuple[str, ...], str]:
        """Inserts; answers the digests of keys that were there before."""
        table, statement = (ratings, _RATING) if kind == "rating" else (services, _SERVICE)
        make = intake.rating_row if kind == "rating" else intake.service_row
        names = intake.PUBLIC_RATING if kind == "rating" else intake.PUBLIC_SERVICE
        values = [make(row, self.number, self.received_at) for _, row in rows.values()]
        taken = run_many(self.conn, statement, names, values)
        if taken == len(values):
            return {}
        keys = names[: len(next(iter(rows)))]
        query = select(table.c.batch, table.c.digest).where(
            *(table.c[name] == bindparam(f"k_{name}") for name in keys)
        )
        found = {}
        for key in rows:
            stored = self.conn.execute(
                query, {f"k_{name}": value for name, value in zip(keys, key, strict=True)}
            ).one()
            if stored.batch != self.number:
                found[key] = stored.digest
        return found

    def _conflict(self, row: Ready, kind: str) -> None:
        assess = row.key[3] if kind == "rating" else ""
        values = (kind, *row.key[:3], assess, self.number, self.received_at, row.digest)
        names = (
            "kind",
            "source",
            "project_no",
            "service_number",
            "assess_number",
            "batch",
            "received_at",
            "digest",
        )
        self.posting.run(_CONFLICT, names, values)
        owner = "\x1f".join(("conflict", kind, *row.key, row.digest))
        plain = row.sent.model_dump_json().encode()
        sealed = self.ledger.vault.seal(owner, "sent", plain)
        self.posting.run(_VAULT, ("owner", "field", "sealed"), (owner, "sent", sealed))

    def _with_units(self, rows: Sequence[tuple[int, Ready]]) -> list[tuple[int, Ready]]:
        """Ratings that name no unit take that of their service record, if it is there."""
        made = []
        for number, row in rows:
            if row.unit is None:
                query = select(services.c.unit).where(
                    services.c.source == row.key[0],
                    services.c.project_no == row.key[1],
                    services.c.service_number == row.key[2],
                )
                row = _with_unit(row, self.conn.execute(query).scalar())  # noqa: PLW2901
            made.append((number, row))
        return made

    def _match_waiting(self, new: Sequence[tuple[int, Ready]]) -> None:
        """Ratings that came before these service records get their unit, and their tallies move."""
        query = select(ratings.c.source).where(ratings.c.unit.is_(None)).limit(1)
        if not new or self.conn.execute(query).first() is None:
            return
        for _, row in new:
            waiting = self.conn.execute(
                select(ratings.c.day, ratings.c.level, ratings.c.origin).where(
                    ratings.c.source == row.key[0],
                    ratings.c.project_no == row.key[1],
                    ratings.c.service_number == row.key[2],
                    ratings.c.unit.is_(None),
                )
            ).all()
            for day, level, origin in waiting:
                counts = (0, 1, int(origin == "onsite_active"), int(level <= 2))
                self._add(day, PENDING, *(-n for n in counts))
                self._add(day, row.unit or PENDING, *counts)
            if waiting:
                values = dict(zip(("of_source", "of_project", "of_service"), row.key, strict=True))
                found = {"unit": row.unit, "in_batch": self.number}
                self.conn.execute(_MATCH, values | found)

    def _add(self, day: str, unit: str, *counts: int) -> None:
        tally = self.tally.setdefault((day, unit), [0, 0, 0, 0])
        for place, count in enumerate(counts):
            tally[place] += count

    def _count(
        self, new_services: Sequence[tuple[int, Ready]], new_ratings: Sequence[tuple[int, Ready]]
    ) -> None:
        for _, row in new_services:
            self._add(row.day, row.unit or PENDING, 1, 0, 0, 0)
        seals: list[tuple[str, str, bytes]] = []
        phones: dict[tuple[str, int], int] = {}
        vault_of = self.ledger.vault
        for _, row in new_ratings:
            self._add(row.day, row.unit or PENDING, 0, 1, *intake.counts_of(row))
            if row.private is not None:
                owner = rating_owner(row.key)
                seals.append((owner, "rating", vault_of.seal(owner, "rating", row.private)))
            if row.phone:
                rater = (row.day, vault_of.phone_hash(row.phone))
                phones[rater] = phones.get(rater, 0) + 1
        run_many(self.conn, _VAULT, ("owner", "field", "sealed"), seals)
        run_many(
            self.conn, _RATER_UP, ("day", "phone", "ratings"), [(*k, n) for k, n in phones.items()]
        )
        names = ("day", "unit", "services", "ratings", "onsite", "bad")
        run_many(self.conn, _TALLY_UP, names, [(*k, *n) for k, n in sorted(self.tally.items())])

    def _refuse(self, refusals: Sequence[Refusal], answers: Answers) -> None:
        names = ("source", "batch", "row", "field", "value", "reason", "received_at", "import_id")
        for r in refusals:
            row = (
                self.source,
                self.number,
                r.row,
                r.field,
                r.value,
                r.reason,
                self.received_at,
                self.import_id,
            )
            self.posting.run(_REFUSED, names, row)
            answers.rows.append(Answer(r.row, "refused", refusal=r))

    def _append(
        self,
        new_services: Sequence[tuple[int, Ready]],
        new_ratings: Sequence[tuple[int, Ready]],
        answers: Answers,
    ) -> None:
        key = self.ledger.keys.chain
        stored_s = [intake.service_row(r, self.number, self.received_at) for _, r in new_services]
        stored_r = [intake.rating_row(r, self.number, self.received_at) for _, r in new_ratings]
        fact = BatchCollected(
            source=self.source,
            batch=self.number,
            received_at=self.received_at,
            services=len(new_services),
            ratings=len(new_ratings),
            repeats=answers.count("repeat"),
            conflicts=answers.count("conflict"),
            refused=answers.count("refused"),
            complaints=answers.complaints,
            services_digest=intake.seal_rows(key, stored_s),
            ratings_digest=intake.seal_rows(key, stored_r),
        )
        self.posting.append(f"batch/{self.number}", 1, fact, PLATFORM)


def rating_owner(key: tuple[str, ...]) -> str:
    """The vault's owner of a rating's personal data; a key holds no control characters."""
    return "\x1f".join(key)


def _with_unit(row: Ready, unit: str | None) -> Ready:
    return Ready(row.sent, row.key, unit, row.day, row.at, row.digest, row.private, row.phone)
