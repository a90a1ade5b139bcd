"""删除: personal data goes when its time is over, or when its person asks for it; the log, the
figures and what tells a repeat stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import Connection

from schemas import PersonalDataErased
from schemas.envelope import Role
from workflow.clock import DAY, instant
from workflow.contact import phone_of
from workflow.door import checked_name, stated
from workflow.erasure_beside import Beside, beside, forget
from workflow.errors import InvalidInput
from workflow.intake import opened_private
from workflow.ledger import Actor, Ledger, Posting
from workflow.phones import number_in, number_of
from workflow.recorded import CLOCK
from workflow.said import REQUIRED
from workflow.storage import erasing, messages
from workflow.storage.erasing import COMPLAINTS_DONE, RATINGS_DONE, Kept, Said
from workflow.storage.numbers import move, next_number, reached
from workflow.storage.vault import Sealed, Vault


@dataclass(slots=True)
class Erased:
    """What went: complaints and single ratings whose people are forgotten, rows of the vault.
    `under_way` are complaints that must end first, `unread` messages put aside of which nobody can
    tell whose they are.
    """

    complaints: int = 0
    ratings: int = 0
    rows: int = 0
    conflicts: int = 0
    messages: int = 0
    under_way: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Retention:
    """What the office's profile of today keeps no longer, deleted part by part. A rating's data is
    kept for the profile's days from the day of the rating; a complaint's, its ratings' and its
    texts from its end.

    A day is looked through once, outside the transactions that delete, and once more when it is
    done with. Safe against a kill and beside a second process.
    """

    def __init__(self, ledger: Ledger, most: int = 500) -> None:
        self._ledger, self._most = ledger, most
        self._day, self._said = "", list[Said]()

    def expire(self) -> int:
        """Deletes, in one transaction, at most `most` rows of one day's ratings and as many
        complaints' data; 0: nothing is left to do now.
        """
        ledger = self._ledger
        with ledger.database.read() as conn:
            if not _anything(conn, ledger, ledger.clock()):
                return 0
            self._look(conn, _limits(ledger, ledger.clock())[0])
        with ledger.transaction(patient=True) as posting, erasing.overwriting(posting.conn):
            first, until = _limits(ledger, posting.now)
            done = Erased()
            moved = self._ratings(posting.conn, done, first)
            moved += _complaints(posting.conn, done, until, self._most)
            parked = messages.erase(posting.conn, until)
            done.rows, moved = done.rows + parked, moved + parked
            _record(posting, done, CLOCK, "retention")
        return moved

    def _look(self, conn: Connection, first: date) -> str | None:
        """The day that is to go next, looked through unless it is the one in hand."""
        day = erasing.next_day(conn, erasing.erased_to(conn), first.isoformat())
        if day is not None and day != self._day:
            self._day, self._said = day, erasing.of_day(conn, day)
        return day

    def _ratings(self, conn: Connection, done: Erased, first: date) -> int:
        """A part of one day's ratings; the counter moves once nothing of the day is found."""
        last = first.toordinal() - 1
        if reached(conn, RATINGS_DONE) >= last:
            return 0
        day = self._look(conn, first)
        if day is None:
            move(conn, RATINGS_DONE, last)
            return 1
        rows = erasing.of_ratings(conn, self._said[-self._most :])
        del self._said[-self._most :]
        done.ratings, done.rows = done.ratings + rows, done.rows + rows
        hashes = erasing.raters_of_day(conn, day, self._most)
        if not self._said and hashes < self._most:
            self._said = erasing.of_day(conn, day)  # what came meanwhile, or a fall left behind
            if not self._said:
                move(conn, RATINGS_DONE, date.fromisoformat(day).toordinal())
        return 1


def _limits(ledger: Ledger, now: int) -> tuple[date, int]:
    """The first day that is kept, and the latest end of a complaint that is not."""
    policy = ledger.rulebook.in_force(now)
    today = instant(now).astimezone(policy.zone).date()
    return today - timedelta(days=policy.retention_days), now - policy.retention_days * DAY


def _anything(conn: Connection, ledger: Ledger, now: int) -> bool:
    first, until = _limits(ledger, now)
    if reached(conn, RATINGS_DONE) < first.toordinal() - 1:
        return True
    if messages.overdue(conn, until):
        return True
    return bool(erasing.ended(conn, reached(conn, COMPLAINTS_DONE), until, 1))


