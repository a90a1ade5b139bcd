"""名册：the accounts as a table: taken whole or not at all, and written as it is read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from console.accounts.handover import succeed
from console.accounts.register import change_person, existing, insert_person, listed
from console.accounts.roles import roles_in_words
from console.accounts.roster_reading import HEADER, SUCCEEDS, Entry, Roster
from console.accounts.setup import link_for, link_text
from console.accounts.sheets import sheet
from schemas.envelope import Role
from workflow import staff
from workflow.errors import InvalidInput
from workflow.unit_list import UnitList

if TYPE_CHECKING:
    from console.wiring import Office

LINKS_HEADER = ("账号", "姓名", "单位", "链接")


def take_roster(office: Office, roster: Roster, by: str) -> dict[str, str]:
    """Adds and changes accounts as the table says, in one transaction, and answers the set-up
    link's secret of each new one. Raises InvalidInput with the first error; then nothing happened.
    """
    for error in roster.errors:
        raise InvalidInput(error.field, "", error.reason, error.row)
    now, secrets = office.wall(), {}
    with office.database.write() as conn:
        # Whoever becomes an administrator comes first: there must always be one.
        for entry in sorted(roster.entries, key=_administrators_first):
            person = entry.person
            if entry.before is None:
                insert_person(conn, person, by, now)
                secrets[person.account] = link_for(conn, person.account, by, now)
            elif entry.before != person:
                change_person(conn, person, by, now)
            if entry.phone is not None and person.unit is not None:
                theirs = staff.Person(person.unit, person.account, entry.phone)
                staff.set_phone(conn, office.vault, theirs)
        for entry in roster.entries:
            if entry.succeeds is not None:
                old = existing(conn, entry.succeeds)
                if old.disabled_at is None:
                    succeed(office, conn, old, entry.person.account, by, now)
    return secrets


def _administrators_first(entry: Entry) -> bool:
    return Role.ADMINISTRATOR not in entry.person.roles


def roster_sheet(office: Office) -> bytes:
    """The accounts as the XLSX that is read back; phones are not known in the clear, and stay as
    they are where the cell is empty.
    """
    return sheet((*HEADER, SUCCEEDS), _rows(office))


def _rows(office: Office) -> Iterator[tuple[str, ...]]:
    units = office.units
    with office.database.read() as conn:
        people = [account.person for account in listed(conn)]
    for person in people:
        roles = roles_in_words(person.roles)
        yield person.account, person.name, roles, _named(units, person.unit), "", ""


def links_sheet(office: Office, secrets: Mapping[str, str], address: str) -> bytes:
    """The set-up links as an XLSX, to be handed to each person; it can be made but once."""
    units = office.units
    with office.database.read() as conn:
        people = {account.person.account: account.person for account in listed(conn)}
    of = [(people[account], link_text(address, secret)) for account, secret in secrets.items()]
    return sheet(LINKS_HEADER, ((p.account, p.name, _named(units, p.unit), link) for p, link in of))


def _named(units: UnitList, code: str | None) -> str:
    """The unit's name where that alone finds it again, else its code."""
    unit = units.by_code.get(code or "")
    return unit.name if unit is not None and units.resolve(unit.name) is unit else code or ""
