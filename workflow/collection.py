"""归集: the bulk path. A batch goes in whole, in one transaction: rows, tallies, complaints, and
one BatchCollected.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from schemas import BatchCollected
from schemas.rating import Rating, Refusal, ServiceRecord
from workflow.answers import Answer, Answers
from workflow.intake import Desk, Ready, ahead_of, sum_of
from workflow.ledger import Ledger, Posting
from workflow.openings import Openings
from workflow.recorded import PLATFORM
from workflow.storage import collected
from workflow.storage.erasing import erased_to
from workflow.storage.numbers import next_number

MOST = 1000
"""Rows of a batch at most: what one writer may hold the queue for."""

FEW = 20
"""Rows up to which a batch is taken in like a person's step; larger ones let people go first."""

PENDING = ""
"""The tally's unit of ratings whose service record has not arrived."""

Receipt = Callable[[Connection, Answers], None]
Fresh = Callable[[Connection, Refusal], bool] | None


def collect(
    ledger: Ledger,
    desk: Desk,
    source: str,
    rows: Sequence[tuple[int, Rating | ServiceRecord]],
    refusals: Sequence[Refusal] = (),
    *,
    import_id: str | None = None,
    also: Receipt | None = None,
) -> Answers:
    """Takes in at most 1,000 numbered rows; answers each: accepted, repeat, conflict, refused.

    All or nothing: when this returns, everything is committed. `also` writes the caller's receipt
    into the same transaction. Late and out-of-order rows are normal; a service record may come
    after its rating.
    """
    made = [desk.ready(number, row) for number, row in rows]
    ready = [row for row in made if isinstance(row, Ready)]
    bad = [row for row in made if isinstance(row, Refusal)]
    return collect_ready(
        ledger, desk, source, ready, [*refusals, *bad], import_id=import_id, also=also
    )


def collect_ready(
    ledger: Ledger,
    desk: Desk,
    source: str,
    rows: Sequence[Ready],
    refusals: Sequence[Refusal] = (),
    *,
    import_id: str | None = None,
    also: Receipt | None = None,
    fresh: Fresh = None,
) -> Answers:
    """As `collect`, for rows made ready elsewhere. Where what was sent once may come again, `fresh`
    says whether a row is refused for the first time; else it, and a known conflict, is a repeat.
    """
    if len(rows) > MOST:
        raise ValueError(f"a batch holds at most {MOST} rows")

    def once() -> Answers:
        with ledger.transaction(patient=len(rows) > FEW) as posting:
            found = [(row, ahead_of(row, posting.now)) for row in rows]
            ahead = [refusal for _, refusal in found if refusal is not None]
            batch = _Batch(posting, ledger, desk, source, fresh)
            answers = batch.take([row for row, refusal in found if refusal is None])
            batch.refuse([*refusals, *ahead], import_id)
            batch.append()
            if also is not None:
                also(posting.conn, answers)
        return answers

    return ledger.insist(once)


