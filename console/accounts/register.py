"""账号簿：accounts added, changed, disabled; whoever may do something else is signed out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from console.accounts.record import Happened, Outcome, note
from console.accounts.roles import (
    account_key,
    as_text,
    checked_account,
    checked_person,
    checked_roles,
    from_text,
)
from console.accounts.sessions import revoke
from schemas.envelope import Role
from workflow.errors import InvalidInput
from workflow.staff import move_person
from workflow.storage.models import accounts, setup_links
from workflow.units import known

if TYPE_CHECKING:
    from console.wiring import Office


@dataclass(frozen=True, slots=True)
class Person:
    """What an account is for: checked, its unit a code of the list in force."""

    account: str
    name: str
    roles: tuple[Role, ...]
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the administrator sees it; instants in microseconds UTC."""

    person: Person
    has_password: bool
    locked_until: int | None
    disabled_at: int | None

    def state(self, now: int) -> str:
        """In one word."""
        if self.disabled_at is not None:
            return "停用"
        if self.locked_until is not None and now < self.locked_until:
            return "锁定"
        return "可用" if self.has_password else "未设密码"


def person(
    office: Office, account: str, name: str, roles: Iterable[Role], unit: str | None = None
) -> Person:
    """A person whose values hold. Raises InvalidInput."""
    code = None if unit is None else known(office.units, "unit", unit).code
    return Person(checked_account(account), checked_person(name), checked_roles(roles, code), code)


def listed(conn: Connection) -> list[Account]:
    """Every account, in order."""
    rows = conn.execute(select(accounts).order_by(accounts.c.account))
    return [account_of(row) for row in rows]


def anybody(office: Office) -> bool:
    """Whether there is any account yet."""
    with office.database.read() as conn:
        return conn.execute(select(accounts.c.account).limit(1)).scalar() is not None


def existing(conn: Connection, account: str) -> Row[Any]:
    """The row of this account. Raises InvalidInput."""
    key = accounts.c.account == account_key(account)
    row = conn.execute(select(accounts).where(key)).one_or_none()
    if row is None:
        raise InvalidInput("account", account, "没有这个账号")
    return row


def add(office: Office, new: Person, by: str) -> None:
    """Adds an account, which has no password yet. Raises InvalidInput for one that is there."""
    with office.database.write() as conn:
        insert_person(conn, new, by, office.wall())


def insert_person(conn: Connection, new: Person, by: str, now: int) -> None:
    """The same in the caller's transaction."""
    same = accounts.c.account == new.account
    if conn.execute(select(accounts.c.account).where(same)).scalar() is not None:
        raise InvalidInput("account", new.account, "已有这个账号")
    row = _values(new) | {
        "account": new.account,
        "must_change": False,
        "failed": 0,
        "created_at": now,
    }
    conn.execute(insert(accounts), row)
    note(conn, Happened(new.account, Outcome.ADDED, by, None, now))


def change(office: Office, to: Person, by: str) -> None:
    """Another name, other roles, another unit. Raises InvalidInput."""
    with office.database.write() as conn:
        change_person(conn, to, by, office.wall())


def change_person(conn: Connection, to: Person, by: str, now: int) -> None:
    """The same in the caller's transaction; the sessions end unless only the name is another."""
    row = existing(conn, to.account)
    if Role.ADMINISTRATOR not in to.roles:
        _keep_an_administrator(conn, row)
    values = _values(to)
    if (row.roles, row.unit) != (values["roles"], values["unit"]):
        revoke(conn, to.account, now)
    if row.unit != to.unit:
        move_person(conn, to.account, row.unit, to.unit)
    conn.execute(update(accounts).where(accounts.c.account == to.account).values(**values))
    note(conn, Happened(to.account, Outcome.CHANGED, by, None, now))


def disable(office: Office, account: str, by: str) -> None:
    """Nobody signs in by it any more, or is signed in. Raises InvalidInput."""
    with office.database.write() as conn:
        disable_row(conn, existing(conn, account), by, office.wall())


def disable_row(conn: Connection, row: Row[Any], by: str, now: int) -> None:
    """The same in the caller's transaction."""
    _keep_an_administrator(conn, row)
    conn.execute(delete(setup_links).where(setup_links.c.account == row.account))
    revoke(conn, row.account, now)
    _set(conn, row.account, Outcome.DISABLED, by, now, disabled_at=now)


def enable(office: Office, account: str, by: str) -> None:
    """Takes a disabled account back, with the password it had. Raises InvalidInput."""
    with office.database.write() as conn:
        row = existing(conn, account)
        _set(conn, row.account, Outcome.ENABLED, by, office.wall(), disabled_at=None)


def unlock(office: Office, account: str, by: str) -> None:
    """Ends a lock-out; somebody may have been guessing, so a new password is chosen at the next
    sign-in, where there is one to be changed. Raises InvalidInput.
    """
    with office.database.write() as conn:
        row = existing(conn, account)
        due = row.password is not None
        open_again = {"failed": 0, "locked_until": None, "must_change": due}
        _set(conn, row.account, Outcome.UNLOCKED, by, office.wall(), **open_again)


def administrators(conn: Connection) -> list[str]:
    """The accounts of administrators that are not disabled."""
    query = select(accounts.c.account, accounts.c.roles).where(accounts.c.disabled_at.is_(None))
    rows = conn.execute(query.order_by(accounts.c.account))
    return [row.account for row in rows if Role.ADMINISTRATOR in from_text(row.roles)]


def _keep_an_administrator(conn: Connection, row: Row[Any]) -> None:
    if administrators(conn) == [row.account]:
        raise InvalidInput("account", row.account, "这是最后一名管理员，先另设一名")


def _set(
    conn: Connection, account: str, outcome: Outcome, by: str, now: int, **values: object
) -> None:
    conn.execute(update(accounts).where(accounts.c.account == account).values(**values))
    note(conn, Happened(account, outcome, by, None, now))


def _values(of: Person) -> dict[str, Any]:
    return {"name": of.name, "roles": as_text(of.roles), "unit": of.unit}


def account_of(row: Row[Any]) -> Account:
    """The account of this row."""
    who = Person(row.account, row.name, from_text(row.roles), row.unit)
    return Account(who, row.password is not None, row.locked_until, row.disabled_at)
