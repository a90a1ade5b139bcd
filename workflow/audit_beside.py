"""核对: what lies beside ratings and services: refused rows, conflicts, the receipts of imports."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from workflow.audit_finding import Finding, streamed
from workflow.storage.models import conflicts, imports, refused, vault
from workflow.storage.vault import under

Batches = dict[int, dict[str, Any]]
"""What each batch's event says, by its number."""

_SEP = "\x1f"
_KINDS = {"rating": "评价", "service": "办件"}
_COUNTED = {
    "accepted": "新收",
    "repeats": "重复",
    "conflicts": "冲突",
    "refused": "拒收",
    "complaints": "立件",
}


def beside(conn: Connection, told: Batches) -> Iterator[Finding]:
    """Refused rows and conflicts as many as their batches say, received when they were; every
    conflict the vault keeps; no import that claims more than was collected.
    """
    yield from _left(conn, told)
    yield from _lost(conn)
    yield from _receipts(conn, told)


def _left(conn: Connection, told: Batches) -> Iterator[Finding]:
    """A conflict sent again is kept once, so there may be fewer of those than said, never more."""
    for table, name, wrong in (
        (refused, "拒收行", operator.ne),
        (conflicts, "冲突行", operator.gt),
    ):
        at = table.c.received_at
        query = select(table.c.batch, func.count(), func.min(at), func.max(at))
        stored = {row[0]: row[1:] for row in conn.execute(query.group_by(table.c.batch))}
        for batch in sorted(told.keys() | stored.keys()):
            batch_of, where = told.get(batch, {}), f"第{batch}批{name}"
            count, *times = stored.get(batch, (0,))
            if wrong(count, batch_of.get(table.name, 0)):
                said = batch_of.get(table.name, 0)
                yield Finding(table.name, where, f"应有{said}条，现有{count}条")
            elif any(time != batch_of["received_at"] for time in times):
                yield Finding(table.name, where, "收到时间被改动")


def _lost(conn: Connection) -> Iterator[Finding]:
    """What a conflict says lies sealed under its own name, and stays when people are erased."""
    sealed = select(vault.c.owner).where(vault.c.field == "sent", under(f"conflict{_SEP}"))
    for owner in conn.execute(sealed.except_(select(_owner()))).scalars():
        _, kind, *key, _ = owner.split(_SEP)
        name = f"{_KINDS.get(kind, kind)} {'/'.join(key)}"
        yield Finding("conflicts", name, "保密库中有这条冲突的内容，冲突行却不见了或被改动")


def _owner() -> ColumnElement[str]:
    """How the vault names a conflict: its kind, its key's parts and its digest."""
    c = conflicts.c
    owner: ColumnElement[str] = "conflict" + _SEP + c.kind
    for part in (c.source, c.project_no, c.service_number):
        owner = owner + _SEP + part
    assessed = case((c.kind == "rating", _SEP + c.assess_number), else_="")
    return owner + assessed + _SEP + c.digest


def _receipts(conn: Connection, told: Batches) -> Iterator[Finding]:
    """Batches do not say which import they belong to: it has at most what its source has."""
    sums: dict[str, dict[str, int]] = {}
    for batch in told.values():
        of = sums.setdefault(batch["source"], dict.fromkeys(_COUNTED, 0))
        of["accepted"] += batch["ratings"] + batch["services"]
        for name in ("repeats", "conflicts", "refused", "complaints"):
            of[name] += batch[name]
    for row in streamed(conn, select(imports)):
        for name, label in _COUNTED.items():
            most = sums.get(row.source, {}).get(name, 0)
            if getattr(row, name) > most:
                said = f"{label}记为{getattr(row, name)}，这个来源各批合计只有{most}"
                yield Finding("import", f"{row.name}（{row.id}）", said)