class _Batch:
    """One batch in its transaction."""

    def __init__(self, posting: Posting, ledger: Ledger, desk: Desk, source: str, fresh: Fresh):
        self.posting, self.conn, self.ledger = posting, posting.conn, ledger
        self.source, self.received_at, self.fresh = source, posting.now, fresh
        self.openings = Openings(posting, ledger, desk)
        self.number = next_number(self.conn, "batch")
        self.place = (self.number, self.received_at)
        self.answers = Answers(self.number)
        self.tally: dict[tuple[str, str], list[int]] = {}
        self.erased_to = erased_to(self.conn)
        self.services: list[Ready] = []
        self.ratings: list[Ready] = []
        self.bad_again: list[Ready] = []

    def take(self, rows: Sequence[Ready]) -> Answers:
        """Stores what is new and opens its complaints; the rest is answered as it is."""
        self.services = self._new([row for row in rows if not row.rating], rating=False)
        self._match_waiting()
        self.ratings = self._new([row for row in rows if row.rating], rating=True)
        self._count()
        complaints = self.openings.open(self.ratings)
        self.answers.complaints = self.openings.opened
        find = complaints.get
        self._answer_bad_again()
        self.answers.rows += [Answer(row.number, "accepted") for row in self.services]
        self.answers.rows += [Answer(row.number, "accepted", find(row.key)) for row in self.ratings]
        return self.answers

    def _new(self, rows: list[Ready], rating: bool) -> list[Ready]:
        """Stores and answers the new ones; a repeat is answered so, a conflict kept beside."""
        first: dict[tuple[str, ...], Ready] = {}
        for row in rows:
            first.setdefault(row.key, row)
        values = self._rating_values(first) if rating else self._service_values(first)
        old = collected.store_rows(self.conn, rating, self.number, values)
        if not old and len(first) == len(rows):
            return self._with_units(rows, values) if rating else rows
        for row in rows:
            known = old.get(row.key) or first[row.key].digest
            if row.key in old or first[row.key] is not row:
                self._answer_known(row, same=known == row.digest)
        new = [row for key, row in first.items() if key not in old]
        return self._with_units(new, values) if rating else new

    def _service_values(self, rows: dict[Any, Ready]) -> dict[Any, tuple[Any, ...]]:
        return {key: key + self.place + row.content for key, row in rows.items()}

    def _rating_values(self, rows: dict[Any, Ready]) -> dict[Any, tuple[Any, ...]]:
        """Ratings that name no unit take that of their service record, if it is there."""
        place = (self.number, self.received_at, None)
        unnamed = list({key[:3] for key, row in rows.items() if row.unit is None})
        known, values = collected.units_of(self.conn, unnamed), {}
        for key, row in rows.items():
            if row.unit is not None:
                values[key] = key + place + row.content
                continue
            unit = known.get(key[:3])
            matched = (self.number, self.received_at, None if unit is None else self.number)
            level, reasons, origin, channel, _, *rest = row.content
            values[key] = (*key, *matched, level, reasons, origin, channel, unit, *rest)
        return values

    def _with_units(self, rows: list[Ready], values: dict[Any, tuple[Any, ...]]) -> list[Ready]:
        place = collected.RATING.index("unit")
        return [
            row if row.unit is not None else row._replace(unit=values[row.key][place])
            for row in rows
        ]

    def _answer_known(self, row: Ready, same: bool) -> None:
        if same and row.bad:
            self.bad_again.append(row)
            return
        if not same:
            private = None if self._over(row) else row.private
            new = collected.keep_conflict(self.conn, self.ledger.vault, row, self.place, private)
            same = not new and self.fresh is not None
        self.answers.rows.append(Answer(row.number, "repeat" if same else "conflict"))

    def _answer_bad_again(self) -> None:
        """Each has a complaint; who brings it again may not have heard which."""
        known = self.openings.known(self.bad_again)
        for row in self.bad_again:
            self.answers.rows.append(Answer(row.number, "repeat", known.get(row.key[:3])))

    def _over(self, row: Ready) -> bool:
        """The time for what it says of people was over before it came; a complaint has its own."""
        return row.day <= self.erased_to and not row.bad

    def _match_waiting(self) -> None:
        """Ratings that came before these service records get their unit; their tallies move."""
        if not self.services or not collected.anything_waits(self.conn):
            return
        met = collected.waiting_for(self.conn, [row.key for row in self.services])
        for row in self.services:
            if row.key not in met:
                continue
            unit = row.unit or PENDING
            for waiting in collected.match(self.conn, row.key, unit, self.number):
                counts = (0, 1, waiting.onsite, waiting.bad)
                self._add(waiting.day, PENDING, *(-count for count in counts))
                self._add(waiting.day, unit, *counts)

    def _add(self, day: str, unit: str, *counts: int) -> None:
        tally = self.tally.setdefault((day, unit), [0, 0, 0, 0])
        for place, count in enumerate(counts):
            tally[place] += count

    def _count(self) -> None:
        keep: list[tuple[str, str, bytes]] = []
        phones: dict[tuple[str, int], int] = {}
        tally, phone_hash = self.tally, self.ledger.vault.phone_hash
        for row in self.services:
            tally.setdefault((row.day, row.unit or PENDING), [0, 0, 0, 0])[0] += 1
        for row in self.ratings:
            counts = tally.setdefault((row.day, row.unit or PENDING), [0, 0, 0, 0])
            counts[1] += 1
            counts[2] += row.onsite
            counts[3] += row.bad
            if self._over(row):
                continue
            if row.private is not None:
                keep.append((collected.rating_owner(row.key), "rating", row.private))
            if row.phone and row.day > self.erased_to:
                rater = (row.day, phone_hash(row.phone))
                phones[rater] = phones.get(rater, 0) + 1
        collected.keep_sealed(self.conn, self.ledger.vault.sealed(keep))
        collected.add_raters(self.conn, phones)
        collected.add_tallies(self.conn, tally)

    def refuse(self, refusals: Sequence[Refusal], import_id: str | None) -> None:
        """Keeps the refused rows with their reasons, and puts all answers in order."""
        at = (self.source, self.number, self.received_at, import_id)
        new = [r for r in refusals if self.fresh is None or self.fresh(self.conn, r)]
        again = {r.row for r in refusals} - {r.row for r in new}
        collected.keep_refused(self.conn, [(*at, r.row, r.field, r.value, r.reason) for r in new])
        self.answers.rows += [Answer(r.row, "refused", refusal=r) for r in new]
        self.answers.rows += [Answer(number, "repeat") for number in again]
        self.answers.rows.sort(key=lambda answer: answer.number)

    def append(self) -> None:
        """The batch's own event: what it took in, counted, with digests of the rows it stored."""
        answers = self.answers
        fact = BatchCollected(
            source=self.source,
            batch=self.number,
            received_at=self.received_at,
            services=len(self.services),
            ratings=len(self.ratings),
            repeats=answers.count("repeat"),
            conflicts=answers.count("conflict"),
            refused=answers.count("refused"),
            complaints=answers.complaints,
            services_digest=sum_of([row.digest for row in self.services]),
            ratings_digest=sum_of([row.digest for row in self.ratings]),
        )
        self.posting.append(f"batch/{self.number}", 1, fact, PLATFORM)
