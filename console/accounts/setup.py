"""设密码链接：how a person comes to a password of which nobody else ever knows anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from console.accounts import passwords
from console.accounts.record import Happened, Outcome, note
from console.accounts.register import administrators, existing, insert_person, person
from console.accounts.secret import digest_of, new_secret
from console.accounts.sessions import revoke
from schemas.envelope import Role
from workflow.clock import HOUR
from workflow.errors import InvalidInput
from workflow.storage.models import accounts, setup_links

if TYPE_CHECKING:
    from console.wiring import Office

HOURS = 72
_VALID = HOURS * HOUR


class Invited(NamedTuple):
    """Whose link it is."""

    account: str
    name: str


def make_link(office: Office, account: str, by: str) -> str:
    """The secret of a link with which this person sets a password, within 72 hours, once. Links
    made before are void; the old password stays until then, and who changes it needs the link no
    more: it is void. Raises InvalidInput.
    """
    with office.database.write() as conn:
        row = existing(conn, account)
        if row.disabled_at is not None:
            raise InvalidInput("account", row.account, "账号已停用，请先恢复")
        return link_for(conn, row.account, by, office.wall())


def link_for(conn: Connection, account: str, by: str, now: int) -> str:
    """The same in the caller's transaction, for an account that is there."""
    secret = new_secret()
    conn.execute(delete(setup_links).where(setup_links.c.account == account))
    row = {"digest": digest_of(secret), "account": account, "expires_at": now + _VALID}
    conn.execute(insert(setup_links), row)
    note(conn, Happened(account, Outcome.LINK_MADE, by, None, now))
    return secret


def first_administrator(office: Office, account: str, name: str, by: str) -> str:
    """The first account there is, an administrator's, and the secret of its link. Raises
    InvalidInput where there is an administrator.
    """
    first = person(office, account, name, [Role.ADMINISTRATOR])
    with office.database.write() as conn:
        office.database.alone(conn)
        there = administrators(conn)
        if there:
            reason = f"已有管理员 {'、'.join(there)}；要新的链接：bihuan account link {there[0]}"
            raise InvalidInput("account", "", reason)
        insert_person(conn, first, by, office.wall())
        return link_for(conn, first.account, by, office.wall())


def invited(office: Office, secret: str) -> Invited:
    """Whose link this is. Raises InvalidInput for one that is unknown, used, void or too old."""
    query = (
        select(accounts.c.account, accounts.c.name)
        .join_from(setup_links, accounts, setup_links.c.account == accounts.c.account)
        .where(
            setup_links.c.digest == digest_of(secret),
            setup_links.c.used_at.is_(None),
            setup_links.c.expires_at > office.wall(),
            accounts.c.disabled_at.is_(None),
        )
    )
    with office.database.read() as conn:
        row = conn.execute(query).one_or_none()
    if row is None:
        raise _void()
    return Invited(row.account, row.name)


def use_link(office: Office, secret: str, password: str, address: str | None = None) -> str:
    """Sets the password and answers whose it is; a lock is gone, every session over, and another
    sign-on's user is no longer tied to the account.

    Raises InvalidInput for a link as above, or a password that will not do: then it may be used
    again.
    """
    account = invited(office, secret).account
    hashed, now = passwords.hashed(passwords.checked(password, account)), office.wall()
    unused = (setup_links.c.digest == digest_of(secret), setup_links.c.used_at.is_(None))
    with office.database.write() as conn:
        if not conn.execute(update(setup_links).where(*unused).values(used_at=now)).rowcount:
            raise _void()
        begun = (
            update(accounts)
            .where(accounts.c.account == account)
            .values(
                password=hashed, must_change=False, failed=0, locked_until=None, oidc_subject=None
            )
        )
        conn.execute(begun)
        revoke(conn, account, now)
        note(conn, Happened(account, Outcome.LINK_USED, None, address, now))
    return account


def link_text(address: str, secret: str) -> str:
    """The link as a person opens it; `address` is the console's, without a slash at its end."""
    return f"{address}/setup/{secret}"


def _void() -> InvalidInput:
    reason = "链接不对、用过了或已过期，请管理员另发一个"
    return InvalidInput("link", "（不显示）", reason)
