"""名册：the accounts as a table: read with every error named, compared with what is there, taken
whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from console.accounts.register import Person, change_person, insert_person, listed
from console.accounts.roles import (
    OF_A_UNIT,
    checked_account,
    checked_person,
    checked_roles,
    role_of,
    roles_in_words,
)
from console.accounts.setup import link_for, link_text
from console.accounts.sheets import sheet
from producers.files import table_of
from schemas.envelope import Role
from schemas.rating import Refusal
from workflow import staff
from workflow.errors import InvalidInput
from workflow.unit_list import UnitList

if TYPE_CHECKING:
    from console.wiring import Office

HEADER = ("账号", "姓名", "身份", "单位", "手机号")
LINKS_HEADER = ("账号", "姓名", "单位", "链接")
_FIELDS = {"account": "账号", "name": "姓名", "roles": "身份", "unit": "单位", "phone": "手机号"}
_BETWEEN = re.compile(r"[、，,；;/\s]+")
_MOST = 5000


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row, in the words of the table; row 1 is the header."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that holds: who it makes of an account, and what that was before. `phone` is in the
    clear, none where the cell is empty.
    """

    row: int
    person: Person
    before: Person | None
    phone: str | None

    @property
    def changes(self) -> bool:
        return self.before != self.person or self.phone is not None

    def told(self, units: Mapping[str, str]) -> list[str]:
        """What becomes another, in words; `units` are names by code."""
        now, before = self.person, self.before or self.person
        pairs = (
            ("姓名", before.name, now.name),
            ("身份", roles_in_words(before.roles), roles_in_words(now.roles)),
            ("单位", units.get(before.unit or "", "无"), units.get(now.unit or "", "无")),
        )
        changes = [f"{name} {old} → {new}" for name, old, new in pairs if old != new]
        return [*changes, "手机号"] if self.phone is not None else changes


@dataclass(slots=True)
class Roster:
    """What taking the table would do, and what hinders it. Accounts it does not name stay."""

    entries: list[Entry] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)

    @property
    def new(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.before is None]

    @property
    def changed(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.before is not None and entry.changes]


def read_roster(office: Office, file: IO[bytes], name: str) -> Roster:
    """The table of an XLSX or CSV file with the columns 账号, 姓名, 身份, 单位, 手机号. Raises
    InvalidInput where it cannot be read as such.
    """
    units = office.units
    with office.database.read() as conn:
        before = {account.person.account: account.person for account in listed(conn)}
    found, seen = Roster(), set[str]()
    for number, cells, refused in _rows_of(file, name):
        if refused is not None:
            found.errors.append(RowError(number, refused.field, refused.reason))
            continue
        try:
            entry = _entry(number, cells, units, before)
            _once(entry.person.account, seen)
        except InvalidInput as error:
            shown = _FIELDS.get(error.field, error.field)
            found.errors.append(RowError(number, shown, error.reason))
        else:
            found.entries.append(entry)
    if not found.entries and not found.errors:
        raise InvalidInput("文件", name, "名册是空的")
    return found


def _rows_of(file: IO[bytes], name: str) -> Iterator[tuple[int, dict[str, str], Refusal | None]]:
    with table_of(file, name) as table:
        if set(table.header) != set(HEADER):
            raise InvalidInput("表头", "、".join(table.header), f"须是 {'、'.join(HEADER)}")
        for number, cells, refused in table.rows:
            if number > _MOST:
                raise InvalidInput("文件", name, f"最多 {_MOST} 行")
            named = {} if refused else dict(zip(table.header, map(str.strip, cells), strict=True))
            yield number, named, refused


def _once(account: str, seen: set[str]) -> None:
    if account in seen:
        raise InvalidInput("account", account, "这个账号在表里有两行")
    seen.add(account)


def _entry(
    number: int, cells: Mapping[str, str], units: UnitList, before: Mapping[str, Person]
) -> Entry:
    account, name = checked_account(cells["账号"]), checked_person(cells["姓名"])
    unit = units.resolve(cells["单位"]) if cells["单位"] else None
    if cells["单位"] and unit is None:
        raise InvalidInput("unit", cells["单位"], "单位名册里没有这个单位，或有几个区县同名")
    code = None if unit is None else unit.code
    words = [word for word in _BETWEEN.split(cells["身份"]) if word]
    person = Person(account, name, checked_roles(map(role_of, words), code), code)
    return Entry(number, person, before.get(account), _phone(cells["手机号"], person.roles))


def _phone(typed: str, roles: tuple[Role, ...]) -> str | None:
    if not typed:
        return None
    if not OF_A_UNIT & set(roles):
        raise InvalidInput("phone", "（不显示）", "只登记单位联络员的手机号，其他人请留空")
    return staff.phone_in(typed)


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
    return secrets


def _administrators_first(entry: Entry) -> bool:
    return Role.ADMINISTRATOR not in entry.person.roles


def roster_sheet(office: Office) -> bytes:
    """The accounts as the XLSX that is read back; phones are not known in the clear, and stay as
    they are where the cell is empty.
    """
    return sheet(HEADER, _rows(office))


def _rows(office: Office) -> Iterator[tuple[str, ...]]:
    units = office.units
    with office.database.read() as conn:
        people = [account.person for account in listed(conn)]
    for person in people:
        roles = roles_in_words(person.roles)
        yield person.account, person.name, roles, _named(units, person.unit), ""


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
