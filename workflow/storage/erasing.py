"""Statements that delete what people said and who they are: rows of the vault, keyed hashes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, and_, bindparam, delete, func, select, text

from workflow.storage.database import Spoken
from workflow.storage.desk import erase_desk
from workflow.storage.models import complaints, contacts, raters, ratings, vault
from workflow.storage.numbers import reached
from workflow.storage.vault import under

RATINGS_DONE, COMPLAINTS_DONE = "erased/ratings", "erased/complaints"
"""Counters: the last day (proleptic ordinal) all of whose ratings are done with; the end
(microseconds UTC) of the last complaint.
"""

_SEP = "\x1f"
_SERVICE_KEY = ("project_no", "service_number")
_NEXT_DAY = select(func.min(ratings.c.day)).where(
    ratings.c.day > bindparam("after"), ratings.c.day < bindparam("before")
)
_OF_DAY = text(
    """
    SELECT v.field, v.owner FROM ratings r
    JOIN vault v ON v.field = 'rating' AND v.owner = r.source || :sep || r.project_no
      || :sep || r.service_number || :sep || r.assess_number
    WHERE r.day = :day AND NOT EXISTS (SELECT 1 FROM complaints c WHERE c.source = r.source
      AND c.project_no = r.project_no AND c.service_number = r.service_number)
    """
).bindparams(sep=_SEP)
_CONFLICTS_OF_DAY = text(
    """
    SELECT v.field, v.owner FROM ratings r CROSS JOIN conflicts k
    JOIN vault v ON v.field = 'private' AND v.owner = 'conflict' || :sep || 'rating'
      || :sep || r.source || :sep || r.project_no || :sep || r.service_number
      || :sep || r.assess_number || :sep || k.digest
    WHERE r.day = :day AND k.kind = 'rating' AND k.source = r.source
      AND k.project_no = r.project_no AND k.service_number = r.service_number
      AND k.assess_number = r.assess_number
      AND NOT EXISTS (SELECT 1 FROM complaints c WHERE c.source = r.source
      AND c.project_no = r.project_no AND c.service_number = r.service_number)
    """
).bindparams(sep=_SEP)
"""From the day's ratings to their conflicts, not from all conflicts there are: SQLite keeps the
order of a CROSS JOIN.
"""
_GONE = Spoken(
    """
    DELETE FROM vault WHERE (field, owner) IN
      (SELECT j.value ->> 0, j.value ->> 1 FROM {keys})
    """
)
_RATERS_OF_DAY = text(
    """
    DELETE FROM raters WHERE day = :day
      AND phone IN (SELECT phone FROM raters WHERE day = :day LIMIT :most)
    """
)
_ENDED = (
    select(complaints.c.id, complaints.c.ended_at)
    .join(contacts, contacts.c.subject == complaints.c.id)
    .where(complaints.c.ended_at.between(bindparam("after"), bindparam("until")))
    .order_by(complaints.c.ended_at)
    .limit(bindparam("most"))
)
_OF_RATING = delete(vault).where(vault.c.owner == bindparam("of_owner"))
_SERVICE = select(complaints.c.source, complaints.c.project_no, complaints.c.service_number).where(
    complaints.c.id == bindparam("of_id")
)


class Ended(NamedTuple):
    """A complaint that has ended, and when."""

    id: str
    at: int


@contextmanager
def overwriting(conn: Connection) -> Iterator[None]:
    """What is deleted inside is overwritten in the file, not only unlinked."""
    if conn.dialect.name != "sqlite":  # a server rewrites its pages when it vacuums
        yield
        return
    conn.exec_driver_sql("PRAGMA secure_delete=ON").close()
    try:
        yield
    finally:
        conn.exec_driver_sql("PRAGMA secure_delete=OFF").close()


def erased_to(conn: Connection) -> str:
    """The last day all of whose ratings are done with; empty: none is."""
    day = reached(conn, RATINGS_DONE)
    return date.fromordinal(day).isoformat() if day else ""


def next_day(conn: Connection, after: str, before: str) -> str | None:
    """The first day between these two that has ratings."""
    found: str | None = conn.execute(_NEXT_DAY, {"after": after, "before": before}).scalar()
    return found


class Said(NamedTuple):
    """A row of the vault."""

    field: str
    owner: str


def of_day(conn: Connection, day: str) -> list[Said]:
    """All that is kept of what ratings of a day say of people, complaints' ratings apart; the whole
    day is looked through.
    """
    queries = (_OF_DAY, _CONFLICTS_OF_DAY)
    return [Said(*row) for query in queries for row in conn.execute(query, {"day": day})]


def of_ratings(conn: Connection, said: Sequence[Said]) -> int:
    """Deletes what these say; answers how many rows of the vault went."""
    if not said:
        return 0
    return conn.execute(_GONE.on(conn), {"keys": to_json(said).decode()}).rowcount


def raters_of_day(conn: Connection, day: str, most: int) -> int:
    """Deletes at most so many hashes of those who rated on a day; answers how many went."""
    return conn.execute(_RATERS_OF_DAY, {"day": day, "most": most}).rowcount


def ended(conn: Connection, after: int, until: int, most: int) -> Sequence[Ended]:
    """Complaints that ended between these instants and are not erased yet, in order."""
    values = {"after": after, "until": until, "most": most}
    return [Ended(*row) for row in conn.execute(_ENDED, values)]


def of_complaint(conn: Connection, subject: str) -> int:
    """Deletes the complaint's contact, every free text of its steps, what units typed and attached
    for it, and what its ratings say of people; answers how many sealed rows went.
    """
    source, project_no, service = conn.execute(_SERVICE, {"of_id": subject}).one()
    key = _SEP.join((source, project_no, service)) + _SEP
    gone = conn.execute(_OF_RATING, {"of_owner": subject}).rowcount
    for low in (f"{subject}-", key, _SEP.join(("conflict", "rating", key))):
        gone += _under(conn, low)
    conn.execute(delete(contacts).where(contacts.c.subject == subject))
    return gone + erase_desk(conn, subject)


def complaints_by(conn: Connection, phone: int) -> dict[str, bool]:
    """Complaints of this phone (its keyed hash), each with whether it is still open."""
    query = (
        select(complaints.c.id, complaints.c.ended_at)
        .join(contacts, contacts.c.subject == complaints.c.id)
        .where(contacts.c.phone == phone)
    )
    return {row.id: row.ended_at is None for row in conn.execute(query)}


def days_of(conn: Connection, phone: int) -> list[str]:
    """The days on which this phone (its keyed hash) rated."""
    return list(conn.execute(select(raters.c.day).where(raters.c.phone == phone)).scalars())


class Kept(NamedTuple):
    """A rating as the vault keeps it; `subject`: the complaint it belongs to, if it is one's."""

    owner: str
    sealed: bytes
    subject: str | None


