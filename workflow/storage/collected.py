"""归集: the statements by which a batch is stored: rows, tallies, conflicts, refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import Insert, insert

from schemas.codes import BAD_LEVELS, Origin
from workflow.intake import RATING_CONTENT, SERVICE_CONTENT, Ready
from workflow.storage.bulk import Bulk
from workflow.storage.database import Spoken, run_many
from workflow.storage.models import (
    conflicts,
    raters,
    ratings,
    refused,
    services,
    tallies,
)
from workflow.storage.models import vault as vault_table
from workflow.storage.vault import Vault

Key = tuple[str, ...]

RATING = (
    "source",
    "project_no",
    "service_number",
    "assess_number",
    "batch",
    "received_at",
    "matched",
    *RATING_CONTENT,
)
SERVICE = (
    "source",
    "project_no",
    "service_number",
    "batch",
    "received_at",
    *SERVICE_CONTENT,
)
CONFLICT = (
    "kind",
    "source",
    "project_no",
    "service_number",
    "assess_number",
    "batch",
    "received_at",
    "digest",
)
REFUSED = ("source", "batch", "received_at", "import_id", "row", "field", "value", "reason")

_RATING = Bulk(ratings, RATING, Insert.on_conflict_do_nothing, new=True)
_SERVICE = Bulk(services, SERVICE, Insert.on_conflict_do_nothing, new=True)
_VAULT = Bulk(vault_table, ("owner", "field", "sealed"), Insert.on_conflict_do_nothing)
_RATER = Bulk(
    raters,
    ("day", "phone", "ratings"),
    lambda new: new.on_conflict_do_update(
        index_elements=["day", "phone"], set_={"ratings": raters.c.ratings + new.excluded.ratings}
    ),
)
_CONFLICT = insert(conflicts).on_conflict_do_nothing()
_REFUSED = plain_insert(refused)
TALLIED = ("services", "ratings", "onsite", "bad")
_TALLY = insert(tallies)
_TALLY_UP = _TALLY.on_conflict_do_update(
    index_elements=["day", "unit"],
    set_={name: tallies.c[name] + _TALLY.excluded[name] for name in TALLIED},
)


_PLACES = ("of_source", "of_project", "of_service")


def of_service(table: Any) -> tuple[Any, ...]:
    """Its rows of one service: asked with of_source, of_project and of_service."""
    of = zip(("source", "project_no", "service_number"), _PLACES, strict=True)
    return tuple(table.c[name] == bindparam(place) for name, place in of)


_UNITS_OF = Spoken(
    """
    SELECT s.source, s.project_no, s.service_number, s.unit FROM {keys}
    {cross} services AS s ON s.source = j.value ->> 0
      AND s.project_no = j.value ->> 1 AND s.service_number = j.value ->> 2
    """
)
_WAIT = Spoken(
    """
    SELECT DISTINCT r.source, r.project_no, r.service_number FROM {keys}
    {cross} ratings AS r ON r.source = j.value ->> 0
      AND r.project_no = j.value ->> 1 AND r.service_number = j.value ->> 2 AND r.unit IS NULL
    """
)
_ANY_WAITING = select(ratings.c.source).where(ratings.c.unit.is_(None)).limit(1)
_WAITING = select(ratings.c.day, ratings.c.level, ratings.c.origin).where(
    *of_service(ratings), ratings.c.unit.is_(None)
)
_MATCH = (
    update(ratings)
    .where(*of_service(ratings), ratings.c.unit.is_(None))
    .values(unit=bindparam("to_unit"), matched=bindparam("in_batch"))
)
_OLD_RATING = Spoken(
    """
    SELECT r.source, r.project_no, r.service_number, r.assess_number, r.digest
    FROM {keys} {cross} ratings AS r
      ON r.source = j.value ->> 0 AND r.project_no = j.value ->> 1
     AND r.service_number = j.value ->> 2 AND r.assess_number = j.value ->> 3
    WHERE r.batch <> :batch
    """
)
_OLD_SERVICE = Spoken(
    """
    SELECT s.source, s.project_no, s.service_number, s.digest
    FROM {keys} {cross} services AS s
      ON s.source = j.value ->> 0 AND s.project_no = j.value ->> 1
     AND s.service_number = j.value ->> 2
    WHERE s.batch <> :batch
    """
)


class Waiting(NamedTuple):
    """A rating that came before its service record: what it counts for."""

    day: str
    onsite: int
    bad: int


def store_rows(
    conn: Connection, rating: bool, batch: int, rows: Mapping[Key, tuple[Any, ...]]
) -> dict[Key, str]:
    """Inserts these rows by their keys; answers the digests of keys that stood there before."""
    bulk = _RATING if rating else _SERVICE
    if bulk.add(conn, list(rows.values())) == len(rows):
        return {}
    query = _OLD_RATING if rating else _OLD_SERVICE
    old = conn.execute(query.on(conn), {"keys": to_json(list(rows)).decode(), "batch": batch})
    return {tuple(row[:-1]): row[-1] for row in old}


def units_of(conn: Connection, asked: Sequence[Key]) -> dict[Key, str]:
    """The units that handled these services, of those whose records are here."""
    if not asked:
        return {}
    rows = conn.execute(_UNITS_OF.on(conn), {"keys": to_json(asked).decode()})
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def waiting_for(conn: Connection, asked: Sequence[Key]) -> set[Key]:
    """Those of these services for which a rating waits."""
    rows = conn.execute(_WAIT.on(conn), {"keys": to_json(asked).decode()})
    return {(row[0], row[1], row[2]) for row in rows}


_COMPLAINTS = Spoken(
    """
    SELECT c.id, c.project_no, c.service_number FROM {keys}
    {cross} complaints AS c ON c.source = :source AND c.project_no = j.value ->> 0
    """
)


def complaints_of(conn: Connection, source: str, projects: Sequence[str]) -> dict[Key, str]:
    """The complaints of these cases, by (source, project_no, service_number)."""
    values = {"source": source, "keys": to_json([(one,) for one in projects]).decode()}
    rows = conn.execute(_COMPLAINTS.on(conn), values)
    return {(source, row[1], row[2]): row[0] for row in rows}


def anything_waits(conn: Connection) -> bool:
    """Whether any rating still waits for its service record."""
    return conn.execute(_ANY_WAITING).first() is not None


def match(conn: Connection, service: Key, unit: str, batch: int) -> list[Waiting]:
    """Gives waiting ratings of this service its unit; answers what they count for."""
    places = dict(zip(_PLACES, service, strict=False))
    waiting = conn.execute(_WAITING, places).all()
    if waiting:
        conn.execute(_MATCH, {**places, "to_unit": unit, "in_batch": batch})
    return [
        Waiting(row.day, int(row.origin == Origin.ONSITE_ACTIVE), int(row.level in BAD_LEVELS))
        for row in waiting
    ]


def add_tallies(conn: Connection, counts: Mapping[tuple[str, str], Sequence[int]]) -> None:
    """Adds to the tallies of these days and units."""
    rows = [(*place, *numbers) for place, numbers in sorted(counts.items())]
    run_many(conn, _TALLY_UP, ("day", "unit", *TALLIED), rows)


def add_raters(conn: Connection, counts: Mapping[tuple[str, int], int]) -> None:
    """Adds to how many ratings these phones gave on these days."""
    _RATER.add(conn, [(*place, number) for place, number in counts.items()])


def keep_sealed(conn: Connection, rows: Sequence[tuple[str, str, bytes]]) -> None:
    """Puts sealed rows (owner, field, content) into the vault; those that are there stay."""
    _VAULT.add(conn, rows)


def keep_conflict(
    conn: Connection, vault: Vault, row: Ready, place: tuple[int, int], private: bytes | None
) -> bool:
    """Another content under a known key, with its batch and when it was received; what it says of
    people is sealed beside it. Sent again, it changes nothing, for it may have been erased since,
    and the answer is False.
    """
    kind, assess = ("rating", row.key[3]) if row.rating else ("service", "")
    values = (kind, *row.key[:3], assess, *place, row.digest)
    if run_many(conn, _CONFLICT, CONFLICT, [values]) == 0:
        return False
    owner = "\x1f".join(("conflict", kind, *row.key, row.digest))
    sealed = [(owner, "sent", to_json(row.content))]
    if private is not None:
        sealed.append((owner, "private", private))
    keep_sealed(conn, vault.sealed(sealed))
    return True


def rating_owner(key: tuple[str, ...]) -> str:
    """The vault's owner of a rating's personal data; a key holds no control characters."""
    return "\x1f".join(key)


def keep_refused(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    run_many(conn, _REFUSED, REFUSED, rows)
