"""核对: what units typed and attached opens, and a file is the one its event vouches for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from workflow.audit_finding import Finding, octets, streamed
from workflow.errors import Damaged
from workflow.storage.models import attachments, complaints, drafts, events
from workflow.storage.vault import Keys, Vault


def desk(conn: Connection, keys: Keys) -> Iterator[Finding]:
    """Every draft and every file opens under its own name, belongs to a complaint there is, and has
    the digest that its event states. A file that is missing was erased: no finding.
    """
    box = Vault(keys)
    yield from _drafts(conn, box)
    told = select(*(attachments.c[name] for name in ("id", "subject", "version", "digest")))
    for row in streamed(conn, told.order_by(attachments.c.id)):
        where = f"附件 {row.id}"
        yield from _file(conn, box, row.id, where)
        if not _exists(conn, row.subject):
            yield Finding("attachment", where, "它的差评件不存在")
        elif row.version is not None and not _vouched(conn, row):
            yield Finding("attachment", where, "事件中没有这个附件，或摘要不符")


def _drafts(conn: Connection, box: Vault) -> Iterator[Finding]:
    for row in streamed(conn, select(drafts)):
        where = f"草稿 {row.order_no} {row.account}"
        try:
            box.unseal(f"draft/{row.order_no}", row.account, octets(row.sealed))
        except Damaged:
            yield Finding("draft", where, "打不开：内容被改动，或属于别处")
        if not _exists(conn, row.subject):
            yield Finding("draft", where, "它的差评件不存在")


_FILE = select(attachments.c.name, attachments.c.content, attachments.c.digest).where(
    attachments.c.id == bindparam("of_id")
)
_ONE = select(complaints.c.id).where(complaints.c.id == bindparam("of_id"))
_DATA = select(events.c.data).where(
    events.c.subject == bindparam("of_subject"), events.c.version == bindparam("of_version")
)


def _file(conn: Connection, box: Vault, file_id: str, where: str) -> Iterator[Finding]:
    """One file at a time: each may have ten megabytes."""
    name, content, digest = conn.execute(_FILE, {"of_id": file_id}).one()
    try:
        box.unseal(file_id, "name", octets(name))
        salted = box.unseal(file_id, "content", octets(content))
    except Damaged:
        yield Finding("attachment", where, "打不开：内容被改动，或属于别处")
        return
    if hashlib.sha256(salted).digest()[:16].hex() != digest:
        yield Finding("attachment", where, "内容与登记的摘要不符")


def _exists(conn: Connection, subject: str) -> bool:
    return conn.execute(_ONE, {"of_id": subject}).scalar() is not None


def _vouched(conn: Connection, row: Row[Any]) -> bool:
    """Whether the event that took the file along states it with this digest."""
    asked = {"of_subject": row.subject, "of_version": row.version}
    data = conn.execute(_DATA, asked).scalar()
    stated = json.loads(data).get("attachments") if data else None
    return {"id": row.id, "digest": row.digest} in (stated or [])
