"""The complaint's row in the table: its fold, and the columns that queues are read by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, bindparam, insert, select, update

from workflow.complaint import Complaint, dump, load
from workflow.errors import UnknownComplaint
from workflow.states import State
from workflow.storage.database import Spoken, run_many
from workflow.storage.models import complaints

ROW = (
    "id",
    "state",
    "version",
    "profile",
    "profile_version",
    "source",
    "project_no",
    "service_number",
    "handled_by",
    "area",
    "unit",
    "round",
    "claimer",
    "ticket",
    "collected_at",
    "due_at",
    "ended_at",
    "fold",
    "assisting",
    "next_call_at",
    "marks",
)
_MOVED = (
    *("state", "version", "unit", "round", "claimer", "ticket", "due_at", "ended_at", "fold"),
    *("assisting", "next_call_at", "marks"),
)
_INSERT = insert(complaints)
_UPDATE = (
    update(complaints)
    .where(complaints.c.id == bindparam("of_id"))
    .values({name: bindparam(name) for name in _MOVED})
)


_VERSIONS = Spoken(
    "SELECT c.id, c.version FROM {keys} {cross} complaints AS c ON c.id = j.value ->> 0",
    postgresql="""
    SELECT c.id, c.version FROM complaints AS c
    WHERE c.id IN (SELECT j.value ->> 0 FROM {keys}) ORDER BY c.id FOR UPDATE
    """,
)
_FOLDS = Spoken("SELECT c.id, c.fold FROM {keys} {cross} complaints AS c ON c.id = j.value ->> 0")


def versions_of(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    """The versions of those complaints that there are, whose rows are locked where rows are."""
    rows = conn.execute(_VERSIONS.on(conn), {"keys": _keys(ids)}).all()
    return {row[0]: row[1] for row in rows}


def folds_of(conn: Connection, ids: Sequence[str]) -> list[tuple[str, str]]:
    """The folds of those complaints that there are, as JSON texts."""
    if not ids:
        return []
    rows = conn.execute(_FOLDS.on(conn), {"keys": _keys(ids)})
    return [(row[0], row[1]) for row in rows]


def as_it_stands(conn: Connection, subject: str) -> Complaint:
    """The complaint, to be looked at. Raises UnknownComplaint."""
    fold = conn.execute(_FOLD, {"of_id": subject}).scalar()
    if fold is None:
        raise UnknownComplaint(subject)
    return load(fold)


_FOLD = select(complaints.c.fold).where(complaints.c.id == bindparam("of_id"))


def _keys(ids: Sequence[str]) -> str:
    return to_json([(one,) for one in ids]).decode()


def store(conn: Connection, new: Sequence[Complaint], moved: Sequence[Complaint]) -> None:
    """Inserts the new complaints and moves the others' rows."""
    run_many(conn, _INSERT, ROW, [_row(c) for c in new])
    run_many(conn, _UPDATE, (*_MOVED, "of_id"), [_moves(c) for c in moved])


def _due_at(c: Complaint) -> int | None:
    running = (
        o.due_at
        for name, o in c.limits.items()
        if not name.endswith("_window") and name not in c.paused
    )
    return min(running, default=None)


def _assisting(c: Complaint) -> str | None:
    return f",{','.join(c.assisting)}," if c.assisting else None


def _marks(c: Complaint) -> str:
    """What is open beside the state: `verify` a verification, `contact` a phone asked for,
    `malice` an allegation, `question` 代问, `extension` a request, `capped` a return that only
    a supervisor rules on, `retaliation` 打击报复 told of.
    """
    told = (
        ("verify", "verify" in c.limits),
        ("contact", c.contact_requested),
        ("malice", c.alleger is not None),
        ("question", c.question_open),
        ("extension", c.extension_asked > 0),
        ("capped", c.returns_used_up and c.state == State.RETURNED),
        ("retaliation", c.retaliation),
    )
    said = " ".join(mark for mark, holds in told if holds)
    return f" {said} " if said else ""


def _row(c: Complaint) -> tuple[Any, ...]:
    return (
        c.id,
        c.state,
        c.version,
        c.profile,
        c.profile_version,
        c.source,
        c.project_no,
        c.service_number,
        c.handled_by,
        c.area,
        c.unit,
        c.round,
        c.claimer,
        c.ticket,
        c.collected_at,
        _due_at(c),
        c.ended_at,
        dump(c),
        _assisting(c),
        c.next_call_at,
        _marks(c),
    )


def _moves(c: Complaint) -> tuple[Any, ...]:
    return (
        c.state,
        c.version,
        c.unit,
        c.round,
        c.claimer,
        c.ticket,
        _due_at(c),
        c.ended_at,
        dump(c),
        _assisting(c),
        c.next_call_at,
        _marks(c),
        c.id,
    )
