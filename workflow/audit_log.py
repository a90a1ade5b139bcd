"""核对: the log against its chains, its lanes against their seals, and what points into it."""

from __future__ import annotations

import hmac
import zlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from workflow.audit_finding import Finding, octets, streamed
from workflow.storage.models import commands, events, lanes, parked, progress
from workflow.storage.vault import Keys

_LANES = 16
_FIRST = bytes(32)
_WAITING = ("parked", "held")
_STATUSES = (*_WAITING, "trying", "overtaken", "replayed", "discarded")


def chains(conn: Connection, keys: Keys) -> Iterator[Finding]:
    """Every event in its lane, without gaps, each hash continuing the one before; every lane's
    head where the last event stands, sealed.
    """
    heads = {row.lane: row for row in conn.execute(select(lanes))}
    last: dict[int, tuple[int, bytes, int]] = {}
    query = select(events).order_by(events.c.lane, events.c.pos)
    for row in streamed(conn, query):
        pos, before, recorded_at = last.get(row.lane, (0, _FIRST, 0))
        yield from _linked(keys.chain, row, pos, before, recorded_at)
        last[row.lane] = row.pos, octets(row.hash), row.recorded_at
    for lane in range(_LANES):
        if lane not in heads:
            yield Finding("lane", f"第{lane}道", "道的首部不见了")
        else:
            yield from _head(keys.chain, heads[lane], last.get(lane, (0, _FIRST, 0)))
    for lane in sorted((heads.keys() | last.keys()) - set(range(_LANES))):
        yield Finding("lane", f"第{lane}道", "没有这一道")


def _linked(
    key: bytes, row: Row[Any], pos: int, before: bytes, recorded_at: int
) -> Iterator[Finding]:
    where = _event(row)
    if row.pos != pos + 1:
        yield Finding("gap", where, f"第{row.lane}道的位置从{pos}跳到{row.pos}，中间的事件不见了")
    values = tuple(row)[:-1]
    text = "\x1f".join("\x00" if value is None else str(value) for value in values)
    if hmac.digest(key, before + text.encode("utf-8", "replace"), "sha256") != octets(row.hash):
        yield Finding("chain", where, "这条事件与它的链不符：内容被改动，或前一条被换掉")
    if zlib.crc32(row.subject.encode("utf-8", "replace")) % _LANES != row.lane:
        yield Finding("lane", where, "这条事件不在它的道上")
    if row.recorded_at < recorded_at:
        yield Finding("time", where, "记录时间早于同一道的前一条")


def _head(key: bytes, head: Row[Any], last: tuple[int, bytes, int]) -> Iterator[Finding]:
    where = f"第{head.lane}道"
    pos, digest, recorded_at = last
    sealed = b"head:%d:%d:" % (head.lane, head.pos) + octets(head.hash)
    if hmac.digest(key, sealed, "sha256") != octets(head.seal):
        yield Finding("seal", where, f"道的首部被改动：写着第{head.pos}位")
    if head.pos != pos:
        yield Finding(
            "tail", where, f"首部在第{head.pos}位，末条事件在第{pos}位：日志尾部被截去或添加"
        )
    elif octets(head.hash) != digest or head.recorded_at != recorded_at:
        yield Finding("tail", where, f"首部与第{pos}位的末条事件不符")


def pointers(conn: Connection) -> Iterator[Finding]:
    """Progress within the log, parked records and commands that point at an event."""
    yield from _progress(conn)
    yield from _parked(conn)
    there = and_(events.c.subject == commands.c.subject, events.c.version == commands.c.version)
    query = select(commands.c.key, commands.c.subject, commands.c.version).outerjoin(events, there)
    for row in streamed(conn, query.where(events.c.pos.is_(None))):
        where = f"请求 {row.key}"
        yield Finding("command", where, f"所指的事件 {row.subject}-{row.version} 不在日志中")


def _progress(conn: Connection) -> Iterator[Finding]:
    query = (
        select(progress, lanes.c.pos.label("head"))
        .outerjoin(lanes, lanes.c.lane == progress.c.lane)
        .order_by(progress.c.consumer, progress.c.lane)
    )
    counted: dict[str, int] = {}
    for row in conn.execute(query):
        counted[row.consumer] = counted.get(row.consumer, 0) + 1
        if row.head is None or not 0 <= row.pos <= row.head:
            where = f"{row.consumer} 第{row.lane}道"
            yield Finding("progress", where, f"进度{row.pos}超出日志（末位{row.head}）")
    for consumer, count in counted.items():
        if count != _LANES:
            yield Finding("progress", consumer, f"应有{_LANES}道进度，现有{count}道")


def _parked(conn: Connection) -> Iterator[Finding]:
    query = (
        select(parked, events.c.subject.label("of"), progress.c.pos.label("reached"))
        .outerjoin(events, and_(events.c.lane == parked.c.lane, events.c.pos == parked.c.pos))
        .outerjoin(
            progress,
            and_(progress.c.consumer == parked.c.consumer, progress.c.lane == parked.c.lane),
        )
        .order_by(parked.c.consumer, parked.c.subject, parked.c.pos)
    )
    behind: tuple[str, str] | None = None
    for row in streamed(conn, query):
        where = f"{row.consumer} 第{row.lane}道第{row.pos}位（{row.subject}）"
        if row.of != row.subject:
            yield Finding("parked", where, "异常件所指的事件不在日志中，或是另一件的")
        elif row.status not in _STATUSES:
            yield Finding("parked", where, f"没有“{row.status}”这种状态")
        elif row.status != "trying" and (row.reached is None or row.pos > row.reached):
            yield Finding("parked", where, "异常件在进度之后，尚不该处理")
        elif row.status == "held" and behind != (row.consumer, row.subject):
            yield Finding("parked", where, "前面没有异常件，却被扣住")
        if row.status == "parked":
            behind = row.consumer, row.subject


def _event(row: Row[Any]) -> str:
    return f"{row.subject}-{row.version}（第{row.lane}道第{row.pos}位）"
