"""登录：a password is tried; every refusal is the same, takes the same time, and is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, Row, delete, select, update

from console.accounts import passwords
from console.accounts.record import Happened, Outcome, note
from console.accounts.roles import account_key, from_text
from console.accounts.sessions import open_session, revoke, session_of
from schemas.envelope import Role
from workflow.clock import MINUTE
from workflow.errors import InvalidInput, SignInRefused
from workflow.storage.models import accounts, setup_links

if TYPE_CHECKING:
    from console.wiring import Office

MOST_FAILURES = 5
LOCKED_FOR = 15 * MINUTE


class Attempt(NamedTuple):
    """An attempt that was counted before it was looked at: the hash to try, and how it is recorded
    should it fail.
    """

    account: str | None
    roles: tuple[Role, ...]
    hashed: str | None
    failing: Outcome


def sign_in(office: Office, account: str, password: str, address: str | None = None) -> str:
    """The secret of a new session, in the first of the account's roles.

    Raises SignInRefused, in the same words and after about the same time, for an account that
    nobody has, a wrong password, and one that is locked, disabled or without a password.
    """
    attempt = _proven(office, account, password, address)
    weak = passwords.weakness(passwords.normal(password), attempt.account or "") is not None
    changes: dict[str, Any] = {"must_change": True} if weak else {}
    if passwords.outdated(attempt.hashed or ""):
        changes["password"] = passwords.hashed(passwords.normal(password))
    now = office.wall()
    with office.database.write() as conn:
        _succeed(conn, attempt, changes)
        note(conn, Happened(attempt.account, Outcome.SIGNED_IN, None, address, now))
        return open_session(conn, attempt.account or "", attempt.roles[0], now)


def change_password(
    office: Office, secret: str, old: str, new: str, address: str | None = None
) -> str:
    """Sets a new password; every session of the account ends, a link not used yet is void, and the
    answer is a new session in the same role.

    Raises InvalidInput for a new password that will not do, SignInRefused for a wrong old one,
    which counts like one typed to sign in.
    """
    signed = session_of(office, secret)
    if signed is None:
        raise SignInRefused
    checked = passwords.checked(new, signed.account)
    if checked == passwords.normal(old):
        raise InvalidInput("password", "（不显示）", "须与原来的不同")
    attempt = _proven(office, signed.account, old, address)
    hashed, now = passwords.hashed(checked), office.wall()
    with office.database.write() as conn:
        _succeed(conn, attempt, {"password": hashed, "must_change": False})
        conn.execute(delete(setup_links).where(setup_links.c.account == signed.account))
        revoke(conn, signed.account, now)
        note(conn, Happened(signed.account, Outcome.PASSWORD_CHANGED, None, address, now))
        return open_session(conn, signed.account, signed.role, now)


def _proven(office: Office, account: str, password: str, address: str | None) -> Attempt:
    """The attempt if the password is the account's; else it is recorded, and SignInRefused."""
    with office.database.write() as conn:
        attempt = _counted(conn, account_key(account), office.wall())
    if passwords.matches(attempt.hashed, password):
        return attempt
    with office.database.write() as conn:
        note(conn, Happened(attempt.account, attempt.failing, None, address, office.wall()))
    raise SignInRefused


def _counted(conn: Connection, key: str, now: int) -> Attempt:
    """Counts the attempt as a failure until it is known to be none: however many are tried at
    once, no more than five are looked at.
    """
    query = select(accounts).where(accounts.c.account == key).with_for_update()
    row = conn.execute(query).one_or_none()
    if row is None:
        return Attempt(None, (), None, Outcome.UNKNOWN)
    if (hindrance := _hindrance(row, now)) is not None:
        return Attempt(row.account, (), None, hindrance)
    failed = 1 if row.locked_until is not None else row.failed + 1
    last = failed >= MOST_FAILURES
    until = now + LOCKED_FOR if last else None
    mine = accounts.c.account == key
    conn.execute(update(accounts).where(mine).values(failed=failed, locked_until=until))
    failing = Outcome.LOCKED_OUT if last else Outcome.WRONG_PASSWORD
    return Attempt(row.account, from_text(row.roles), row.password, failing)


def _hindrance(row: Row[Any], now: int) -> Outcome | None:
    if row.disabled_at is not None:
        return Outcome.WHILE_DISABLED
    if row.locked_until is not None and now < row.locked_until:
        return Outcome.WHILE_LOCKED
    return Outcome.WITHOUT_PASSWORD if row.password is None else None


def _succeed(conn: Connection, attempt: Attempt, changes: dict[str, Any]) -> None:
    """Nothing has failed; unless the account was disabled or its password set in the meantime."""
    still = (
        accounts.c.account == attempt.account,
        accounts.c.disabled_at.is_(None),
        accounts.c.password == attempt.hashed,
    )
    done = update(accounts).where(*still).values(failed=0, locked_until=None, **changes)
    if not conn.execute(done).rowcount:
        raise SignInRefused
