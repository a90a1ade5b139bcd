"""What a PostgreSQL server refuses, by what the caller does next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as Occupied

from workflow.errors import Away, Busy, NotLetIn, Unwritable

STANDING_IN_THE_WAY = frozenset({"40001", "40P01", "55P03", "57014"})
"""serialization_failure, deadlock_detected, lock_not_available, query_canceled: worth a retry."""

NO_ROOM = frozenset({"53100", "25006"})
"""disk_full, read_only_sql_transaction."""

NOT_ALLOWED = "42501"
"""insufficient_privilege: the role is another's, or was not granted what this release needs."""

LEFT_ALONE = "25P03"
"""idle_in_transaction_session_timeout: one of us stood still for so long, or the server did."""

_NOT_LET_IN = (
    *("authentication failed", "does not exist", "pg_hba.conf", "no password", "invalid "),
    *("not permitted to log in", "permission denied for database"),
    *("认证失败", "不存在", "没有提供口令", "没有密码", "登录", "权限不够"),
)
"""In a server's own words: trying again will not help."""


@contextmanager
def told() -> Iterator[None]:
    """The server's refusals by what the caller does next."""
    try:
        yield
    except Occupied as error:
        raise Busy from error
    except (DBAPIError, psycopg.Error) as error:
        said = getattr(error, "orig", error)
        state = getattr(said, "sqlstate", None)
        if state in STANDING_IN_THE_WAY:
            raise Busy from error
        if state in NO_ROOM:
            raise Unwritable from error
        reason = (str(said).strip().splitlines() or [type(said).__name__])[0]
        if state == NOT_ALLOWED:
            raise Unwritable(f"数据库角色的权限不够，什么也没有记录：{reason}") from error
        cut = isinstance(said, psycopg.OperationalError | psycopg.InterfaceError)
        if cut or state == LEFT_ALONE:
            if state is None and any(word in reason for word in _NOT_LET_IN):
                raise NotLetIn(f"数据库不让进，请改好 BIHUAN_DATABASE：{reason}") from error
            raise Away(f"数据库暂时连不上，请稍后重试：{reason}") from error
        raise
