"""人：people's names by their accounts, and other systems by their tokens'."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from console.accounts.tokens import ACTS_AS
from workflow.storage.models import accounts


def names_of(conn: Connection, known: Iterable[str | None]) -> dict[str, str]:
    """What those that stand in the log are called; an account that is gone has no name here."""
    wanted = {one for one in known if one}
    query = select(accounts.c.account, accounts.c.name).where(accounts.c.account.in_(wanted))
    systems = {one for one in wanted if one.startswith(ACTS_AS)}
    return {row.account: row.name for row in conn.execute(query)} | {
        one: f"系统 {one.removeprefix(ACTS_AS)}" for one in systems
    }
