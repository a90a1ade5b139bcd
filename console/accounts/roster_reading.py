"""名册：the table of accounts read and compared with what is there; every error is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, ParamSpec, TypeVar

from console.accounts.register import Person, listed
from console.accounts.roles import (
    OF_A_UNIT,
    checked_account,
    checked_person,
    checked_place,
    checked_together,
    role_of,
    roles_in_words,
)
from producers.files import table_of
from schemas.envelope import Role
from schemas.rating import Refusal
from workflow import staff
from workflow.errors import InvalidInput
from workflow.unit_list import UnitList
from workflow.units import known

if TYPE_CHECKING:
    from console.wiring import Office

HEADER = ("账号", "姓名", "身份", "单位", "手机号")
SUCCEEDS = "接替"
"""A column that may be left out: the account of the same unit that this one takes over from."""
_FIELDS = {"account": "账号", "name": "姓名", "roles": "身份", "unit": "单位", "phone": "手机号"}
_FIELDS |= {"succeeds": SUCCEEDS}
_BETWEEN = re.compile(r"[、，,；;/\s]+")
_MOST = 5000
Given = ParamSpec("Given")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row, in the words of the table; row 1 is the header."""

    row: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One row that holds: who it makes of an account, and what that was before. `phone` is in the
    clear, none where the cell is empty; `succeeds` is the account that is disabled by it.
    """

    row: int
    person: Person
    before: Person | None
    phone: str | None
    succeeds: str | None = None

    @property
    def changes(self) -> bool:
        more = self.phone is not None or self.succeeds is not None
        return self.before != self.person or more

    def told(self, units: Mapping[str, str]) -> list[str]:
        """What becomes another, in words; `units` are names by code."""
        now, before = self.person, self.before or self.person
        pairs = (
            ("姓名", before.name, now.name),
            ("身份", roles_in_words(before.roles), roles_in_words(now.roles)),
            ("单位", units.get(before.unit or "", "无"), units.get(now.unit or "", "无")),
        )
        changes = [f"{name} {old} → {new}" for name, old, new in pairs if old != new]
        changes += ["手机号"] if self.phone is not None else []
        return [*changes, *self.taking_over()]

    def taking_over(self) -> list[str]:
        return [f"接替 {self.succeeds}，该账号停用"] if self.succeeds else []


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
    """The table of an XLSX or CSV file with the columns 账号, 姓名, 身份, 单位, 手机号 and, where
    somebody takes over, 接替. Raises InvalidInput where it cannot be read as such.
    """
    units = office.units
    with office.database.read() as conn:
        before = {account.person.account: account.person for account in listed(conn)}
    found, accounts = Roster(), set[str]()
    for number, cells, refused in _rows_of(file, name):
        if refused is not None:
            found.errors.append(RowError(number, refused.field, refused.reason))
            continue
        row = _Reading(number)
        entry = row.entry(cells, units, before, accounts)
        found.errors += row.errors
        if entry is not None:
            found.entries.append(entry)
    if not found.entries and not found.errors:
        raise InvalidInput("文件", name, "名册是空的")
    return found


def _rows_of(file: IO[bytes], name: str) -> Iterator[tuple[int, dict[str, str], Refusal | None]]:
    with table_of(file, name) as table:
        if set(table.header) - {SUCCEEDS} != set(HEADER):
            raise InvalidInput("表头", "、".join(table.header), f"须是 {'、'.join(HEADER)}")
        for count, (number, cells, refused) in enumerate(table.rows, 1):
            if count > _MOST:
                raise InvalidInput("文件", name, f"最多 {_MOST} 行")
            named = {} if refused else dict(zip(table.header, map(str.strip, cells), strict=True))
            yield number, named, refused


class _Reading:
    """One row being read; what is wrong with it is gathered, so that it is mended at once."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.errors: list[RowError] = []

    def entry(
        self,
        cells: Mapping[str, str],
        units: UnitList,
        before: Mapping[str, Person],
        seen: set[str],
    ) -> Entry | None:
        """What the row makes of an account; None if anything is wrong with it."""
        account = self._of(_account, cells["账号"], seen)
        name = self._of(checked_person, cells["姓名"])
        unit = self._of(_unit, cells["单位"], units)
        roles = self._roles(cells["身份"], cells["单位"])
        phone = self._of(_phone, cells["手机号"], roles)
        old = self._of(_succeeded, cells.get(SUCCEEDS, ""), account, unit, before)
        if self.errors or account is None or name is None or roles is None:
            return None
        person = Person(account, name, roles, unit)
        return Entry(self.number, person, before.get(account), phone, old)

    def _roles(self, typed: str, unit: str) -> tuple[Role, ...] | None:
        """None where one of them is none: what goes together cannot be told then."""
        words = [word for word in _BETWEEN.split(typed) if word]
        read = [self._of(role_of, word) for word in words]
        known = [role for role in read if role is not None]
        if len(known) < len(words):
            return None
        roles = self._of(checked_together, known)
        if known:
            self._of(checked_place, known, unit or None)
        return roles

    def _of(
        self, read: Callable[Given, Read], *given: Given.args, **named: Given.kwargs
    ) -> Read | None:
        try:
            return read(*given, **named)
        except InvalidInput as error:
            shown = _FIELDS.get(error.field, error.field)
            told = RowError(self.number, shown, error.reason)
            self.errors += [told] if told not in self.errors else []
            return None


def _account(typed: str, seen: set[str]) -> str:
    account = checked_account(typed)
    if account in seen:
        raise InvalidInput("account", account, "这个账号在表里有两行")
    seen.add(account)
    return account


def _unit(typed: str, units: UnitList) -> str | None:
    return known(units, "unit", typed).code if typed else None


def _phone(typed: str, roles: Collection[Role] | None) -> str | None:
    if not typed:
        return None
    if roles is not None and not OF_A_UNIT & set(roles):
        raise InvalidInput("phone", "（不显示）", "只登记单位联络员的手机号，其他人请留空")
    return staff.phone_in(typed)


def _succeeded(
    typed: str, account: str | None, unit: str | None, before: Mapping[str, Person]
) -> str | None:
    if not typed:
        return None
    old = before.get(checked_account(typed))
    if old is None or old.account == account:
        raise InvalidInput("succeeds", typed, "没有这个账号，或就是这一行的账号")
    if old.unit is None or old.unit != unit:
        raise InvalidInput("succeeds", typed, "只在同一单位的人之间交接")
    return old.account
