"""Counters: gapless numbers, held until the transaction that took from them ends, and how far a
job has come.
"""

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from workflow.storage.models import sequences

_NEXT = insert(sequences)
_NEXT_UP = _NEXT.on_conflict_do_update(
    index_elements=["name"], set_={"value": sequences.c.value + _NEXT.excluded.value}
).returning(sequences.c.value)
_REACHED = select(sequences.c.value).where(sequences.c.name == bindparam("of_name"))
_MOVED = insert(sequences)
_MOVE = _MOVED.on_conflict_do_update(index_elements=["name"], set_={"value": _MOVED.excluded.value})


def next_number(conn: Connection, name: str) -> int:
    """The next number of a counter, from 1."""
    return int(conn.execute(_NEXT_UP, {"name": name, "value": 1}).scalar_one())


def reached(conn: Connection, name: str) -> int:
    """Where a counter stands; 0 if it was never moved."""
    return int(conn.execute(_REACHED, {"of_name": name}).scalar() or 0)


def move(conn: Connection, name: str, value: int) -> None:
    """Sets a counter to where a job has come."""
    conn.execute(_MOVE, {"name": name, "value": value})
