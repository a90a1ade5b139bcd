"""联系方式: the citizen's phone: kept to be found by, and read from the vault by whoever has just
recorded that he looks at it.
"""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import Connection, bindparam, select, update

from workflow.complaint import Complaint
from workflow.intake import Private, opened_private
from workflow.phones import number_in
from workflow.posting import Posting
from workflow.storage.collected import rating_owner
from workflow.storage.models import contacts, events
from workflow.storage.models import vault as vault_table
from workflow.storage.vault import Vault, bounds

_FOUND_BY = (
    update(contacts)
    .where(contacts.c.subject == bindparam("of_subject"))
    .values(phone=bindparam("number"), last4=bindparam("end"))
)

_SUPPLIED = (
    select(events.c.version)
    .where(events.c.subject == bindparam("of"), events.c.type == "ContactSupplied")
    .order_by(events.c.version.desc())
)
_SAID = select(vault_table.c.owner, vault_table.c.sealed).where(
    vault_table.c.owner >= bindparam("begin"),
    vault_table.c.owner < bindparam("beyond"),
    vault_table.c.field == "rating",
)


def found_by(posting: Posting, vault: Vault, subject: str, phone: str) -> None:
    """From now on the complaint is matched, and searched for, by this number."""
    row = (vault.phone_hash(phone), vault.last4_hash(phone), subject)
    posting.run(_FOUND_BY, ("number", "end", "of_subject"), row)


def kept(conn: Connection, subject: str) -> bool:
    """Whether it is still known who gave the rating, or that nobody is: not once it is erased,
    which waits until this transaction ends.
    """
    query = select(contacts.c.subject).where(contacts.c.subject == subject).with_for_update()
    return conn.execute(query).scalar() is not None


def ending_in(conn: Connection, vault: Vault, last4: str) -> tuple[str, ...]:
    """Complaints whose citizen's number ends in these four digits, in order of their ids."""
    query = select(contacts.c.subject).where(contacts.c.last4 == vault.last4_hash(last4))
    return tuple(conn.execute(query.order_by(contacts.c.subject)).scalars())


def called_from(conn: Connection, vault: Vault, phone: str) -> tuple[str, ...]:
    """Complaints whose citizen has this number, in order of their ids."""
    query = select(contacts.c.subject).where(contacts.c.phone == vault.phone_hash(phone))
    return tuple(conn.execute(query.order_by(contacts.c.subject)).scalars())


def phone_of(conn: Connection, vault: Vault, subject: str) -> str | None:
    """The number supplied last, else the rating's own; None where there is none or it was erased.

    Revealing is an act: record ContactRevealed first.
    """
    return number_in(left_by(conn, vault, subject) or "") or None


def left_by(conn: Connection, vault: Vault, subject: str) -> str | None:
    """The same as it was written, also where the rating has words in a number's place."""
    return _supplied(conn, vault, subject) or _sent(conn, vault, subject).mobile or None


def _supplied(conn: Connection, vault: Vault, subject: str) -> str | None:
    for version in conn.execute(_SUPPLIED, {"of": subject}).scalars():
        supplied = vault.text(conn, f"{subject}-{version}", "phone")
        if supplied:
            return supplied
    return None


def _sent(conn: Connection, vault: Vault, subject: str) -> Private:
    return opened_private(vault.plain(conn, subject, "contact"))


class Citizen:
    """Who rated, for one look at the complaint: opened when first asked for, and once."""

    def __init__(self, conn: Connection, vault: Vault, complaint: Complaint) -> None:
        self._conn, self._vault, self._complaint = conn, vault, complaint

    @cached_property
    def _sent(self) -> Private:
        return _sent(self._conn, self._vault, self._complaint.id)

    @cached_property
    def left(self) -> str:
        """As of `left_by`; empty where nothing was left in a number's place, or it was erased."""
        supplied = _supplied(self._conn, self._vault, self._complaint.id)
        return supplied or self._sent.mobile

    @property
    def name(self) -> str:
        """The name, if it was given with the number; empty where it was not, or it was erased. As
        with the number, to show the whole of it is an act.
        """
        shown = self._complaint.real_name and not self._sent.anonymous
        return self._sent.userName if shown else ""

    @cached_property
    def known(self) -> tuple[str, ...]:
        """What the ratings told of their giver, and the number to call: what a text for the unit
        must not contain.
        """
        c, told = self._complaint, [self._sent]
        begin, beyond = bounds(f"{rating_owner((c.source, c.project_no, c.service_number))}\x1f")
        for row in self._conn.execute(_SAID, {"begin": begin, "beyond": beyond}):
            sealed = bytes(row.sealed)
            told.append(opened_private(self._vault.unseal(row.owner, "rating", sealed)))
        parts = (part for one in told for part in named(one))
        return tuple(dict.fromkeys(filter(None, (self.left, number_in(self.left), *parts))))


def named(sent: Private) -> tuple[str, ...]:
    """By what somebody could be known: the phone as it was written and as digits, name, ID."""
    parts = (sent.mobile, number_in(sent.mobile), sent.userName, sent.certKey)
    return tuple(filter(None, parts))
