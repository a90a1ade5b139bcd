"""规则生效: the proposal that waits for a supervisor's decision, and those that were refused."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

import schemas as s
from console.people import names_of
from console.wiring import Office
from producers.supervisors import Proposal, proposed
from schemas.envelope import Role
from workflow.ledger import Actor
from workflow.storage.models import events

MOST_TOLD = 5


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


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A proposal that did not come into force; `at` in microseconds UTC; `back`: taken back by who
    made it; `reason` is None once it is erased.
    """

    at: int
    by: str
    policy: str
    back: bool
    reason: str | None


def not_taken(office: Office, conn: Connection) -> tuple[NotTaken, ...]:
    """The refusals of this profile's proposals, the newest first, at most `MOST_TOLD`."""
    subject = f"proposal/{office.rulebook.profile}"
    kinds = (s.PolicyProposed.__name__, s.PolicyRefused.__name__)
    query = select(events).where(events.c.subject == subject, events.c.type.in_(kinds))
    newest = query.order_by(events.c.version.desc()).limit(2 * MOST_TOLD)
    rows = {row.version: row for row in conn.execute(newest)}
    names = names_of(conn, [row.actor for row in rows.values()])
    refused = [row for row in rows.values() if row.type == kinds[1]]
    return tuple(
        NotTaken(
            row.recorded_at,
            names.get(row.actor, row.actor),
            s.PolicyRefused.model_validate_json(row.data).version,
            row.version - 1 in rows and rows[row.version - 1].actor == row.actor,
            office.vault.text(conn, f"{subject}-{row.version}", "reason"),
        )
        for row in refused[:MOST_TOLD]
    )


def to_decide(office: Office, conn: Connection, viewer: Actor) -> int:
    """1 where a proposal waits for this person, else 0."""
    found = proposal_for(office, conn, viewer) if viewer.role is Role.SUPERVISOR else None
    return int(found is not None and not found.own)
