"""Messages of a topic that could not be taken in, kept whole and sealed; each once."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from workflow.storage.models import messages
from workflow.storage.vault import Vault

MAX_ERROR = 2000
FIELD = "message"


class Parcel(NamedTuple):
    """A message as it came."""

    topic: str
    partition: int
    position: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]

    @property
    def owner(self) -> str:
        return f"{self.topic}/{self.partition}/{self.position}"


def park(conn: Connection, vault: Vault, parcel: Parcel, status: str, error: str, now: int) -> int:
    """Keeps the message, once however often it comes; answers how many times that was. One that is
    settled, or parked, stays so.
    """
    packed = _packed(parcel)
    row = {
        "topic": parcel.topic,
        "partition": parcel.partition,
        "position": parcel.position,
        "digest": vault.digest(packed),
        "status": status,
        "error": error[:MAX_ERROR],
        "tries": 1,
        "parked_at": now,
        "sealed": vault.seal(parcel.owner, FIELD, packed),
    }
    again = {"tries": messages.c.tries + 1, "status": status, "error": row["error"]}
    statement = (
        insert(messages)
        .values(row)
        .on_conflict_do_update(
            index_elements=["topic", "partition", "position", "digest"],
            set_=again,
            where=messages.c.status == "trying",
        )
    )
    return int(conn.execute(statement.returning(messages.c.tries)).scalar() or 0)


def forget(conn: Connection, vault: Vault, parcels: Sequence[Parcel]) -> None:
    """These came to a good end: their tries are no more counted, whoever had begun to."""
    places: dict[tuple[str, int], dict[int, Parcel]] = {}
    for parcel in parcels:
        places.setdefault((parcel.topic, parcel.partition), {})[parcel.position] = parcel
    for (topic, partition), here in places.items():
        tried = select(messages.c.id, messages.c.position, messages.c.digest).where(
            messages.c.topic == topic,
            messages.c.partition == partition,
            messages.c.position.between(min(here), max(here)),
            messages.c.status == "trying",
        )
        for row in conn.execute(tried).all():
            took = here.get(row.position)
            if took is not None and row.digest == vault.digest(_packed(took)):
                conn.execute(delete(messages).where(messages.c.id == row.id))


def settle(conn: Connection, row: Row[Any], status: str, note: str | None, now: int) -> bool:
    """Done with: what it said goes. False if somebody else was faster."""
    done = conn.execute(
        update(messages)
        .where(messages.c.id == row.id, messages.c.status == "parked")
        .values(status=status, note=note, settled_at=now, sealed=None)
    )
    return done.rowcount == 1


def listed(conn: Connection) -> list[Row[Any]]:
    """Those parked, oldest first, without what they say."""
    shown = [column for column in messages.c if column.name not in {"sealed", "digest"}]
    query = select(*shown).where(messages.c.status == "parked")
    return list(conn.execute(query.order_by(messages.c.id)).all())


def parked_at(conn: Connection, partition: int, position: int) -> Row[Any] | None:
    """The one parked at this place of the topic; the latest, where the topic was made anew."""
    query = select(messages).where(
        messages.c.partition == partition,
        messages.c.position == position,
        messages.c.status == "parked",
    )
    return conn.execute(query.order_by(messages.c.id.desc()).limit(1)).one_or_none()


def opened(vault: Vault, row: Row[Any]) -> Parcel | None:
    """The message as it came; None once its time is over. Raises Damaged."""
    if row.sealed is None:
        return None
    place = (row.topic, row.partition, row.position)
    owner = Parcel(*place, None, None, ()).owner
    key, value, headers = from_json(vault.unseal(owner, FIELD, bytes(row.sealed)))
    return Parcel(*place, _bytes(key), _bytes(value), [(n, _bytes(t)) for n, t in headers])


def sealed(conn: Connection) -> Iterator[Row[Any]]:
    """Those that still say something, a few at a time."""
    query = select(messages).where(messages.c.sealed.is_not(None))
    with conn.execute(query, execution_options={"yield_per": 100}) as rows:
        yield from rows


def forgotten(conn: Connection, row: Row[Any], note: str, now: int) -> bool:
    """What it says goes, and it is done with; one that is still tried is counted anew."""
    tried = delete(messages).where(messages.c.id == row.id, messages.c.status == "trying")
    return settle(conn, row, "discarded", note, now) or conn.execute(tried).rowcount == 1


def overdue(conn: Connection, until: int) -> bool:
    """Whether any is older than this and still says something."""
    return bool(
        conn.execute(select(func.count()).select_from(messages).where(*_old(until))).scalar()
    )


def erase(conn: Connection, until: int) -> int:
    """What those older than this say goes; how many that were."""
    return conn.execute(update(messages).where(*_old(until)).values(sealed=None)).rowcount


def _old(until: int) -> tuple[Any, ...]:
    return (messages.c.parked_at < until, messages.c.sealed.is_not(None))


def _packed(parcel: Parcel) -> bytes:
    headers = [(name, _text(value)) for name, value in parcel.headers]
    return to_json([_text(parcel.key), _text(parcel.value), headers])


def _text(value: bytes | None) -> str | None:
    return None if value is None else b64encode(value).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
