"""Gapless counters, held until the transaction that took from them ends."""

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from workflow.storage.models import sequences

_NEXT = insert(sequences)
_NEXT_UP = _NEXT.on_conflict_do_update(
    index_elements=["name"], set_={"value": sequences.c.value + _NEXT.excluded.value}
).returning(sequences.c.value)


def next_number(conn: Connection, name: str) -> int:
    """The next number of a counter, from 1."""
    return int(conn.execute(_NEXT_UP, {"name": name, "value": 1}).scalar_one())