def _complaints(conn: Connection, done: Erased, until: int, most: int) -> int:
    found = erasing.ended(conn, reached(conn, COMPLAINTS_DONE), until, most)
    for ended in found:
        done.rows += erasing.of_complaint(conn, ended.id)
    done.complaints += len(found)
    if found:
        move(conn, COMPLAINTS_DONE, found[-1].at)
    return len(found)


def erase_person(
    ledger: Ledger,
    *,
    account: str,
    reason: str,
    phone: str | None = None,
    subject: str | None = None,
) -> Erased:
    """Forgets a person: everything sealed of his ratings and of ended complaints that he has rated
    in, and what he said that was not taken in, by his phone, by a complaint of his, or both.

    Raises InvalidInput, UnknownComplaint. What is under way is left, and named in the answer.
    """
    _, texts = stated(PersonalDataErased, {"ground": "request", "rows": 0, "reason": reason})
    if not texts:
        raise InvalidInput("reason", "", REQUIRED)
    number = number_of(phone or "")
    if not number and subject is None:
        raise InvalidInput("phone", "（不显示）", "须写电话号码，或一件差评的编号")
    actor = Actor(checked_name("account", account), Role.ADMINISTRATOR)
    with ledger.database.read() as conn:
        if subject is not None and not number:
            number = phone_of(conn, ledger.vault, subject) or ""
        his = _ratings_of(conn, ledger.vault, number) if number else []
        besides = beside(conn, ledger.vault, number) if number else Beside()
    with ledger.transaction() as posting, erasing.overwriting(posting.conn):
        conflicts, parcels = forget(posting.conn, besides, actor.name, posting.now)
        done = _forget_all(posting, ledger.vault, number, subject, his)
        done.conflicts, done.messages, done.unread = conflicts, parcels, besides.unread
        done.rows += conflicts + parcels
        _record(posting, done, actor, "request", texts)
    return done


def _forget_all(
    posting: Posting, vault: Vault, number: str, subject: str | None, his: Sequence[Kept]
) -> Erased:
    """His ratings, and the complaints that he has rated in and that have ended."""
    known = erasing.complaints_by(posting.conn, vault.phone_hash(number)) if number else {}
    known |= _rated_in(posting, {subject, *(one.subject for one in his)} - known.keys())
    done = Erased(under_way=tuple(sorted(name for name, still in known.items() if still)))
    owners = [one.owner for one in his if one.subject is None]
    _forget(posting.conn, done, (name for name, still in known.items() if not still), owners)
    if number:
        erasing.forget_rater(posting.conn, vault.phone_hash(number))
    return done


def _ratings_of(conn: Connection, vault: Vault, number: str) -> list[Kept]:
    """Ratings of this number, looked for on the days it rated."""
    return [
        one
        for day in erasing.days_of(conn, vault.phone_hash(number))
        for one in erasing.sealed_of(conn, day)
        if number_in(opened_private(vault.unseal(one.owner, "rating", one.sealed)).mobile) == number
    ]


def _rated_in(posting: Posting, subjects: Iterable[str | None]) -> dict[str, bool]:
    """Each of these complaints, with whether it is still open; None stands for none."""
    named = sorted(one for one in subjects if one is not None)
    return {name: posting.complaint(name).ended_at is None for name in named}


def _forget(conn: Connection, done: Erased, subjects: Iterable[str], owners: list[str]) -> None:
    for subject in subjects:
        done.rows += erasing.of_complaint(conn, subject)
        done.complaints += 1
    for owner in owners:
        done.rows += erasing.of_rating(conn, owner)
        done.ratings += 1


def _record(
    posting: Posting,
    done: Erased,
    actor: Actor,
    ground: Literal["retention", "request"],
    texts: Mapping[str, Sealed] | None = None,
) -> None:
    """One event for each transaction that deleted anything, and for each request."""
    if not done.rows and ground == "retention":
        return
    fact = PersonalDataErased(
        ground=ground,
        complaints=done.complaints,
        ratings=done.ratings,
        rows=done.rows,
        reason=texts["reason"].digest if texts else None,
    )
    subject = f"erasure/{next_number(posting.conn, 'erasure')}"
    posting.append(subject, 1, fact, actor)
    posting.keep(f"{subject}-1", texts or {})
