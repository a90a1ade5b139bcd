"""登录留痕：what became of attempts to sign in, and what was done to accounts and to the list
of units, for the auditor.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from workflow.storage.models import sign_ins


class Outcome(StrEnum):
    """What happened; the person reads `WORDS`."""

    SIGNED_IN = "signed_in"
    WRONG_PASSWORD = "wrong_password"
    LOCKED_OUT = "locked_out"
    WHILE_LOCKED = "while_locked"
    WHILE_DISABLED = "while_disabled"
    WITHOUT_PASSWORD = "without_password"
    UNKNOWN = "unknown"
    NOT_MAPPED = "not_mapped"
    SIGNED_OUT = "signed_out"
    SWITCHED = "switched"
    PASSWORD_CHANGED = "password_changed"
    LINK_USED = "link_used"
    LINK_MADE = "link_made"
    ADDED = "added"
    CHANGED = "changed"
    UNLOCKED = "unlocked"
    DISABLED = "disabled"
    ENABLED = "enabled"
    REVOKED = "revoked"
    TOKEN_MADE = "token_made"
    TOKEN_REVOKED = "token_revoked"
    UNITS_CHANGED = "units_changed"


WORDS: Mapping[Outcome, str] = {
    Outcome.SIGNED_IN: "登录",
    Outcome.WRONG_PASSWORD: "密码不对",
    Outcome.LOCKED_OUT: "密码不对，连错锁定",
    Outcome.WHILE_LOCKED: "锁定期间尝试登录",
    Outcome.WHILE_DISABLED: "停用后尝试登录",
    Outcome.WITHOUT_PASSWORD: "未设密码时尝试登录",
    Outcome.UNKNOWN: "没有这个账号",
    Outcome.NOT_MAPPED: "统一认证的用户没有对应的账号",
    Outcome.SIGNED_OUT: "退出",
    Outcome.SWITCHED: "换身份",
    Outcome.PASSWORD_CHANGED: "改密码",
    Outcome.LINK_USED: "用链接设密码",
    Outcome.LINK_MADE: "发设密码链接",
    Outcome.ADDED: "建账号",
    Outcome.CHANGED: "改账号",
    Outcome.UNLOCKED: "解锁",
    Outcome.DISABLED: "停用",
    Outcome.ENABLED: "恢复",
    Outcome.REVOKED: "登录全部作废",
    Outcome.TOKEN_MADE: "发系统令牌",
    Outcome.TOKEN_REVOKED: "作废系统令牌",
    Outcome.UNITS_CHANGED: "换单位名册",
}


class Happened(NamedTuple):
    """One line of the record; `at` in microseconds UTC."""

    account: str | None
    outcome: Outcome
    by: str | None
    address: str | None
    at: int


def note(conn: Connection, happened: Happened) -> None:
    """Writes one line, in the caller's transaction."""
    conn.execute(insert(sign_ins), happened._asdict())


def latest(conn: Connection, account: str | None = None, most: int = 200) -> list[Happened]:
    """The last lines, newest first; of one account or of all."""
    return lines(conn, account, most)[0]


def lines(
    conn: Connection, account: str | None = None, most: int = 200, before: int | None = None
) -> tuple[list[Happened], int | None]:
    """The same, or those before this line, and the line before which there are more, if any."""
    query = select(sign_ins).order_by(sign_ins.c.id.desc()).limit(most + 1)
    if account is not None:
        query = query.where(sign_ins.c.account == account)
    if before is not None:
        query = query.where(sign_ins.c.id < before)
    rows = conn.execute(query).all()
    found = [Happened(r.account, Outcome(r.outcome), r.by, r.address, r.at) for r in rows[:most]]
    return found, rows[most - 1].id if len(rows) > most else None
