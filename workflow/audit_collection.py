"""核对: ratings and services against what each batch recorded of them, and tallies recounted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from workflow.audit_beside import beside
from workflow.audit_erasure import LOST, Erased
from workflow.audit_finding import Finding, octets, streamed
from workflow.errors import Damaged
from workflow.storage.models import (
    complaints,
    events,
    ratings,
    sequences,
    services,
    tallies,
    vault,
)
from workflow.storage.vault import Keys, Vault

Cell = tuple[str, str]


@dataclass
class _Seen:
    """One pass over a table: each batch's rows counted and their digests added up; each cell."""

    key: bytes
    told: dict[int, dict[str, Any]]
    count: dict[int, int] = field(default_factory=dict)
    digest: dict[int, int] = field(default_factory=dict)
    cells: dict[Cell, list[int]] = field(default_factory=dict)

    def take(self, said: Sequence[Any], digest: str, batch: int, received_at: int) -> str | None:
        """Counts a row; answers what is wrong with it, or None."""
        self.count[batch] = self.count.get(batch, 0) + 1
        text = "\x1f".join(map(str, said)).encode("utf-8", "replace")
        if blake2b(text, digest_size=16, key=self.key).hexdigest() != digest:
            self.digest[batch] = self.digest.get(batch, 0) + _number(digest)
            return f"第{batch}批的这一行，内容被改动"
        self.digest[batch] = self.digest.get(batch, 0) + int(digest, 16)
        if batch in self.told and received_at != self.told[batch]["received_at"]:
            return f"第{batch}批的这一行，收到时间被改动"
        return None

    def cell(self, day: str, unit: str | None) -> list[int]:
        found = self.cells.get((day, unit or ""))
        if found is None:
            found = self.cells[day, unit or ""] = [0, 0, 0, 0]
        return found


def _number(digest: str) -> int:
    try:
        return int(digest, 16)
    except ValueError:
        return 0


_BATCH_FIELDS = {"rating": ("ratings", "评价"), "service": ("services", "办件")}
_SERVICE_KEY = ("source", "project_no", "service_number")
_RATING_KEY = (*_SERVICE_KEY, "assess_number")
_RATING_TOLD = "level reasons origin channel unit day assessed_at item window private"
_SERVICE_TOLD = "unit day served_at item window kind promised promised_in accepted_at done_at"
_RATING_SAID = (*_RATING_KEY, *_RATING_TOLD.split())
_SERVICE_SAID = (*_SERVICE_KEY, *_SERVICE_TOLD.split())
_PROMISE = _SERVICE_SAID.index("kind")
_UNIT, _DAY = _RATING_SAID.index("unit"), _RATING_SAID.index("day")
_MISPLACED = "单位与它的办件记录不符"
_ORIGIN, _LEVEL = _RATING_SAID.index("origin"), _RATING_SAID.index("level")


def collected(conn: Connection, keys: Keys, erased: Erased) -> Iterator[Finding]:
    """Every row as it was sent; every batch's rows as many as its event says, and the same ones;
    every tally as recounted.
    """
    told = _batches(conn)
    rated, served = _Seen(keys.match, told), _Seen(keys.match, told)
    yield from _rated(conn, keys, rated, erased)
    yield from _waiting(conn)
    yield from _served(conn, served)
    yield from _sealed(conn, "rating", rated, told)
    yield from _sealed(conn, "service", served, told)
    yield from _tallied(conn, rated.cells, served.cells)
    yield from beside(conn, told)
    yield from _numbered(conn, told)
    yield from _opened(conn, told)


def _batches(conn: Connection) -> dict[int, dict[str, Any]]:
    query = select(events.c.data).where(events.c.type == "BatchCollected")
    return {data["batch"]: data for data in (json.loads(r.data) for r in streamed(conn, query))}


