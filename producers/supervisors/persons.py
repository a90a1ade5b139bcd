"""Who stands at these doors: a supervisor, or where a second person decides a reviewer too."""

from __future__ import annotations

from schemas.envelope import Role
from workflow.door import acting
from workflow.ledger import Actor

SUPERVISOR, REVIEWER = Role.SUPERVISOR, Role.REVIEWER


def supervisor(account: str) -> Actor:
    return Actor(account, SUPERVISOR)


def second(account: str, role: str) -> Actor:
    """Raises InvalidInput for another role."""
    return Actor(account, acting(role, SUPERVISOR, REVIEWER))
