"""核对: ratings and services against what each batch recorded of them, and tallies recounted."""

from __future__ import annotations

import json
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from workflow.audit_finding import Finding, streamed
from workflow.storage.models import (
    complaints,
    conflicts,
    events,
    ratings,
    refused,
    sequences,
    services,
    tallies,
    vault,
)
from workflow.storage.vault import Keys

Cell = tuple[str, str]


@dataclass
class _Seen:
    """One pass over a table: each batch's rows counted and their digests added up; each cell."""

    count: dict[int, int] = field(default_factory=dict)
    digest: dict[int, int] = field(default_factory=dict)
    cells: dict[Cell, list[int]] = field(default_factory=dict)

    def take(self, hashed: blake2b, batch: int, values: Iterable[Any]) -> None:
        hashed.update("\x1f".join(map(str, values)).encode("utf-8", "replace"))
        self.count[batch] = self.count.get(batch, 0) + 1
        self.digest[batch] = self.digest.get(batch, 0) + int.from_bytes(hashed.digest(), "big")


_BATCH_FIELDS = {"rating": ("ratings", "评价"), "service": ("services", "办件")}
_SERVICE_KEY = ("source", "project_no", "service_number")


def collected(conn: Connection, keys: Keys) -> Iterator[Finding]:
    """Every batch's rows as many and as sealed as its event says; every tally as recounted."""
    told = _batches(conn)
    rated, served = _Seen(), _Seen()
    yield from _matched(conn, _rated(conn, keys.chain, rated))
    _served(conn, keys.chain, served)
    yield from _sealed(conn, "rating", rated, told)
    yield from _sealed(conn, "service", served, told)
    yield from _tallied(conn, rated.cells, served.cells)
    yield from _left_beside(conn, told)
    yield from _numbered(conn, told)
    yield from _opened(conn, told)


def _batches(conn: Connection) -> dict[int, dict[str, Any]]:
    query = select(events.c.data).where(events.c.type == "BatchCollected")
    return {data["batch"]: data for data in (json.loads(r.data) for r in streamed(conn, query))}


def _rated(conn: Connection, key: bytes, seen: _Seen) -> Iterator[Row[Any]]:
    """Takes in every rating; gives those whose unit came later."""
    keyed = blake2b(digest_size=16, key=key)
    for row in streamed(conn, select(ratings)):
        values = list(row)
        matched = values.pop()
        if matched is not None:
            values[_UNIT] = None
            yield row
        seen.take(keyed.copy(), row.batch, values)
        counts = seen.cells.setdefault((row.day, row.unit or ""), [0, 0, 0, 0])
        counts[1] += 1
        counts[2] += row.origin == "onsite_active"
        counts[3] += row.level <= 2


def _served(conn: Connection, key: bytes, seen: _Seen) -> None:
    keyed = blake2b(digest_size=16, key=key)
    for row in streamed(conn, select(services)):
        seen.take(keyed.copy(), row.batch, row)
        seen.cells.setdefault((row.day, row.unit), [0, 0, 0, 0])[0] += 1


_UNIT = list(ratings.c.keys()).index("unit")


def _matched(conn: Connection, rows: Iterator[Row[Any]]) -> Iterator[Finding]:
    """A unit that came later is that of the service record in the batch named."""
    for row in rows:
        key = tuple(row[:3])
        query = select(services.c.unit, services.c.batch).where(
            *(services.c[name] == value for name, value in zip(_SERVICE_KEY, key, strict=True))
        )
        if conn.execute(query).one_or_none() != (row.unit, row.matched):
            yield Finding("rating", "/".join(row[:4]), "单位与它的办件记录不符")


def _sealed(
    conn: Connection, kind: str, seen: _Seen, told: dict[int, dict[str, Any]]
) -> Iterator[Finding]:
    of, name = _BATCH_FIELDS[kind]
    for batch in sorted(told.keys() | seen.count.keys()):
        where = f"第{batch}批{name}"
        count, said = seen.count.get(batch, 0), told.get(batch)
        if said is None:
            yield Finding(kind, where, f"有{count}条，但日志中没有这一批")
        elif count != said[of]:
            lost = _lost(conn) if kind == "rating" and count < said[of] else ""
            yield Finding(kind, where, f"应有{said[of]}条，现有{count}条{lost}")
        elif f"{seen.digest.get(batch, 0) % (1 << 128):032x}" != said[f"{of}_digest"]:
            yield Finding(kind, where, f"{count}条中有内容被改动")


