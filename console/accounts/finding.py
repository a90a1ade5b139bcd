"""账号：a page of the list of accounts, narrowed by words, a unit or what is the matter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select, true

from console.accounts.register import Account, account_of
from schemas.envelope import Role
from workflow.storage.models import accounts, staff

MOST = 50


class Ask(NamedTuple):
    """What is asked for: words of an account or a name, a unit's code, a state; the page from 1."""

    words: str = ""
    unit: str = ""
    state: str = ""
    page: int = 1


class Part(NamedTuple):
    """One page of the accounts that match, and how many match."""

    rows: list[Account]
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // MOST))


def part(conn: Connection, ask: Ask, now: int) -> Part:
    """The accounts asked for, in order; `now` in microseconds UTC."""
    matching = and_(_words(ask.words), _unit(ask.unit), _STATES.get(ask.state, _any)(now))
    count = conn.execute(select(func.count()).select_from(accounts).where(matching)).scalar_one()
    query = select(accounts).where(matching).order_by(accounts.c.account)
    rows = conn.execute(query.limit(MOST).offset((ask.page - 1) * MOST))
    return Part([account_of(row) for row in rows], count)


def _words(words: str) -> ColumnElement[bool]:
    if not words:
        return true()
    columns = (accounts.c.account, accounts.c.name)
    return or_(*(column.contains(words, autoescape=True) for column in columns))


def _unit(unit: str) -> ColumnElement[bool]:
    return accounts.c.unit == unit if unit else true()


def _any(_: int) -> ColumnElement[bool]:
    return true()


def _usable(_: int) -> ColumnElement[bool]:
    return accounts.c.disabled_at.is_(None)


_STATES: Mapping[str, Callable[[int], ColumnElement[bool]]] = {
    "locked": lambda now: and_(_usable(now), accounts.c.locked_until > now),
    "unset": lambda now: and_(_usable(now), accounts.c.password.is_(None)),
    "disabled": lambda _: accounts.c.disabled_at.is_not(None),
}
STATES = {"": "全部", "unset": "未设密码", "locked": "锁定", "disabled": "停用"}
"""What the list can be narrowed to."""


class Contact(NamedTuple):
    """A unit's contact person; whether a phone of his is known."""

    unit: str
    name: str
    phone: bool


def contacts(conn: Connection, units: Collection[str] | None = None) -> dict[str, list[Contact]]:
    """The contact persons of each unit, or of these: whoever takes its work orders and can sign
    in.
    """
    query, of = (_CONTACTS, {}) if units is None else (_CONTACTS_OF, {"units": list(units)})
    found: dict[str, list[Contact]] = {}
    for row in conn.execute(query, of):
        if Role.DEPARTMENT in row.roles.split():
            contact = Contact(row.unit, row.name, row.phone is not None)
            found.setdefault(row.unit, []).append(contact)
    return found


_CONTACTS = (
    select(accounts.c.unit, accounts.c.name, accounts.c.roles, staff.c.phone)
    .select_from(
        accounts.outerjoin(
            staff, and_(staff.c.unit == accounts.c.unit, staff.c.account == accounts.c.account)
        )
    )
    .where(accounts.c.unit.is_not(None), accounts.c.disabled_at.is_(None))
    .order_by(accounts.c.account)
)
_CONTACTS_OF = _CONTACTS.where(accounts.c.unit.in_(bindparam("units", expanding=True)))
