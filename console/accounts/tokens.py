"""令牌：how other systems come in: by a secret shown once, for some scopes, for a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select, update

from console.accounts.record import Happened, Outcome, note
from console.accounts.roles import checked_account
from console.accounts.secret import digest_of, new_secret
from schemas.envelope import Role
from workflow.clock import DAY, MINUTE
from workflow.errors import InvalidInput, Transient
from workflow.ledger import Actor
from workflow.storage.models import tokens
from workflow.units import known

if TYPE_CHECKING:
    from console.wiring import Office

PREFIX = "bh_"
"""By which programs that look for leaked secrets know one."""

ACTS_AS = "token:"
"""Before its name where a system stands in the log."""

LONGEST_DAYS = 3 * 366


class Scope(StrEnum):
    """What a system may do."""

    INTAKE = "intake"  # 报送办件和评价
    READ = "read"  # 读差评件
    STEPS = "steps"  # 办理步骤
    RULINGS = "rulings"  # 监督和裁决
    FIGURES = "figures"  # 指标
    SEARCH = "search"  # 按号码查


@dataclass(frozen=True, slots=True)
class System:
    """Another system that has come in. One with a unit is that unit's, and sees nothing else."""

    name: str
    scopes: frozenset[Scope]
    unit: str | None

    @property
    def actor(self) -> Actor:
        """Who records what it does: never the name of a person's account."""
        role = Role.HOTLINE if self.unit is None else Role.DEPARTMENT
        return Actor(ACTS_AS + self.name, role, self.unit)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the administrator sees it; instants in microseconds UTC."""

    name: str
    scopes: tuple[Scope, ...]
    unit: str | None
    expires_at: int
    revoked_at: int | None
    used_at: int | None

    def state(self, now: int) -> str:
        """In one word."""
        if self.revoked_at is not None:
            return "作废"
        return "过期" if now >= self.expires_at else "可用"


def make_token(
    office: Office,
    name: str,
    scopes: Iterable[Scope],
    unit: str | None = None,
    *,
    days: int = 365,
    by: str,
) -> str:
    """The secret of a new token, which is not to be had again. Raises InvalidInput."""
    key, wanted = checked_account(name), set(scopes)
    code = _checked(office, wanted, unit, days)
    secret, now = new_secret(PREFIX), office.wall()
    row = {
        "name": key,
        "digest": digest_of(secret),
        "scopes": " ".join(scope for scope in Scope if scope in wanted),
        "unit": code,
        "created_at": now,
        "expires_at": now + days * DAY,
    }
    with office.database.write() as conn:
        if conn.execute(select(tokens.c.name).where(tokens.c.name == key)).scalar() is not None:
            raise InvalidInput("name", name, "已有叫这个名称的令牌（作废的也算）")
        conn.execute(insert(tokens), row)
        note(conn, Happened(key, Outcome.TOKEN_MADE, by, None, now))
    return secret


def _checked(office: Office, scopes: set[Scope], unit: str | None, days: int) -> str | None:
    if not scopes:
        raise InvalidInput("scopes", "", "须有至少一个范围")
    if not 0 < days <= LONGEST_DAYS:
        raise InvalidInput("days", days, f"有效天数须是 1 至 {LONGEST_DAYS}")
    return None if unit is None else known(office.units, "unit", unit).code


def system_of(office: Office, bearer: str) -> System | None:
    """The system whose token this is; None for one that is unknown, revoked or expired."""
    if not bearer.startswith(PREFIX):
        return None
    query = select(tokens).where(tokens.c.digest == digest_of(bearer))
    with office.database.read() as conn:
        row = conn.execute(query).one_or_none()
    now = office.wall()
    if row is None or row.revoked_at is not None or now >= row.expires_at:
        return None
    if row.used_at is None or now - row.used_at >= MINUTE:
        _used(office, row.name, now)
    return System(row.name, frozenset(map(Scope, row.scopes.split())), row.unit)


def _used(office: Office, name: str, now: int) -> None:
    """A database that is busy or full is no reason to turn anybody away: the next use tells."""
    try:
        with office.database.write() as conn:
            conn.execute(update(tokens).where(tokens.c.name == name).values(used_at=now))
    except Transient:
        return


def revoke_token(office: Office, name: str, by: str) -> None:
    """It opens nothing any more. Raises InvalidInput."""
    now = office.wall()
    with office.database.write() as conn:
        live = tokens.c.name == checked_account(name), tokens.c.revoked_at.is_(None)
        if not conn.execute(update(tokens).where(*live).values(revoked_at=now)).rowcount:
            raise InvalidInput("name", name, "没有这个令牌，或已作废")
        note(conn, Happened(checked_account(name), Outcome.TOKEN_REVOKED, by, None, now))


def listed(conn: Connection) -> list[Token]:
    """Every token, in order; revoked ones too."""
    rows = conn.execute(select(tokens).order_by(tokens.c.name))
    return [
        Token(
            row.name,
            tuple(map(Scope, row.scopes.split())),
            row.unit,
            row.expires_at,
            row.revoked_at,
            row.used_at,
        )
        for row in rows
    ]
