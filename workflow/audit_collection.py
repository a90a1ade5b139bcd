"""核对: ratings and services against what each batch recorded of them, and tallies recounted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import Column, Connection, Select, and_, func, select

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
    """One pass over a table: per batch how many rows and their digests added up, per cell counts."""

    count: dict[int, int] = field(default_factory=dict)
    digest: dict[int, int] = field(default_factory=dict)
    cells: dict[Cell, list[int]] = field(default_factory=dict)


_RATING_SEALED = tuple(c for c in ratings.c if c.name != "unit")
_SERVICE_SEALED = tuple(c for c in services.c if c.name != "unit")
_BATCH_FIELDS = {"rating": "ratings", "service": "services"}


def collected(conn: Connection, keys: Keys) -> Iterator[Finding]:
    """Every batch's rows as many and as sealed as its event says; every tally as recounted."""
    told = _batches(conn)
    rated = _passed(conn, keys.chain, _RATING_SEALED, ratings.c.unit, _rating_counts)
    served = _passed(conn, keys.chain, _SERVICE_SEALED, services.c.unit, _service_counts)
    yield from _sealed(conn, "rating", rated, told)
    yield from _sealed(conn, "service", served, told)
    yield from _tallied(conn, rated.cells, served.cells)
    yield from _left_beside(conn, told)
    yield from _numbered(conn, told)
    yield from _opened(conn, told)


def _batches(conn: Connection) -> dict[int, dict[str, Any]]:
    query = select(events.c.data).where(events.c.type == "BatchCollected")
    return {data["batch"]: data for data in (json.loads(r.data) for r in streamed(conn, query))}


def _passed(
    conn: Connection,
    key: bytes,
    sealed: tuple[Column[Any], ...],
    unit: Column[Any],
    counts: Callable[[Any], tuple[int, int, int, int]],
) -> _Seen:
    seen, keyed = _Seen(), blake2b(digest_size=16, key=key)
    query: Select[Any] = select(*sealed, unit)
    for row in streamed(conn, query):
        hashed = keyed.copy()
        hashed.update("\x1f".join(map(str, row[:-1])).encode("utf-8", "replace"))
        batch = row.batch
        seen.count[batch] = seen.count.get(batch, 0) + 1
        seen.digest[batch] = seen.digest.get(batch, 0) + int.from_bytes(hashed.digest(), "big")
        cell = seen.cells.setdefault((row.day, row[-1] or ""), [0, 0, 0, 0])
        for place, count in enumerate(counts(row)):
            cell[place] += count
    return seen


def _rating_counts(row: Any) -> tuple[int, int, int, int]:
    return 0, 1, int(row.origin == "onsite_active"), int(row.level <= 2)


def _service_counts(_row: Any) -> tuple[int, int, int, int]:
    return 1, 0, 0, 0


def _sealed(
    conn: Connection, kind: str, seen: _Seen, told: dict[int, dict[str, Any]]
) -> Iterator[Finding]:
    name = {"rating": "评价", "service": "办件"}[kind]
    of = _BATCH_FIELDS[kind]
    for batch in sorted(told.keys() | seen.count.keys()):
        where = f"第{batch}批{name}"
        count, said = seen.count.get(batch, 0), told.get(batch, {})
        if not said:
            yield Finding(kind, where, f"有{count}条{name}，但日志中没有这一批")
            continue
        digest = f"{seen.digest.get(batch, 0) % (1 << 128):032x}"
        if count != said[of]:
            lost = _lost(conn) if kind == "rating" and count < said[of] else ""
            yield Finding(kind, where, f"应有{said[of]}条，现有{count}条{lost}")
        elif digest != said[f"{of}_digest"]:
            yield Finding(kind, where, f"{count}条中有内容被改动")


def _lost(conn: Connection) -> str:
    """Deleted ratings whose personal data still lies in the vault, by their keys."""
    key = ratings.c.source
    for column in (ratings.c.project_no, ratings.c.service_number, ratings.c.assess_number):
        key = key + "\x1f" + column
    there = select(key).scalar_subquery() if False else None
    del there
    gone = []
    query = select(vault.c.owner).where(vault.c.field == "rating")
    for row in streamed(conn, query):
        if not _has_rating(conn, row.owner.split("\x1f")):
            gone.append("/".join(row.owner.split("\x1f")))
            if len(gone) == 5:
                break
    return f"；保密库中还留有：{'、'.join(gone)}" if gone else ""
