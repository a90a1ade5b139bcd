"""人：people's names by their accounts, and other systems by their tokens'."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select

from console.accounts.tokens import ACTS_AS
from workflow.storage.models import accounts


def names_of(conn: Connection, known: Iterable[str | None]) -> dict[str, str]:
    """What those that stand in the log are called; an account that is gone has no name here."""
    wanted = {one for one in known if one}
    if not wanted:
        return {}
    systems = {one for one in wanted if one.startswith(ACTS_AS)}
    named = conn.execute(_NAMED, {"wanted": list(wanted)}).all()
    return {row.account: row.name for row in named} | {
        one: f"系统 {one.removeprefix(ACTS_AS)}" for one in systems
    }


_NAMED = select(accounts.c.account, accounts.c.name).where(
    accounts.c.account.in_(bindparam("wanted", expanding=True))
)
