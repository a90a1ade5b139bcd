"""Drafts and attachments: sealed when kept, opened when read; who asks has checked the scope."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql

from workflow.errors import Damaged
from workflow.storage.models import attachments, drafts
from workflow.storage.vault import SALT, Sealed, Vault


class Draft(NamedTuple):
    """What was typed, by field, and when it was kept (microseconds UTC)."""

    saved_at: int
    values: Mapping[str, str]


class Attachment(NamedTuple):
    """A file without its content. `version`: the event that first took it along."""

    id: str
    subject: str
    order_no: str
    unit: str
    account: str
    kind: str
    size: int
    digest: str
    uploaded_at: int
    version: int | None
    name: str


_KEEP = postgresql.insert(drafts)
_KEPT = _KEEP.on_conflict_do_update(
    index_elements=["order_no", "account"],
    set_={"saved_at": _KEEP.excluded.saved_at, "sealed": _KEEP.excluded.sealed},
)
_ABOUT = [attachments.c[name] for name in Attachment._fields]
_FILES = (
    select(*_ABOUT)
    .where(attachments.c.subject == bindparam("of"))
    .order_by(attachments.c.uploaded_at, attachments.c.id)
)


def draft_of(conn: Connection, vault: Vault, order_no: str, account: str) -> Draft | None:
    """What this account has typed of this order's feedback and not submitted."""
    row = conn.execute(_DRAFT, {"of": order_no, "by": account}).one_or_none()
    if row is None:
        return None
    plain = vault.unseal(f"draft/{order_no}", account, bytes(row.sealed))
    return Draft(row.saved_at, json.loads(plain))


_DRAFT = select(drafts.c.saved_at, drafts.c.sealed).where(
    drafts.c.order_no == bindparam("of"), drafts.c.account == bindparam("by")
)


def keep_draft(
    conn: Connection, vault: Vault, subject: str, order_no: str, account: str, draft: Draft
) -> None:
    plain = json.dumps(dict(draft.values), ensure_ascii=False).encode()
    row = {
        "order_no": order_no,
        "account": account,
        "subject": subject,
        "saved_at": draft.saved_at,
        "sealed": vault.seal(f"draft/{order_no}", account, plain),
    }
    conn.execute(_KEPT, row)


def hand_on_drafts(conn: Connection, vault: Vault, account: str, to: str) -> None:
    """What this account has typed is the other's from now on, unless he has typed of the same
    order himself; what cannot be opened stays, for the auditor to find.
    """
    his = select(drafts.c.order_no).where(drafts.c.account == to)
    mine = select(drafts.c.order_no, drafts.c.sealed).where(drafts.c.account == account)
    for row in conn.execute(mine.where(drafts.c.order_no.not_in(his))).all():
        owner = f"draft/{row.order_no}"
        with suppress(Damaged):
            plain = vault.unseal(owner, account, bytes(row.sealed))
            theirs = {"account": to, "sealed": vault.seal(owner, to, plain)}
            one = drafts.c.order_no == row.order_no, drafts.c.account == account
            conn.execute(update(drafts).where(*one).values(theirs))


def keep_file(conn: Connection, vault: Vault, about: Attachment, content: Sealed) -> None:
    """Stores the file, its name and content sealed under its id."""
    row = about._asdict() | {
        "digest": content.digest,
        "name": vault.seal(about.id, "name", about.name.encode()),
        "content": vault.seal(about.id, "content", content.salted),
    }
    conn.execute(insert(attachments), row)


def files_of(conn: Connection, vault: Vault, subject: str) -> list[Attachment]:
    """The complaint's files, the oldest first."""
    rows = conn.execute(_FILES, {"of": subject})
    return [_opened(vault, Attachment(*row)) for row in rows]


def file_of(conn: Connection, vault: Vault, file_id: str) -> Attachment | None:
    row = conn.execute(select(*_ABOUT).where(attachments.c.id == file_id)).one_or_none()
    return None if row is None else _opened(vault, Attachment(*row))


def content_of(conn: Connection, vault: Vault, file_id: str) -> bytes:
    """What the file holds. Raises Damaged."""
    query = select(attachments.c.content).where(attachments.c.id == file_id)
    sealed = conn.execute(query).scalar_one()
    return vault.unseal(file_id, "content", bytes(sealed))[SALT:]


def drop_file(conn: Connection, file_id: str) -> None:
    conn.execute(delete(attachments).where(attachments.c.id == file_id))


def take_along(conn: Connection, order_no: str, version: int, ids: Sequence[str]) -> bool:
    """A feedback is submitted: its files belong to it, what was left beside it goes, and so do the
    order's drafts. Whether all of its files are there.
    """
    mine = attachments.c.id.in_(ids)
    waiting = (attachments.c.order_no == order_no, attachments.c.version.is_(None))
    conn.execute(update(attachments).where(mine, *waiting).values(version=version))
    conn.execute(delete(attachments).where(*waiting))
    conn.execute(delete(drafts).where(drafts.c.order_no == order_no))
    there = conn.execute(select(func.count()).where(mine)).scalar_one()
    return bool(there == len(set(ids)))


def erase_desk(conn: Connection, subject: str) -> int:
    """Deletes what units typed and attached for a complaint; answers how many rows went."""
    return sum(
        conn.execute(delete(table).where(table.c.subject == subject)).rowcount
        for table in (drafts, attachments)
    )


def _opened(vault: Vault, sealed: Attachment) -> Attachment:
    name = vault.unseal(sealed.id, "name", bytes(sealed.name))  # type: ignore[arg-type]
    return sealed._replace(name=name.decode())
