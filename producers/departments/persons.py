"""Who stands at these doors: a handler of his unit's work orders."""

from __future__ import annotations

from schemas.envelope import Role
from workflow.door_units import required_unit
from workflow.ledger import Actor, Ledger

DEPARTMENT = Role.DEPARTMENT


def handler(ledger: Ledger, account: str, unit: str) -> Actor:
    """Raises InvalidInput for a unit that is not in the list."""
    return Actor(account, DEPARTMENT, required_unit(ledger, "unit", unit))
