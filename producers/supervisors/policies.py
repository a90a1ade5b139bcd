"""规则生效: a version of the profile is proposed by one person and taken into force by another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, bindparam, select

import schemas as s
from producers.supervisors.rules import last_version
from schemas.envelope import Fact, Role
from workflow.door import checked_name, moment, records, seen_version, stated, written
from workflow.errors import InvalidInput, NotPermitted, StaleVersion
from workflow.ledger import Actor, Ledger, Posting
from workflow.storage.models import events
from workflow.storage.vault import Sealed

PROPOSERS = (Role.SUPERVISOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What waits for a decision; instants in microseconds UTC. `version`: how often the office
    has proposed or refused, which an answer expects.
    """

    event: str
    version: int
    at: int
    by: str
    policy: str
    effective_at: int


def proposed(conn: Connection, profile: str) -> Proposal | None:
    """The proposal of this profile that nobody has decided on yet."""
    last = _last(conn, _proposals(profile))
    if last is None or last.type != "PolicyProposed":
        return None
    event, taken = f"{_proposals(profile)}-{last.version}", _last(conn, f"policy/{profile}")
    if taken is not None and from_json(taken.data).get("proposal") == event:
        return None
    said = s.PolicyProposed.model_validate_json(last.data)
    return Proposal(
        event, last.version, last.recorded_at, last.actor, said.version, said.effective_at
    )


@records(s.PolicyProposed, *PROPOSERS)
def propose_policy(
    ledger: Ledger,
    *,
    account: str,
    version: str,
    effective_at: datetime | str,
    profile: str | None = None,
    role: str = "supervisor",
) -> str:
    """提请规则的一个版本从某时起用于新归集的差评；另一位监督员同意后才生效。"""
    name = profile or ledger.rulebook.profile
    if name != ledger.rulebook.profile:
        raise InvalidInput("profile", name, f"本处的规则是 {ledger.rulebook.profile}")
    if role not in PROPOSERS:
        raise InvalidInput("role", role, "由监督员或管理员提请")
    ledger.rulebook.policies.get(name, written("version", version))
    at = moment("effective_at", effective_at)
    _in_time(ledger, at)
    said = {"profile": name, "version": version, "effective_at": at}
    fact, _ = stated(s.PolicyProposed, said)
    actor = Actor(checked_name("account", account), Role(role))
    with ledger.transaction() as posting:
        ledger.database.alone(posting.conn)
        if proposed(posting.conn, name) is not None:
            raise InvalidInput("version", version, "已有一个提请在等裁决，先裁了再提")
        return _next(posting, _proposals(name), fact, actor)


@records(s.PolicyTakenIntoForce, Role.SUPERVISOR)
def take_policy_into_force(
    ledger: Ledger, *, account: str, expected_version: int | None = None
) -> str:
    """同意提请：规则的这个版本从所提的时间起用于新归集的差评；已归集的仍按原规则。"""
    actor, name = _supervisor(account), ledger.rulebook.profile
    with ledger.transaction() as posting:
        ledger.database.alone(posting.conn)
        found = _waiting(posting.conn, name, seen_version(expected_version))
        if found.by == actor.name:
            raise NotPermitted("这是您提请的，须由另一位监督员裁决")
        _in_time(ledger, found.effective_at)
        at, version = found.effective_at, found.policy
        fact = s.PolicyTakenIntoForce(
            profile=name, version=version, effective_at=at, proposal=found.event
        )
        event = _next(posting, f"policy/{name}", fact, actor)
    with ledger.database.read() as conn:
        ledger.rulebook.refresh(conn)
    return event


@records(s.PolicyRefused, Role.SUPERVISOR)
def refuse_policy(
    ledger: Ledger, *, account: str, reason: str, expected_version: int | None = None
) -> str:
    """不同意提请，或撤回自己提请的；规则照旧。"""
    actor, name = _supervisor(account), ledger.rulebook.profile
    with ledger.transaction() as posting:
        ledger.database.alone(posting.conn)
        found = _waiting(posting.conn, name, seen_version(expected_version))
        said = {"profile": name, "version": found.policy, "reason": reason}
        fact, texts = stated(s.PolicyRefused, said)
        return _next(posting, _proposals(name), fact, actor, texts)


def _supervisor(account: str) -> Actor:
    return Actor(checked_name("account", account), Role.SUPERVISOR)


def _proposals(profile: str) -> str:
    return f"proposal/{profile}"


def _in_time(ledger: Ledger, at: int) -> None:
    if at < ledger.clock():
        raise InvalidInput("effective_at", "", "不能早于现在，已归集的差评不改规则")


def _waiting(conn: Connection, name: str, expected: int | None) -> Proposal:
    """Raises InvalidInput where nothing waits, StaleVersion where it is another proposal."""
    found = proposed(conn, name)
    if found is None:
        raise InvalidInput("version", "", "没有等裁决的提请，或已有人裁过")
    if expected is not None and expected != found.version:
        raise StaleVersion(_proposals(name), expected, found.version)
    return found


def _last(conn: Connection, subject: str) -> Any:
    return conn.execute(_LAST, {"of": subject}).one_or_none()


_LAST = (
    select(events)
    .where(events.c.subject == bindparam("of"))
    .order_by(events.c.version.desc())
    .limit(1)
)


def _next(
    posting: Posting,
    subject: str,
    fact: Fact,
    actor: Actor,
    texts: Mapping[str, Sealed] | None = None,
) -> str:
    """Appends it as the subject's next; the event's id."""
    version = last_version(posting.conn, subject) + 1
    posting.append(subject, version, fact, actor)
    posting.keep(f"{subject}-{version}", texts or {})
    return f"{subject}-{version}"
