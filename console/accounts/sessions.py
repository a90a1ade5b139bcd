"""会话：who is signed in, in which role; kept on the server, so that it can be ended there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from console.accounts.record import Happened, Outcome, note
from console.accounts.roles import OF_A_UNIT, from_text
from console.accounts.secret import digest_of, new_secret
from schemas.envelope import Role
from workflow.clock import DAY, HOUR, MINUTE
from workflow.errors import NotPermitted, SignInRefused, Transient
from workflow.ledger import Actor
from workflow.states import ROLE_NAMES
from workflow.storage.models import accounts, sessions

if TYPE_CHECKING:
    from console.wiring import Office

IDLE = 30 * MINUTE
LONGEST = 12 * HOUR
KEPT = 30 * DAY
"""How long an expired session's row is kept."""

_OPEN = (
    select(
        *(accounts.c.account, accounts.c.name, accounts.c.roles, accounts.c.unit),
        *(accounts.c.must_change, sessions.c.role, sessions.c.csrf, sessions.c.digest),
        *(sessions.c.seen_at, sessions.c.expires_at),
    )
    .join_from(sessions, accounts, sessions.c.account == accounts.c.account)
    .where(sessions.c.revoked_at.is_(None), accounts.c.disabled_at.is_(None))
)
_SESSION = _OPEN.where(sessions.c.digest == bindparam("of_digest"))
_SESSIONS = _OPEN.where(sessions.c.digest.in_(bindparam("of_digests", expanding=True)))


@dataclass(frozen=True, slots=True)
class Signed:
    """Who is signed in: acts in `role`, may switch to `roles`; `must_change` means that nothing
    but a new password is allowed. `session` is the digest of the session's secret.
    """

    account: str
    name: str
    role: Role
    roles: tuple[Role, ...]
    unit: str | None
    csrf: str
    must_change: bool
    session: str

    @property
    def actor(self) -> Actor:
        """Who records what this person does."""
        return Actor(self.account, self.role, self.unit if self.role in OF_A_UNIT else None)


def open_session(conn: Connection, account: str, role: Role, now: int) -> str:
    """The secret of a new session, in the caller's transaction; rows long expired go."""
    conn.execute(delete(sessions).where(sessions.c.expires_at < now - KEPT))
    secret = new_secret()
    row = {
        "digest": digest_of(secret),
        "account": account,
        "role": role,
        "csrf": new_secret(),
        "created_at": now,
        "seen_at": now,
        "expires_at": now + LONGEST,
    }
    conn.execute(insert(sessions), row)
    return secret


def session_of(office: Office, secret: str, *, acts: bool = True) -> Signed | None:
    """Who holds this secret; None once it is revoked, 30 minutes idle, 12 hours old, or its
    account is disabled or has lost the role. A look that is no act of the person's (`acts`
    false: a page that refreshes itself) does not keep it alive.
    """
    with office.database.read() as conn:
        row = conn.execute(_SESSION, {"of_digest": digest_of(secret)}).one_or_none()
    now = office.wall()
    if row is None or (signed := _signed(row, now)) is None:
        return None
    if acts and now - row.seen_at >= MINUTE:
        _see(office, signed.session, now)
    return signed


def still_open(conn: Connection, digests: Collection[str], now: int) -> dict[str, Actor]:
    """Who acts in each of these sessions, of those that `session_of` would still know and whose
    person need not change the password first.
    """
    rows = conn.execute(_SESSIONS, {"of_digests": list(digests)}).all()
    found = (_signed(row, now) for row in rows)
    acting = (signed for signed in found if signed is not None and not signed.must_change)
    return {signed.session: signed.actor for signed in acting}


def _signed(row: Any, now: int) -> Signed | None:
    roles = from_text(row.roles)
    if now >= row.expires_at or now - row.seen_at >= IDLE or row.role not in roles:
        return None
    return Signed(
        row.account,
        row.name,
        Role(row.role),
        roles,
        row.unit,
        row.csrf,
        row.must_change,
        row.digest,
    )


def _see(office: Office, digest: str, now: int) -> None:
    """A database that is busy or full is no reason to turn anybody away: the next look tells."""
    try:
        with office.database.write() as conn:
            conn.execute(update(sessions).where(sessions.c.digest == digest).values(seen_at=now))
    except Transient:
        return


def sign_out(office: Office, secret: str) -> None:
    """Ends this session; one that is over already stays over."""
    now, mine = office.wall(), sessions.c.digest == digest_of(secret)
    with office.database.write() as conn:
        account = conn.execute(select(sessions.c.account).where(mine)).scalar()
        ended = update(sessions).where(mine, sessions.c.revoked_at.is_(None))
        if conn.execute(ended.values(revoked_at=now)).rowcount:
            note(conn, Happened(account, Outcome.SIGNED_OUT, None, None, now))


def revoke(conn: Connection, account: str, now: int) -> int:
    """Ends every session of the account, in the caller's transaction; how many there were."""
    live = sessions.c.revoked_at.is_(None) & (sessions.c.expires_at > now)
    ended = update(sessions).where(sessions.c.account == account, live)
    return conn.execute(ended.values(revoked_at=now)).rowcount


def revoke_all(office: Office, account: str, by: str) -> int:
    """Ends every session of the account; how many there were."""
    now = office.wall()
    with office.database.write() as conn:
        ended = revoke(conn, account, now)
        note(conn, Happened(account, Outcome.REVOKED, by, None, now))
    return ended


def act_as(office: Office, secret: str, role: Role) -> Signed:
    """Goes on in another of the account's roles. Forms that were open in the old one are void: the
    csrf secret is new. Raises SignInRefused, and NotPermitted for a role the account does not have.
    """
    signed = session_of(office, secret)
    if signed is None:
        raise SignInRefused
    if role not in signed.roles:
        raise NotPermitted(f"这个账号没有“{ROLE_NAMES[role]}”身份")
    now = office.wall()
    with office.database.write() as conn:
        mine = sessions.c.digest == signed.session
        conn.execute(update(sessions).where(mine).values(role=role, csrf=new_secret()))
        note(conn, Happened(signed.account, Outcome.SWITCHED, None, None, now))
    switched = session_of(office, secret)
    if switched is None:
        raise SignInRefused
    return switched
