"""评价: what the ratings of complaints said, without their words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, bindparam, select

from workflow.storage.models import events

_FIRST = select(events.c.subject, events.c.data).where(
    events.c.subject.in_(bindparam("of", expanding=True)), events.c.version == 1
)


def rated(conn: Connection, subjects: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The rating by which each of these complaints was opened, as its first event has it."""
    rows = conn.execute(_FIRST, {"of": list(subjects)})
    return {subject: from_json(data) for subject, data in rows}