def _rated(conn: Connection, keys: Keys, seen: _Seen, erased: Erased) -> Iterator[Finding]:
    box, size = Vault(keys), len(_RATING_SAID)
    beside = (ratings.c.digest, ratings.c.batch, ratings.c.received_at, ratings.c.matched)
    lies = and_(vault.c.owner == _owner(), vault.c.field == "rating")
    query = select(*(ratings.c[name] for name in _RATING_SAID), *beside, vault.c.sealed)
    for row in streamed(conn, query.outerjoin(vault, lies)):
        said: list[Any] = list(row[:size])
        digest, batch, received_at, matched, sealed = row[size:]
        counts = seen.cell(said[_DAY], said[_UNIT])
        counts[1] += 1
        counts[2] += said[_ORIGIN] == "onsite_active"
        counts[3] += said[_LEVEL] <= 2
        if sealed is not None and (wrong := _private(box, keys.match, said, octets(sealed))):
            yield Finding("vault", _name(said[:4]), wrong)
        if sealed is None and said[-1] and not erased.accounts_for(said[_DAY]):
            yield Finding("vault", _name(said[:4]), f"评价人的信息和文字{LOST}")
        if matched is not None:
            yield from _matched(conn, said, batch, matched)
            said[_UNIT] = None
        if wrong := seen.take(said, digest, batch, received_at):
            yield Finding("row", _name(said[:4]), wrong)


def _served(conn: Connection, seen: _Seen) -> Iterator[Finding]:
    size = len(_SERVICE_SAID)
    beside = (services.c.digest, services.c.batch, services.c.received_at)
    for row in streamed(conn, select(*(services.c[name] for name in _SERVICE_SAID), *beside)):
        said = row[:size]
        if said[_PROMISE:] == (None,) * (size - _PROMISE):
            said = said[:_PROMISE]  # where none of it was said, the digest is without it
        seen.cell(row.day, row.unit)[0] += 1
        if wrong := seen.take(said, *row[size:]):
            yield Finding("row", _name(said[:3]), wrong)


def _matched(conn: Connection, said: list[Any], batch: int, matched: int) -> Iterator[Finding]:
    """A unit that came from the service record is its unit, by the batch of whichever came last."""
    same = (services.c[name] == said[place] for place, name in enumerate(_SERVICE_KEY))
    of = conn.execute(select(services.c.unit, services.c.batch).where(*same)).one_or_none()
    if of is None or (said[_UNIT], matched) != (of.unit, max(of.batch, batch)):
        yield Finding("row", _name(said[:4]), _MISPLACED)


def _waiting(conn: Connection) -> Iterator[Finding]:
    """No rating is without the unit of a service record that has come."""
    same = and_(*(services.c[name] == ratings.c[name] for name in _SERVICE_KEY))
    key = (ratings.c[name] for name in _RATING_KEY)
    query = select(*key).join(services, same).where(ratings.c.unit.is_(None))
    for row in streamed(conn, query):
        yield Finding("row", _name(row), _MISPLACED)


def _private(box: Vault, key: bytes, said: list[Any], sealed: bytes) -> str | None:
    try:
        plain = box.unseal("\x1f".join(said[:4]), "rating", sealed)
    except Damaged:
        return "保密库中的内容打不开：被改动，或属于别处"
    digest = blake2b(plain, digest_size=16, key=key).hexdigest()
    return None if digest == said[-1] else "保密库中的内容与评价不符"


def _name(key: Sequence[Any]) -> str:
    return "/".join(map(str, key))


def _owner() -> ColumnElement[str]:
    """How the vault names a rating: its key's parts, one after the other."""
    key: ColumnElement[str] = ratings.c.source
    for name in _RATING_KEY[1:]:
        key = key + "\x1f" + ratings.c[name]
    return key


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
            yield Finding(kind, where, f"{count}条中有的被换过")


def _lost(conn: Connection) -> str:
    """Deleted ratings whose personal data still lies in the vault, by their keys."""
    query = (
        select(vault.c.owner).where(vault.c.field == "rating").except_(select(_owner())).limit(5)
    )
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
        select(*(ratings.c[name] for name in _RATING_KEY))
        .outerjoin(complaints, same)
        .where(ratings.c.level <= 2, complaints.c.id.is_(None))
    )
    for row in streamed(conn, query):
        yield Finding("complaint", "/".join(row), "这条差评没有对应的差评件")
    said = sum(data["complaints"] for data in told.values())
    count = conn.execute(select(func.count()).select_from(complaints)).scalar_one()
    if count != said:
        yield Finding("complaint", "差评件", f"各批共立{said}件，现有{count}件")
