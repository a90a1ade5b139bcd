"""The shape holds: the table is whole, every state has an owner and a way to an end."""

from schemas import COMPLAINT_EVENTS, EVENTS, FACTS
from workflow.limits import LIMITS, OWNERS
from workflow.loop import STEPS
from workflow.policy import Policies
from workflow.states import ENDS, OPEN, State


def test_every_complaint_event_occurs_in_the_table_and_nothing_else_does():
    assert {step.event for step in STEPS} == {event.__name__ for event in COMPLAINT_EVENTS}


def test_every_event_is_in_the_union():
    named = set(FACTS.json_schema()["discriminator"]["mapping"])
    assert named == {event.__name__ for event in EVENTS}


def test_every_state_is_reachable_and_every_open_state_can_reach_an_end():
    moves = {(source, step.to) for step in STEPS if step.to for source in step.sources}
    reached = {State.COLLECTED}
    while more := {to for source, to in moves if source in reached} - reached:
        reached |= more
    assert reached == set(State)
    ending = set(ENDS)
    while more := {source for source, to in moves if to in ending} - ending:
        ending |= more
    assert ending == set(State)


def test_every_open_state_has_somebody_who_answers_for_it_and_a_limit_in_every_profile():
    assert set(OWNERS) == set(OPEN)
    assert {limit for _, limit in OWNERS.values()} <= {row.name for row in LIMITS}
    for policy in Policies.load():
        assert {limit for _, limit in OWNERS.values()} <= set(policy.limits)
