"""Figures are folded twice, by the consumer and by the auditor; whatever happened, they agree."""

import json
from random import Random
from types import SimpleNamespace

import pytest
from test_loop_properties import PROFILES, RULEBOOK, Drawn

from consumers.metrics import Metrics
from workflow.advance import advance
from workflow.audit_facts import facts_of
from workflow.audit_folds import fold
from workflow.audit_rules import pinned_rules
from workflow.record import record_of
from workflow.recorded import limits_json

SUBJECT = "CP21-0001"


class Walk(Drawn):
    """A walk that keeps its events as the log would hold them."""

    def __init__(self, profile, seed):
        super().__init__(set())
        self.rows, self.kept = [], None
        chance = Random(seed)
        self.collected(profile, chance.random() < 0.7, chance.random() < 0.7)
        self.the_loop_goes_on(seed, 40)

    def recorded(self, event):
        if event.type == "DepartmentAssigned":
            fact = event.fact.model_copy(update={"order": self.kept.next_order})
            event = event._replace(fact=fact)
        self.kept, changes = advance(self.kept, SUBJECT, event, self.rules)
        self.rows.append(
            SimpleNamespace(
                lane=0,
                pos=len(self.rows) + 1,
                subject=SUBJECT,
                version=len(self.rows) + 1,
                type=event.type,
                state=str(self.kept.state),
                occurred_at=event.at,
                recorded_at=event.at,
                actor=event.actor,
                role=str(event.role),
                unit=event.unit,
                cause=None,
                data=event.fact.model_dump_json(exclude={"type"}, exclude_none=True),
                limits=limits_json(changes),
            )
        )

    def rules_pinned(self):
        """As the profile is varied here."""
        shipped = pinned_rules()[self.policy.name, self.policy.version]
        return shipped._replace(
            verify_first=self.policy.verify_first, max_returns=self.policy.max_returns
        )


@pytest.mark.parametrize("profile", PROFILES)
def test_a_verdict_once_given_stays_in_the_figures_whatever_follows(profile):
    metrics = Metrics(RULEBOOK.policies)
    given = 0
    for seed in range(40):
        facts, before = None, []
        for row in Walk(profile, seed).rows:
            if row.type in metrics.handles:
                facts = metrics.folded(facts, record_of(row))
            verdicts = json.loads(facts.complaint["verified_before"] or "[]")
            if facts.complaint["verified_at"] is not None:
                verdicts.append(
                    [facts.complaint[name] for name in ("verify_due_at", "verified_at")]
                )
            assert verdicts[: len(before)] == before, (seed, row)
            before = verdicts
        given += len(before) > 1
    assert given


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize("profile", PROFILES)
def test_after_every_event_of_any_walk_every_column_is_the_same(profile):
    metrics = Metrics(RULEBOOK.policies)
    for seed in range(40):
        walk, facts = Walk(profile, seed), None
        for number, row in enumerate(walk.rows, 1):
            if row.type in metrics.handles:
                facts = metrics.folded(facts, record_of(row))
            told = fold(walk.rows[:number], walk.rules_pinned())
            assert facts_of(told.row, told.figures) == facts.complaint, (seed, row)
            assert told.figures.orders == facts.orders, (seed, row)