def _lost(conn: Connection) -> str:
    """Deleted ratings whose personal data still lies in the vault, by their keys."""
    key: ColumnElement[str] = ratings.c.source
    for name in ("project_no", "service_number", "assess_number"):
        key = key + "\x1f" + ratings.c[name]
    query = select(vault.c.owner).where(vault.c.field == "rating").except_(select(key)).limit(5)
    gone = [owner.replace("\x1f", "/") for owner in conn.execute(query).scalars()]
    return f"；保密库中还留有：{'、'.join(gone)}" if gone else ""


def _tallied(
    conn: Connection, rated: dict[Cell, list[int]], served: dict[Cell, list[int]]
) -> Iterator[Finding]:
    stored = {(r.day, r.unit): tuple(r[2:]) for r in conn.execute(select(tallies))}
    for cell in sorted(stored.keys() | rated.keys() | served.keys()):
        m, a = rated.get(cell, [0, 0, 0, 0]), served.get(cell, [0, 0, 0, 0])
        recount = (a[0], m[1], m[2], m[3])
        if stored.get(cell, (0, 0, 0, 0)) != recount:
            where = f"{cell[0]} {cell[1] or '（单位待定）'}"
            wrong = [
                f"{name}记为{said}，实数{true}"
                for name, said, true in zip(
                    ("办件", "评价", "现场主动", "差评"),
                    stored.get(cell, (0, 0, 0, 0)),
                    recount,
                    strict=True,
                )
                if said != true
            ]
            yield Finding("tally", where, "，".join(wrong))


def _left_beside(conn: Connection, told: dict[int, dict[str, Any]]) -> Iterator[Finding]:
    """As many refused rows as each batch says. A conflict sent again is kept once, so there may be
    fewer of those, never more.
    """
    for table, name, wrong in (
        (refused, "拒收行", operator.ne),
        (conflicts, "冲突行", operator.gt),
    ):
        query = select(table.c.batch, func.count()).group_by(table.c.batch)
        counts: dict[int, int] = dict(conn.execute(query).tuples().all())
        for batch in sorted(told.keys() | counts.keys()):
            count, said = counts.get(batch, 0), told.get(batch, {}).get(table.name, 0)
            if wrong(count, said):
                yield Finding(table.name, f"第{batch}批{name}", f"应有{said}条，现有{count}条")


def _numbered(conn: Connection, told: dict[int, dict[str, Any]]) -> Iterator[Finding]:
    query = select(sequences.c.value).where(sequences.c.name == "batch")
    last = conn.execute(query).scalar() or 0
    if sorted(told) != list(range(1, last + 1)):
        missing = sorted(set(range(1, last + 1)) - told.keys())[:5]
        where = "、".join(f"第{n}批" for n in missing) or "批号"
        yield Finding("batch", where, f"编到第{last}批，日志中有{len(told)}批")


def _opened(conn: Connection, told: dict[int, dict[str, Any]]) -> Iterator[Finding]:
    """Every bad rating has its complaint, and there are as many complaints as batches opened."""
    same = and_(*(complaints.c[name] == ratings.c[name] for name in _SERVICE_KEY))
    query = (
        select(*(ratings.c[name] for name in (*_SERVICE_KEY, "assess_number")))
        .outerjoin(complaints, same)
        .where(ratings.c.level <= 2, complaints.c.id.is_(None))
    )
    for row in streamed(conn, query):
        yield Finding("complaint", "/".join(row), "这条差评没有对应的差评件")
    said = sum(data["complaints"] for data in told.values())
    count = conn.execute(select(func.count()).select_from(complaints)).scalar_one()
    if count != said:
        yield Finding("complaint", "差评件", f"各批共立{said}件，现有{count}件")
