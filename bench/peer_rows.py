"""What the peer's commits write beside its events: rows of the same kinds as the product's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

Row = tuple[str, tuple[Any, ...]]
"""A statement and its values."""

TABLES = (
    "CREATE TABLE complaints (id TEXT PRIMARY KEY, state TEXT, version INTEGER, fold TEXT)"
    " WITHOUT ROWID",
    "CREATE INDEX complaints_open ON complaints (state)",
    "CREATE TABLE vault (owner TEXT, field TEXT, sealed BLOB, PRIMARY KEY (owner, field))"
    " WITHOUT ROWID",
    "CREATE TABLE deadlines (subject TEXT, name TEXT, due_at INTEGER,"
    " PRIMARY KEY (subject, name)) WITHOUT ROWID",
    "CREATE INDEX deadlines_next ON deadlines (due_at)",
    "CREATE TABLE outbox (event_id TEXT PRIMARY KEY, subject TEXT, recipient TEXT, body TEXT)",
    "CREATE TABLE complaint_facts (subject TEXT PRIMARY KEY, state TEXT, at INTEGER) WITHOUT ROWID",
    "CREATE TABLE order_facts (subject TEXT PRIMARY KEY, state TEXT, at INTEGER) WITHOUT ROWID",
)
COMPLAINT = (
    "INSERT INTO complaints VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
    " state = excluded.state, version = excluded.version, fold = excluded.fold"
)
TEXT = "INSERT INTO vault VALUES (?, ?, ?)"
_ARM = "INSERT INTO deadlines VALUES (?, ?, ?)"
_DISARM = "DELETE FROM deadlines WHERE subject = ? AND name = ?"
_POST = "INSERT INTO outbox VALUES (?, ?, ?, ?)"
_FACTS = (
    "INSERT INTO complaint_facts VALUES (?, ?, ?)"
    " ON CONFLICT (subject) DO UPDATE SET state = excluded.state, at = excluded.at"
)
_ORDER = _FACTS.replace("complaint_facts", "order_facts")

_LIMITS = {
    "ReviewCollected": ((), ("verify", "total")),
    "ComplaintConfirmed": (("verify",), ("assign",)),
    "DepartmentAssigned": (("assign",), ("acknowledge", "rectify")),
    "WorkOrderAcknowledged": (("acknowledge",), ()),
    "RectificationSubmitted": (("rectify",), ("review",)),
    "RectificationAccepted": (("review",), ("reevaluate",)),
    "ComplaintReevaluated": (("reevaluate", "total"), ()),
}
"""The limits that each type ends and opens."""

_TOLD = (
    "VerificationRequested",
    "DepartmentAssigned",
    "RectificationSubmitted",
    "ReevaluationInvited",
)
_ON_ORDERS = (
    "DepartmentAssigned",
    "WorkOrderAcknowledged",
    "RectificationSubmitted",
    "RectificationAccepted",
    "ComplaintReevaluated",
)
_MEASURED = (
    "ReviewCollected",
    "ComplaintAnalysed",
    "VerificationRequested",
    "ComplaintConfirmed",
    *_ON_ORDERS,
)
WRITERS = {
    "supervision": ("ComplaintReevaluated",),
    "deadlines": tuple(_LIMITS),
    "notifications": _TOLD,
    "metrics": _MEASURED,
}
"""The consumers that write rows and no events, and the types they handle."""


def rows_of(consumer: str, kind: str, subject: str, event_id: str) -> Iterator[Row]:
    """What a consumer writes on one event."""
    if consumer == "deadlines":
        met, opened = _LIMITS[kind]
        yield from ((_DISARM, (subject, name)) for name in met)
        yield from ((_ARM, (subject, name, 1_632_000_000_000_000)) for name in opened)
    elif consumer == "notifications":
        yield _POST, (event_id, subject, "unit:ZD-RSJ", f"{subject} 请签收并整改，整改期限9月24日")
    elif consumer == "metrics":
        yield _FACTS, (subject, kind, 1_632_000_000_000_000)
        if kind in _ON_ORDERS:
            yield _ORDER, (subject, kind, 1_632_000_000_000_000)


def grouped(rows: Sequence[Row]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """The rows of each statement together; a batch may open a limit and end it."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for sql, values in rows:
        found.setdefault(sql, []).append(values)
    yield from sorted(found.items(), key=lambda group: group[0] == _DISARM)
