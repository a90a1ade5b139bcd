"""人员: whose phones a rating must not come from: the units' own people, by keyed hash alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from workflow import said
from workflow.errors import InvalidInput
from workflow.phones import number_of
from workflow.storage.models import staff
from workflow.storage.vault import Vault
from workflow.unit_files import decoded
from workflow.unit_list import UnitList

_HEADER = ("单位", "账号", "电话")
_LARGEST = 8 << 20


class Person(NamedTuple):
    """One of a unit's people: the unit's code, an account, a phone in the clear."""

    unit: str
    account: str
    phone: str


def load_staff(path: Path, units: UnitList) -> list[Person]:
    """The people of a CSV with the columns 单位, 账号, 电话; InvalidInput names line and field."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidInput("file", str(path), f"读不到文件：{said.of_system(error)}") from error
    if len(raw) > _LARGEST:
        raise InvalidInput("file", path.name, "人员名册过大，最多 8 MB")
    people = list(_read(decoded(raw, path.name), units))
    if len({(person.unit, person.account) for person in people}) < len(people):
        raise InvalidInput("账号", path.name, "同一单位有重复的账号")
    return people


def _read(text: str, units: UnitList) -> Iterator[Person]:
    rows = csv.DictReader(io.StringIO(text))
    if set(rows.fieldnames or ()) != set(_HEADER):
        raise InvalidInput("表头", "、".join(rows.fieldnames or ()), f"须是 {'、'.join(_HEADER)}")
    for number, row in enumerate(rows, 2):
        unit, account, phone = ((row[name] or "").strip() for name in _HEADER)
        found = units.resolve(unit)
        if found is None:
            raise InvalidInput(f"第{number}行 单位", unit, "单位名册里没有这个单位")
        if not 0 < len(account) <= 120:
            raise InvalidInput(f"第{number}行 账号", account, "须是 1 至 120 个字")
        yield Person(found.code, account, phone_in(phone, f"第{number}行 电话"))


def phone_in(typed: str, field: str = "phone") -> str:
    """The number that was typed, as it is matched. Raises InvalidInput, which does not show it."""
    number = number_of(typed)
    if not number:
        raise InvalidInput(field, "（不显示）", "须是手机号码，或带区号的固定电话")
    return number


def seed_staff(conn: Connection, vault: Vault, people: Iterable[Person]) -> None:
    """Replaces the list in force with this one, in the caller's transaction."""
    conn.execute(delete(staff))
    rows = [
        {"unit": p.unit, "account": p.account, "phone": vault.phone_hash(p.phone)} for p in people
    ]
    if rows:
        conn.execute(insert(staff), rows)


def set_phone(conn: Connection, vault: Vault, person: Person) -> None:
    """This person's phone in the place of the one before, in the caller's transaction."""
    _remove(conn, person.unit, person.account)
    row = {"unit": person.unit, "account": person.account, "phone": vault.phone_hash(person.phone)}
    conn.execute(insert(staff), row)


def move_person(conn: Connection, account: str, before: str | None, now: str | None) -> None:
    """The person's phone goes along to another unit, or is forgotten where there is none, in the
    caller's transaction.
    """
    theirs = staff.c.unit == before, staff.c.account == account
    phone = conn.execute(select(staff.c.phone).where(*theirs)).scalar()
    if phone is not None:
        _remove(conn, before, account)
    if phone is not None and now is not None:
        _remove(conn, now, account)
        conn.execute(insert(staff), {"unit": now, "account": account, "phone": phone})


def _remove(conn: Connection, unit: str | None, account: str) -> None:
    conn.execute(delete(staff).where(staff.c.unit == unit, staff.c.account == account))
