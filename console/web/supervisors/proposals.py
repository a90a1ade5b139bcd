"""规则生效: the proposal that waits for a supervisor's decision."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from console.people import names_of
from console.wiring import Office
from producers.supervisors import Proposal, proposed
from schemas.envelope import Role
from workflow.ledger import Actor


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal as people read it; `own`: the viewer's, which another one has to decide."""

    proposal: Proposal
    label: str
    by: str
    own: bool


def proposal_for(office: Office, conn: Connection, viewer: Actor) -> Waiting | None:
    """What waits, for whoever sees the rules; the decision is a supervisor's."""
    profile = office.rulebook.profile
    found = proposed(conn, profile)
    if found is None:
        return None
    policy = office.rulebook.policies.get(profile, found.policy)
    by = names_of(conn, [found.by]).get(found.by, found.by)
    return Waiting(found, policy.label, by, found.by == viewer.name)


def to_decide(office: Office, conn: Connection, viewer: Actor) -> int:
    """1 where a proposal waits for this person, else 0."""
    found = proposal_for(office, conn, viewer) if viewer.role is Role.SUPERVISOR else None
    return int(found is not None and not found.own)
