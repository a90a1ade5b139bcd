"""核对: what still lies in the vault opens, and is the text its event vouches for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection, select

from workflow.audit_finding import Finding, octets, streamed
from workflow.errors import Damaged
from workflow.storage.models import events, vault
from workflow.storage.vault import Keys, Vault


def texts(conn: Connection, keys: Keys) -> Iterator[Finding]:
    """Every row of the vault opens under its owner; an event's text has the digest it states.

    What is missing is looked for in `audit_erasure`.
    """
    box = Vault(keys)
    # Ratings' personal data is looked at beside the ratings themselves.
    query = select(vault).where(vault.c.field != "rating")
    rows = streamed(conn, query)
    while page := list(islice(rows, _PAGE)):
        stated = _stated(conn, [row.owner for row in page])
        for row in page:
            where = f"保密库 {row.owner.replace(chr(31), '/')} 的 {row.field}"
            try:
                plain = box.unseal(row.owner, row.field, octets(row.sealed))
            except Damaged:
                yield Finding("vault", where, "打不开：内容被改动，或属于别处")
                continue
            digest = stated.get(row.owner, {}).get(row.field)
            if digest is not None and hashlib.sha256(plain).digest()[:16].hex() != digest:
                yield Finding("vault", where, "内容与事件中的摘要不符")


_PAGE = 500


def _stated(conn: Connection, owners: Sequence[str]) -> dict[str, dict[str, str]]:
    """The texts that the events among these owners have, by their fields' digests."""
    asked = {place for place in map(_place, owners) if place is not None}
    query = select(events.c.subject, events.c.version, events.c.data)
    # Asked by subject and version as pairs, SQLite would read the whole log each time.
    found = conn.execute(query.where(events.c.subject.in_({subject for subject, _ in asked})))
    return {
        f"{row.subject}-{row.version}": {
            field: said for field, said in json.loads(row.data).items() if isinstance(said, str)
        }
        for row in found
        if (row.subject, row.version) in asked
    }


def _place(owner: str) -> tuple[str, int] | None:
    """The event that owns this text; None where the owner is no event."""
    subject, dash, version = owner.rpartition("-")
    if not dash or not version.isdecimal() or len(version) > 9 or "\x1f" in owner:
        return None
    return subject, int(version)
