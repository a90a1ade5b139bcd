"""核对: what still lies in the vault opens, and is the text its event vouches for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from sqlalchemy import Connection, bindparam, select

from workflow.audit_finding import Finding, octets, streamed
from workflow.errors import Damaged
from workflow.storage.models import events, vault
from workflow.storage.vault import Keys, Vault


def texts(conn: Connection, keys: Keys) -> Iterator[Finding]:
    """Every row of the vault opens under its owner; an event's text has the digest it states.

    A row that is missing was erased: no finding.
    """
    box = Vault(keys)
    # Ratings' personal data is looked at beside the ratings themselves.
    query = select(vault).where(vault.c.field != "rating")
    for row in streamed(conn, query):
        where = f"保密库 {row.owner.replace(chr(31), '/')} 的 {row.field}"
        try:
            plain = box.unseal(row.owner, row.field, octets(row.sealed))
        except Damaged:
            yield Finding("vault", where, "打不开：内容被改动，或属于别处")
            continue
        stated = _stated(conn, row.owner, row.field)
        if stated is not None and hashlib.sha256(plain).digest()[:16].hex() != stated:
            yield Finding("vault", where, "内容与事件中的摘要不符")


_DATA = select(events.c.data).where(
    events.c.subject == bindparam("of_subject"), events.c.version == bindparam("of_version")
)


def _stated(conn: Connection, owner: str, field: str) -> str | None:
    """The digest in the event that owns this text; None where the owner is no event."""
    subject, dash, version = owner.rpartition("-")
    if not dash or not version.isdigit() or "\x1f" in owner:
        return None
    data = conn.execute(_DATA, {"of_subject": subject, "of_version": int(version)}).scalar()
    digest = json.loads(data).get(field) if data else None
    return digest if isinstance(digest, str) else None
