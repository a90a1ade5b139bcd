"""联系方式: the citizen's phone from the vault, for whoever has just recorded that he looked at
it.
"""

from __future__ import annotations

from pydantic_core import from_json
from sqlalchemy import Connection, select

from workflow.storage.models import events
from workflow.storage.vault import Vault


def phone_of(conn: Connection, vault: Vault, subject: str) -> str | None:
    """The number supplied last, else the rating's own; None where there is none or it was erased.

    Revealing is an act: record ContactRevealed first.
    """
    query = (
        select(events.c.version)
        .where(events.c.subject == subject, events.c.type == "ContactSupplied")
        .order_by(events.c.version.desc())
    )
    for version in conn.execute(query).scalars():
        supplied = vault.text(conn, f"{subject}-{version}", "phone")
        if supplied:
            return supplied
    sent = vault.plain(conn, subject, "contact")
    return str(from_json(sent)[0]) or None if sent else None


def sent_by(conn: Connection, vault: Vault, subject: str) -> tuple[str, ...]:
    """What the rating told of its giver (phone, name, ID number): what a text for the unit must
    not contain.
    """
    sent = vault.plain(conn, subject, "contact")
    return tuple(part for part in from_json(sent)[:3] if part) if sent else ()
