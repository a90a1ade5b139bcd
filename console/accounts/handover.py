"""交接：a unit's handler goes, another comes: the work orders stay with the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row

from console.accounts.register import disable_row, existing, insert_person, person
from console.accounts.roles import from_text
from console.accounts.setup import link_for
from workflow import staff
from workflow.errors import InvalidInput
from workflow.staff import phone_in
from workflow.storage.desk import hand_on_drafts

if TYPE_CHECKING:
    from console.wiring import Office


def hand_over(
    office: Office, account: str, to: str, name: str, phone: str | None, by: str
) -> tuple[str, str]:
    """A new account with the same roles at the same unit, the old one disabled, in one
    transaction; the new account and the secret of its set-up link. What the unit has to do is
    seen by whoever is its handler, so only what the old one has typed of a feedback moves. Raises
    InvalidInput.
    """
    with office.database.read() as conn:
        row = existing(conn, account)
    if row.unit is None:
        raise InvalidInput("account", account, "只有单位的人办交接")
    new, now = person(office, to, name, from_text(row.roles), row.unit), office.wall()
    number = phone_in(phone) if phone else None
    with office.database.write() as conn:
        insert_person(conn, new, by, now)
        succeed(office, conn, row, new.account, by, now)
        if number is not None:
            staff.set_phone(conn, office.vault, staff.Person(row.unit, new.account, number))
        return new.account, link_for(conn, new.account, by, now)


def succeed(office: Office, conn: Connection, old: Row[Any], new: str, by: str, now: int) -> None:
    """The old account is disabled, and its drafts go to the new one, in the caller's
    transaction.
    """
    disable_row(conn, old, by, now)
    hand_on_drafts(conn, office.vault, old.account, new)
