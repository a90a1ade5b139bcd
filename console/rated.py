"""评价: what the ratings of complaints said, without their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from pydantic_core import from_json
from sqlalchemy import Connection, Engine, bindparam, select

from workflow.storage.models import events

KEPT = 10_000
"""Complaints of which it is remembered."""


class Rated(NamedTuple):
    """What was rated, and the codes of the reasons ticked."""

    item: str
    reasons: tuple[str, ...]


_FIRST = select(events.c.subject, events.c.data).where(
    events.c.subject.in_(bindparam("of", expanding=True)), events.c.version == 1
)
_KNOWN: WeakKeyDictionary[Engine, dict[str, Rated]] = WeakKeyDictionary()


def rated(conn: Connection, subjects: Sequence[str]) -> dict[str, Rated]:
    """The rating by which each of these complaints was opened, as its first event has it; what was
    recorded never changes, and is read once.
    """
    known = _KNOWN.setdefault(conn.engine, {})
    found = {subject: said for subject in subjects if (said := known.get(subject))}
    if new := [subject for subject in subjects if subject not in found]:
        read = {subject: _rated(data) for subject, data in conn.execute(_FIRST, {"of": new})}
        if len(known) + len(read) > KEPT:
            known.clear()
        known.update(read)
        found |= read
    return found


def _rated(data: str) -> Rated:
    said = from_json(data)
    return Rated(said.get("item") or "", tuple(said.get("reasons", ())))