def sealed_of(conn: Connection, day: str) -> Iterator[Kept]:
    """Each rating of a day that is not erased."""
    owner: Any = ratings.c.source
    for name in (*_SERVICE_KEY, "assess_number"):
        owner = owner + _SEP + ratings.c[name]
    same = and_(*(complaints.c[name] == ratings.c[name] for name in ("source", *_SERVICE_KEY)))
    query = (
        select(vault.c.owner, vault.c.sealed, complaints.c.id)
        .select_from(ratings)
        .join(vault, and_(vault.c.owner == owner, vault.c.field == "rating"))
        .outerjoin(complaints, same)
        .where(ratings.c.day == day)
    )
    for row in conn.execute(query):
        yield Kept(row.owner, bytes(row.sealed), row.id)


def sealed_conflicts(conn: Connection) -> Iterator[tuple[str, str, bytes]]:
    """What conflicts of ratings say of people: field, owner, content."""
    ours = under(_SEP.join(("conflict", "rating", "")))
    query = select(vault.c.field, vault.c.owner, vault.c.sealed)
    for row in conn.execute(query.where(ours, vault.c.field == "private")):
        yield row.field, row.owner, bytes(row.sealed)


def of_rating(conn: Connection, owner: str) -> int:
    """Deletes what one rating, and what conflicts with it, says of people."""
    gone = conn.execute(_OF_RATING, {"of_owner": owner}).rowcount
    return gone + _under(conn, _SEP.join(("conflict", "rating", owner)) + _SEP)


def _under(conn: Connection, prefix: str) -> int:
    """Everything whose owner begins so; what a conflict says beside people stays."""
    query = delete(vault).where(under(prefix), vault.c.field.not_in(["sent"]))
    return conn.execute(query).rowcount


def forget_rater(conn: Connection, phone: int) -> None:
    conn.execute(delete(raters).where(raters.c.phone == phone))
