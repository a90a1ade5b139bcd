"""Who stands at these doors: an operator."""

from __future__ import annotations

from schemas.envelope import Role
from workflow.ledger import Actor

OPERATOR = Role.OPERATOR


def operator(account: str) -> Actor:
    return Actor(account, OPERATOR)
